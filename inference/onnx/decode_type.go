package onnx

func (d *decoder) valueInfo(b []byte) *ValueInfo {
	v := &ValueInfo{}
	v.Unknown = d.message("value", b, func(f field) bool {
		switch f.num {
		case 1:
			v.Name = f.str()
		case 2:
			v.Type = d.typeProto(f.raw())
		case 3:
			v.Doc = f.str()
		case 4:
			v.Metadata = append(v.Metadata, d.pair(f.raw()))
		default:
			return false
		}
		return true
	})
	return v
}

func (d *decoder) typeProto(b []byte) *Type {
	t := &Type{}
	t.Unknown = d.message("type", b, func(f field) bool {
		switch f.num {
		case 1:
			t.Tensor = d.tensorType(f.raw())
		case 4:
			t.Sequence = d.elemType(f.raw())
		case 5:
			t.Map = d.mapType(f.raw())
		case 6:
			t.Denotation = f.str()
		case 8:
			t.Sparse = d.tensorType(f.raw())
		case 9:
			t.Optional = d.elemType(f.raw())
		default:
			return false
		}
		return true
	})
	return t
}

// elemType reads the element type of a sequence or optional.
func (d *decoder) elemType(b []byte) *Type {
	t := &Type{}
	d.message("element type", b, func(f field) bool {
		if f.num == 1 {
			t = d.typeProto(f.raw())
		}
		return true
	})
	return t
}

func (d *decoder) mapType(b []byte) *MapType {
	m := &MapType{}
	d.message("map type", b, func(f field) bool {
		switch f.num {
		case 1:
			m.Key = DataType(f.int32())
		case 2:
			m.Value = d.typeProto(f.raw())
		}
		return true
	})
	return m
}

func (d *decoder) tensorType(b []byte) *TensorType {
	t := &TensorType{}
	d.message("tensor type", b, func(f field) bool {
		switch f.num {
		case 1:
			t.Elem = DataType(f.int32())
		case 2:
			t.HasShape = true
			t.Shape = d.shape(f.raw())
		}
		return true
	})
	return t
}

func (d *decoder) shape(b []byte) (dims []Dim) {
	d.message("shape", b, func(f field) bool {
		if f.num == 1 {
			dims = append(dims, d.dim(f.raw()))
		}
		return true
	})
	return dims
}

func (d *decoder) dim(b []byte) (v Dim) {
	d.budget++ // a Dim is small and an honest one takes four bytes
	d.message("dimension", b, func(f field) bool {
		switch f.num {
		case 1:
			v.Known, v.Value, v.Param = true, f.int64(), ""
		case 2:
			v.Known, v.Value, v.Param = false, 0, f.str()
		case 3:
			v.Denotation = f.str()
		}
		return true
	})
	return v
}
