package oip

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strconv"
	"unicode/utf8"

	"athanor/inference/onnx"
)

// AppendResponse appends the response to b. header is the number of JSON bytes
// when binary tensors follow them, else -1: then all is JSON. NaN, infinities
// and bytes that are not UTF-8 cannot travel as JSON and are an error that says
// to ask for binary.
func AppendResponse(b []byte, r *Response) (_ []byte, header int, err error) {
	start := len(b)
	b = append(b, `{"model_name":`...)
	b = appendText(b, r.Model)
	b = append(b, `,"model_version":`...)
	b = appendText(b, r.Version)
	if r.ID != "" {
		b = append(b, `,"id":`...)
		b = appendText(b, r.ID)
	}
	if b, err = appendParams(b, r.Params); err != nil {
		return nil, 0, err
	}
	b = append(b, `,"outputs":`...)
	if b, err = appendTensors(b, r.Outputs); err != nil {
		return nil, 0, err
	}
	b = append(b, '}')
	b, header = appendTail(b, start, r.Outputs)
	return b, header, nil
}

// AppendRequest appends the request to b; see AppendResponse.
func AppendRequest(b []byte, r *Request) (_ []byte, header int, err error) {
	start := len(b)
	b = append(b, '{')
	if r.ID != "" {
		b = append(b, `"id":`...)
		b = append(appendText(b, r.ID), ',')
	}
	params := Params{}
	maps.Copy(params, r.Params)
	if r.BinaryOutput {
		params["binary_data_output"] = true
	}
	b = append(b, `"inputs":`...)
	if b, err = appendTensors(b, r.Inputs); err != nil {
		return nil, 0, err
	}
	b = appendWanted(b, r.Outputs)
	if b, err = appendParams(b, params); err != nil {
		return nil, 0, err
	}
	b = append(b, '}')
	b, header = appendTail(b, start, r.Inputs)
	return b, header, nil
}

func appendTail(b []byte, start int, list []Tensor) ([]byte, int) {
	header := -1
	json := len(b) - start
	for i := range list {
		if list[i].Binary {
			header = json
			b = list[i].AppendBinary(b)
		}
	}
	return b, header
}

func appendWanted(b []byte, list []Wanted) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(b, `,"outputs":[`...)
	for i, w := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":`...)
		b = appendText(b, w.Name)
		switch {
		case w.Classification > 0:
			b = append(b, `,"parameters":{"classification":`...)
			b = append(strconv.AppendInt(b, int64(w.Classification), 10), '}')
		case w.Binary != nil:
			b = append(b, `,"parameters":{"binary_data":`...)
			b = append(strconv.AppendBool(b, *w.Binary), '}')
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendParams(b []byte, p Params) ([]byte, error) {
	if len(p) == 0 {
		return b, nil
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode parameters: %w", err)
	}
	return append(append(b, `,"parameters":`...), text...), nil
}

func appendTensors(b []byte, list []Tensor) (_ []byte, err error) {
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendTensor(b, &list[i]); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendTensor(b []byte, t *Tensor) ([]byte, error) {
	name := TypeName(t.Type)
	if name == "" {
		return nil, fmt.Errorf("tensor %q: the protocol has no datatype for %s", t.Name, t.Type)
	}
	b = append(b, `{"name":`...)
	b = appendText(b, t.Name)
	b = append(b, `,"datatype":"`...)
	b = append(b, name...)
	b = append(b, `","shape":[`...)
	for i, d := range t.Shape {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, d, 10)
	}
	b = append(b, ']')
	if t.Binary {
		b = append(b, `,"parameters":{"binary_data_size":`...)
		b = strconv.AppendInt(b, int64(t.BinarySize()), 10)
		return append(b, "}}"...), nil
	}
	b = append(b, `,"data":[`...)
	b, err := appendData(b, t)
	return append(b, "]}"...), err
}

func appendData(b []byte, t *Tensor) ([]byte, error) {
	if t.Type == onnx.String {
		for i, s := range t.Texts {
			if !utf8.ValidString(s) {
				return nil, fmt.Errorf("tensor %q: element %d is not UTF-8 text, which JSON cannot carry: use binary_data", t.Name, i)
			}
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, s)
		}
		return b, nil
	}
	size := t.Type.Size()
	for at := 0; at+size <= len(t.Data); at += size {
		if at > 0 {
			b = append(b, ',')
		}
		var ok bool
		if b, ok = appendElement(b, t.Type, t.Data[at:at+size]); !ok {
			return nil, fmt.Errorf("tensor %q: element %d is NaN or infinite, which JSON cannot carry: use binary_data", t.Name, at/size)
		}
	}
	return b, nil
}

// appendText writes a JSON string.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			text, err := json.Marshal(s)
			if err != nil { // cannot happen to a string
				return append(b, `""`...)
			}
			return append(b, text...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// Floats makes an FP32 tensor from a copy of data.
func Floats(name string, shape []int64, data []float32) Tensor {
	raw := make([]byte, 4*len(data))
	for i, v := range data {
		bits := math.Float32bits(v)
		raw[4*i], raw[4*i+1], raw[4*i+2], raw[4*i+3] = byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24)
	}
	return Tensor{Name: name, Type: onnx.Float, Shape: shape, Data: raw}
}
