package oipgrpc_test

import (
	"errors"
	"reflect"
	"testing"

	"athanor/inference/serve/oip"
	"athanor/inference/serve/oipgrpc"
)

func example() *oipgrpc.InferRequest {
	return &oipgrpc.InferRequest{Model: "m", Version: "2", Request: oip.Request{
		ID: "i", Params: oip.Params{"b": true, "s": "x", "n": 3.0, "f": 0.5},
		Inputs:  []oip.Tensor{oip.Floats("x", []int64{1, 2}, []float32{1, 2})},
		Outputs: []oip.Wanted{{Name: "y", Classification: 3}},
	}}
}

func TestRequestRoundTrip(t *testing.T) {
	want := example()
	got, err := oipgrpc.DecodeInferRequest(oipgrpc.AppendInferRequest(nil, want), oip.DefaultLimits())
	want.Inputs[0].Binary = true // it came raw
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTypedContentsAreChecked(t *testing.T) {
	tensor := func(kind, contents string) []byte {
		t := "\x0a\x01x\x12" + string(rune(len(kind))) + kind + "\x1a\x01\x01\x2a" + string(rune(len(contents))) + contents
		return []byte("\x2a" + string(rune(len(t))) + t)
	}
	for name, c := range map[string]struct {
		in []byte
		ok bool
	}{
		"INT8":             {tensor("INT8", "\x12\x01\x05"), true},
		"unpacked":         {tensor("INT8", "\x10\x05"), true},
		"INT8 too large":   {tensor("INT8", "\x12\x02\x80\x01"), false},
		"other field":      {tensor("INT8", "\x1a\x01\x05"), false},
		"FP16 has none":    {tensor("FP16", "\x12\x01\x05"), false},
		"BOOL of 2":        {tensor("BOOL", "\x0a\x01\x02"), false},
		"too many":         {tensor("UINT8", "\x22\x02\x01\x02"), false},
		"text":             {tensor("BYTES", "\x42\x01a"), true},
		"contents and raw": {append(tensor("INT8", "\x12\x01\x05"), "\x3a\x01\x05"...), false},
		"no contents":      {tensor("INT8", ""), false},
		"unknown type":     {tensor("INT9", "\x12\x01\x05"), false},
	} {
		_, err := oipgrpc.DecodeInferRequest(c.in, oip.DefaultLimits())
		if (err == nil) != c.ok || (err != nil && !errors.Is(err, oip.ErrRequest)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecodeInferRequest(f *testing.F) {
	f.Add(oipgrpc.AppendInferRequest(nil, example()))
	f.Add([]byte("\x0a\x01m\x2a\x19\x0a\x01x\x12\x04FP32\x1a\x02\x01\x02\x2a\x0a\x32\x08\x00\x00\x80\x3f\x00\x00\x00\xc0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := oipgrpc.DecodeInferRequest(b, oip.DefaultLimits())
		if err != nil {
			return
		}
		for _, x := range r.Inputs {
			if err := x.Check(); err != nil {
				t.Fatalf("accepted %+v: %v", x, err)
			}
		}
		if _, err := oipgrpc.DecodeInferRequest(oipgrpc.AppendInferRequest(nil, r), oip.DefaultLimits()); err != nil {
			t.Fatal(err)
		}
	})
}
