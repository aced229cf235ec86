package onnx

func (d *decoder) attribute(b []byte) *Attribute {
	a := &Attribute{}
	var seen AttrType // the type the value fields suggest, for files without a type
	a.Unknown = d.message("attribute", b, func(f field) bool {
		if kind, ok := d.attributeValue(a, f); ok {
			seen = kind
			return true
		}
		switch f.num {
		case 1:
			a.Name = f.str()
		case 13:
			a.Doc = f.str()
		case 20:
			a.Type = AttrType(f.int32())
		case 21:
			a.RefName = f.str()
		default:
			return false
		}
		return true
	})
	if a.Type == AttrUndefined {
		a.Type = seen
	}
	return a
}

// attributeValue reads a field that holds a value and says of which type.
func (d *decoder) attributeValue(a *Attribute, f field) (AttrType, bool) {
	switch f.num {
	case 2:
		a.F = f.float()
		return AttrFloat, true
	case 3:
		a.I = f.int64()
		return AttrInt, true
	case 4:
		a.S = f.raw()
		return AttrString, true
	case 5:
		a.T = d.tensor(f.raw())
		return AttrTensor, true
	case 6:
		a.G = d.graph(f.raw())
		return AttrGraph, true
	case 14:
		a.TP = d.typeProto(f.raw())
		return AttrTypeProto, true
	case 22:
		a.Sparse = d.sparse(f.raw())
		return AttrSparseTensor, true
	}
	return d.attributeList(a, f)
}

func (d *decoder) attributeList(a *Attribute, f field) (AttrType, bool) {
	switch f.num {
	case 7:
		a.Floats = f.floats(a.Floats)
		return AttrFloats, true
	case 8:
		a.Ints = f.int64s(a.Ints)
		return AttrInts, true
	case 9:
		a.Strings = append(a.Strings, f.raw())
		return AttrStrings, true
	case 10:
		a.Tensors = append(a.Tensors, d.tensor(f.raw()))
		return AttrTensors, true
	case 11:
		a.Graphs = append(a.Graphs, d.graph(f.raw()))
		return AttrGraphs, true
	case 15:
		a.Types = append(a.Types, d.typeProto(f.raw()))
		return AttrTypeProtos, true
	case 23:
		a.SparseTensors = append(a.SparseTensors, d.sparse(f.raw()))
		return AttrSparseTensors, true
	}
	return AttrUndefined, false
}
