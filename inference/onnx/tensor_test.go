package onnx_test

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"athanor/inference/onnx"
)

func TestViews(t *testing.T) {
	int4 := &onnx.Tensor{Type: onnx.Int4, Dims: []int64{3}, Raw: []byte{0xf1, 0x07}}
	if got, err := int4.Int64s(); err != nil || !reflect.DeepEqual(got, []int64{1, -1, 7}) {
		t.Errorf("int4: %v, %v", got, err)
	}
	half := &onnx.Tensor{Type: onnx.Float16, Dims: []int64{2}, Raw: []byte{0, 0x3c, 0, 0xc0}}
	if got, err := half.Float32s(); err != nil || !reflect.DeepEqual(got, []float32{1, -2}) {
		t.Errorf("float16: %v, %v", got, err)
	}
	if got, err := onnx.BoolTensor("", []int64{2}, []bool{true, false}).Float64s(); err != nil || !reflect.DeepEqual(got, []float64{1, 0}) {
		t.Errorf("bool: %v, %v", got, err)
	}
	short := &onnx.Tensor{Type: onnx.Float, Dims: []int64{1 << 62}, Raw: make([]byte, 4)}
	if _, err := short.Float32s(); !errors.Is(err, onnx.ErrTooLarge) {
		t.Errorf("2⁶² floats: %v", err)
	}
	if _, err := onnx.StringTensor("", nil, []string{"a"}).Float64s(); err == nil {
		t.Error("a string became a number")
	}
}

func TestHalfPrecision(t *testing.T) {
	for h := range 1 << 16 {
		f := onnx.Float16ToFloat(uint16(h))
		if math.IsNaN(float64(f)) {
			continue
		}
		if got := onnx.FloatToFloat16(f); got != uint16(h) {
			t.Fatalf("%#04x → %g → %#04x", h, f, got)
		}
	}
	for f, want := range map[float32]uint16{
		65519: 0x7bff, 65520: 0x7c00, 1e9: 0x7c00, -1e9: 0xfc00, 2048.5 * 2: 0x6c00, 4098 + 2: 0x6c01, 1e-9: 0,
		5.9604645e-8: 1, 1 + 1.0/2048: 0x3c00, 1 + 3.0/2048: 0x3c02,
	} {
		if got := onnx.FloatToFloat16(f); got != want {
			t.Errorf("%g → %#04x, wanted %#04x", f, got, want)
		}
	}
	if got := onnx.FloatToBFloat16(float32(math.NaN())); onnx.BFloat16ToFloat(got) == onnx.BFloat16ToFloat(got) {
		t.Error("bfloat16 lost a NaN")
	}
	if got := onnx.FloatToBFloat16(1.00390625); got != 0x3f80 { // halfway, to even
		t.Errorf("bfloat16: %#04x", got)
	}
}

func TestNumElements(t *testing.T) {
	for _, c := range []struct {
		dims []int64
		want int64
		ok   bool
	}{
		{nil, 1, true},
		{[]int64{2, 3}, 6, true},
		{[]int64{math.MaxInt64, 0}, 0, true},
		{[]int64{-1}, 0, false},
		{[]int64{0, -1}, 0, false},
		{[]int64{math.MaxInt64, 2}, 0, false},
	} {
		got, err := onnx.NumElements(c.dims)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%v: %d, %v", c.dims, got, err)
		}
	}
}

func external(pairs ...onnx.Pair) *onnx.Model {
	return &onnx.Model{Graph: &onnx.Graph{Initializers: []*onnx.Tensor{
		{Name: "w", Type: onnx.Float, Dims: []int64{2}, External: pairs},
	}}}
}

func TestLoadExternal(t *testing.T) {
	dir := t.TempDir()
	data := binary.LittleEndian.AppendUint32(nil, 7)
	data = append(data, encodeFloats(1, 2)...)
	outside := filepath.Join(t.TempDir(), "secret")
	for path, b := range map[string][]byte{filepath.Join(dir, "w.bin"): data, outside: data} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	m := external(onnx.Pair{Key: "location", Value: "w.bin"}, onnx.Pair{Key: "offset", Value: "4"}, onnx.Pair{Key: "length", Value: "8"})
	if err := m.LoadExternal(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := m.Graph.Initializers[0].Float32s(); err != nil || got[1] != 2 || m.HasExternal() {
		t.Errorf("got %v, %v", got, err)
	}
	for name, pairs := range map[string][]onnx.Pair{
		"none":        {{Key: "offset", Value: "0"}},
		"parent":      {{Key: "location", Value: "../w.bin"}},
		"backslash":   {{Key: "location", Value: `..\w.bin`}},
		"absolute":    {{Key: "location", Value: outside}},
		"link":        {{Key: "location", Value: "link"}},
		"folder":      {{Key: "location", Value: "."}},
		"missing":     {{Key: "location", Value: "x.bin"}},
		"past end":    {{Key: "location", Value: "w.bin"}, {Key: "offset", Value: "8"}},
		"far offset":  {{Key: "location", Value: "w.bin"}, {Key: "offset", Value: "9223372036854775807"}},
		"negative":    {{Key: "location", Value: "w.bin"}, {Key: "offset", Value: "-4"}},
		"short":       {{Key: "location", Value: "w.bin"}, {Key: "length", Value: "4"}},
		"not numbers": {{Key: "location", Value: "w.bin"}, {Key: "length", Value: "many"}},
	} {
		if err := external(pairs...).LoadExternal(dir); !errors.Is(err, onnx.ErrExternal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func encodeFloats(v ...float32) []byte { return onnx.FloatTensor("", nil, v).Raw }
