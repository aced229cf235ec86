package oipgrpc

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"athanor/inference/onnx"
	"athanor/inference/serve/oip"
)

// InferRequest is ModelInferRequest.
type InferRequest struct {
	Model, Version string
	oip.Request
}

// DecodeInferRequest reads a ModelInferRequest. Raw contents alias b. Errors
// wrap ErrMessage or those of package oip.
func DecodeInferRequest(b []byte, l oip.Limits) (*InferRequest, error) {
	r := &InferRequest{}
	r.Params = oip.Params{}
	d := tensorDecoder{limits: l}
	err := fields(b, func(f field) error {
		switch f.num {
		case 1:
			r.Model = string(f.bytes)
		case 2:
			r.Version = string(f.bytes)
		case 3:
			r.ID = string(f.bytes)
		case 4:
			return f.parameter(r.Params)
		case 5:
			return d.tensor(f)
		case 6:
			return r.output(f, l)
		case 7:
			d.raw = append(d.raw, f.bytes)
		}
		return nil
	})
	if err == nil {
		r.Inputs, err = d.finish()
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (r *InferRequest) output(f field, l oip.Limits) error {
	var w oip.Wanted
	p := oip.Params{}
	err := f.message(func(f field) error {
		switch f.num {
		case 1:
			w.Name = string(f.bytes)
		case 2:
			return f.parameter(p)
		}
		return nil
	})
	if k, ok := p["classification"].(float64); ok && k > 0 && k < 1<<31 {
		w.Classification = int(k)
	}
	switch {
	case err != nil:
		return err
	case len(r.Outputs) == l.Tensors:
		return fmt.Errorf("%w: more than %d outputs", oip.ErrTooLarge, l.Tensors)
	case slices.ContainsFunc(r.Outputs, func(o oip.Wanted) bool { return o.Name == w.Name }):
		return fmt.Errorf("%w: output %q is asked for twice", oip.ErrRequest, w.Name)
	}
	r.Outputs = append(r.Outputs, w)
	return nil
}

// AppendInferRequest appends a ModelInferRequest with raw contents.
func AppendInferRequest(b []byte, r *InferRequest) []byte {
	b = appendText(b, 1, r.Model)
	b = appendText(b, 2, r.Version)
	b = appendText(b, 3, r.ID)
	b = appendParameters(b, 4, r.Params)
	b = appendTensors(b, 5, r.Inputs)
	for _, w := range r.Outputs {
		o := appendText(nil, 1, w.Name)
		if w.Classification > 0 {
			o = appendParameter(o, 2, "classification", float64(w.Classification))
		}
		b = appendBytes(b, 6, o)
	}
	return appendRaw(b, 7, r.Inputs)
}

// DecodeInferResponse reads a ModelInferResponse.
func DecodeInferResponse(b []byte, l oip.Limits) (*oip.Response, error) {
	r := &oip.Response{Params: oip.Params{}}
	d := tensorDecoder{limits: l}
	err := fields(b, func(f field) error {
		switch f.num {
		case 1:
			r.Model = string(f.bytes)
		case 2:
			r.Version = string(f.bytes)
		case 3:
			r.ID = string(f.bytes)
		case 4:
			return f.parameter(r.Params)
		case 5:
			return d.tensor(f)
		case 6:
			d.raw = append(d.raw, f.bytes)
		}
		return nil
	})
	if err == nil {
		r.Outputs, err = d.finish()
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// AppendInferResponse appends a ModelInferResponse with raw contents.
func AppendInferResponse(b []byte, r *oip.Response) []byte {
	b = appendText(b, 1, r.Model)
	b = appendText(b, 2, r.Version)
	b = appendText(b, 3, r.ID)
	b = appendParameters(b, 4, r.Params)
	b = appendTensors(b, 5, r.Outputs)
	return appendRaw(b, 6, r.Outputs)
}

func appendParameters(b []byte, num protowire.Number, p oip.Params) []byte {
	for _, key := range slices.Sorted(maps.Keys(p)) {
		b = appendParameter(b, num, key, p[key])
	}
	return b
}

func appendTensors(b []byte, num protowire.Number, list []oip.Tensor) []byte {
	for i := range list {
		t := appendText(nil, 1, list[i].Name)
		t = appendText(t, 2, oip.TypeName(list[i].Type))
		b = appendBytes(b, num, appendInts(t, 3, list[i].Shape))
	}
	return b
}

func appendRaw(b []byte, num protowire.Number, list []oip.Tensor) []byte {
	for i := range list {
		b = protowire.AppendTag(b, num, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(list[i].BinarySize()))
		b = list[i].AppendBinary(b)
	}
	return b
}

// tensorDecoder gathers tensors, whose contents may come raw after all of them.
type tensorDecoder struct {
	limits   oip.Limits
	list     []oip.Tensor
	contents []bool // the tensor has typed contents
	raw      [][]byte
}

func (d *tensorDecoder) tensor(f field) error {
	if len(d.list) == d.limits.Tensors {
		return fmt.Errorf("%w: more than %d tensors", oip.ErrTooLarge, d.limits.Tensors)
	}
	var t oip.Tensor
	var kind string
	var contents []byte
	typed := false
	err := f.message(func(f field) error {
		switch f.num {
		case 1:
			t.Name = string(f.bytes)
		case 2:
			kind = string(f.bytes)
		case 3:
			return d.shape(f, &t)
		case 5:
			typed, contents = true, f.bytes
		}
		return nil
	})
	if err != nil {
		return err
	}
	if t.Type, err = oip.ParseType(kind); err != nil {
		return err
	}
	if slices.ContainsFunc(d.list, func(o oip.Tensor) bool { return o.Name == t.Name }) || t.Name == "" {
		return fmt.Errorf("%w: tensor %q is given twice or has no name", oip.ErrRequest, t.Name)
	}
	if typed && len(contents) > 0 {
		if err := fill(&t, contents); err != nil {
			return err
		}
	}
	d.list, d.contents = append(d.list, t), append(d.contents, typed && len(contents) > 0)
	return nil
}

func (d *tensorDecoder) shape(f field, t *oip.Tensor) error {
	return f.varints(func(v uint64) error {
		if int64(v) < 0 {
			return fmt.Errorf("%w: tensor %q: dimension %d is negative", oip.ErrRequest, t.Name, int64(v))
		}
		if len(t.Shape) == d.limits.Rank {
			return fmt.Errorf("%w: more than %d dimensions", oip.ErrTooLarge, d.limits.Rank)
		}
		t.Shape = append(t.Shape, int64(v))
		return nil
	})
}

// finish pairs raw contents with tensors: all of them, or none.
func (d *tensorDecoder) finish() ([]oip.Tensor, error) {
	if len(d.raw) == 0 {
		for i := range d.list {
			if err := d.list[i].Check(); err != nil {
				return nil, err
			}
		}
		return d.list, nil
	}
	if len(d.raw) != len(d.list) {
		return nil, fmt.Errorf("%w: %d raw contents for %d tensors", oip.ErrRequest, len(d.raw), len(d.list))
	}
	for i := range d.list {
		if d.contents[i] {
			return nil, fmt.Errorf("%w: tensor %q has both contents and raw contents", oip.ErrRequest, d.list[i].Name)
		}
		if err := d.list[i].SetBinary(d.raw[i]); err != nil {
			return nil, err
		}
	}
	return d.list, nil
}

// fill reads InferTensorContents: the field must be the one of the datatype.
func fill(t *oip.Tensor, contents []byte) error {
	want := contentsField(t.Type)
	width := t.Type.Size()
	return fields(contents, func(f field) error {
		if f.num != want {
			return fmt.Errorf("%w: tensor %q: contents field %d is not the one of %s", oip.ErrRequest, t.Name, f.num, oip.TypeName(t.Type))
		}
		switch f.num {
		case 8:
			t.Texts = append(t.Texts, string(f.bytes))
			return nil
		case 6, 7:
			t.Data = appendFixed(t.Data, f, width)
			return nil
		}
		return f.varints(func(v uint64) error {
			var word [8]byte
			binary.LittleEndian.PutUint64(word[:], v)
			if !fits(t.Type, v) {
				return fmt.Errorf("%w: tensor %q: %d is not a value of %s", oip.ErrRequest, t.Name, int64(v), oip.TypeName(t.Type))
			}
			t.Data = append(t.Data, word[:width]...)
			return nil
		})
	})
}

func appendFixed(to []byte, f field, width int) []byte {
	switch {
	case f.typ == protowire.BytesType:
		return append(to, f.bytes...)
	case width == 4:
		return binary.LittleEndian.AppendUint32(to, uint32(f.value))
	}
	return binary.LittleEndian.AppendUint64(to, f.value)
}

// contentsField is the field of InferTensorContents for a datatype; FP16 and
// BF16 have none and travel raw.
func contentsField(t onnx.DataType) protowire.Number {
	switch t {
	case onnx.Bool:
		return 1
	case onnx.Int8, onnx.Int16, onnx.Int32:
		return 2
	case onnx.Int64:
		return 3
	case onnx.Uint8, onnx.Uint16, onnx.Uint32:
		return 4
	case onnx.Uint64:
		return 5
	case onnx.Float:
		return 6
	case onnx.Double:
		return 7
	case onnx.String:
		return 8
	}
	return 0
}

// fits says whether a varint is a value of the type.
func fits(t onnx.DataType, v uint64) bool {
	bits := t.Bits()
	switch t {
	case onnx.Bool:
		return v <= 1
	case onnx.Uint8, onnx.Uint16, onnx.Uint32:
		return v>>bits == 0
	case onnx.Int8, onnx.Int16, onnx.Int32:
		high := int64(v) >> (bits - 1)
		return high == 0 || high == -1
	}
	return true
}
