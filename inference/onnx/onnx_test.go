package onnx_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"athanor/inference/onnx"
	"athanor/inference/testenv"
)

// everything uses each kind of attribute, type and tensor once.
func everything() *onnx.Model {
	sub := func(name string) *onnx.Graph {
		return &onnx.Graph{
			Name:    name,
			Nodes:   []*onnx.Node{{OpType: "Identity", Inputs: []string{"x"}, Outputs: []string{name + "_y"}}},
			Outputs: []*onnx.ValueInfo{onnx.TensorValue(name+"_y", onnx.Float, onnx.Named("N"))},
		}
	}
	sparse := &onnx.SparseTensor{
		Values:  onnx.FloatTensor("sp", []int64{2}, []float32{1, 2}),
		Indices: onnx.Int64Tensor("", []int64{2}, []int64{0, 3}),
		Dims:    []int64{4},
	}
	elem := &onnx.Type{Tensor: &onnx.TensorType{Elem: onnx.Int64}}
	node := &onnx.Node{
		Name: "all", OpType: "Anything", Domain: "custom", Overload: "o", Doc: "d",
		Inputs: []string{"x", "", "w"}, Outputs: []string{"y"},
		Metadata: []onnx.Pair{{Key: "k", Value: "v"}},
		Attrs: []*onnx.Attribute{
			onnx.FloatAttr("f", 0), onnx.IntAttr("i", 0), onnx.StringAttr("s", ""),
			onnx.FloatsAttr("fs", 1, -2), onnx.IntsAttr("is", 1, -1, math.MaxInt64),
			onnx.StringsAttr("ss", "", "b"),
			onnx.TensorAttr("t", onnx.FloatScalar("", 3)), onnx.GraphAttr("g", sub("one")),
			{Name: "ts", Type: onnx.AttrTensors, Tensors: []*onnx.Tensor{onnx.Int64Scalar("a", 1)}},
			{Name: "gs", Type: onnx.AttrGraphs, Graphs: []*onnx.Graph{sub("two"), sub("three")}},
			{Name: "sp", Type: onnx.AttrSparseTensor, Sparse: sparse},
			{Name: "sps", Type: onnx.AttrSparseTensors, SparseTensors: []*onnx.SparseTensor{sparse}},
			{Name: "tp", Type: onnx.AttrTypeProto, TP: &onnx.Type{Sequence: elem, Denotation: "D"}},
			{Name: "tps", Type: onnx.AttrTypeProtos, Types: []*onnx.Type{
				{Optional: elem},
				{Map: &onnx.MapType{Key: onnx.String, Value: elem}},
				{Sparse: &onnx.TensorType{Elem: onnx.Float, HasShape: true}},
			}},
		},
	}
	return &onnx.Model{
		IRVersion: 10, ProducerName: "athanor", ProducerVersion: "1", Domain: "d", ModelVersion: -1, Doc: "doc",
		Opsets:   []onnx.Opset{{Version: 20}, {Domain: "custom", Version: 1}},
		Metadata: []onnx.Pair{{Key: "athanor.labels", Value: `["猫"]`}, {Key: "empty"}},
		Graph: &onnx.Graph{
			Name: "g", Doc: "graph", Nodes: []*onnx.Node{node},
			Inputs:  []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, onnx.Named("N"), onnx.Fixed(0), onnx.Dim{})},
			Outputs: []*onnx.ValueInfo{{Name: "y", Type: &onnx.Type{Tensor: &onnx.TensorType{Elem: onnx.Float, HasShape: true}}}},
			Values:  []*onnx.ValueInfo{{Name: "v", Doc: "no type", Metadata: []onnx.Pair{{Key: "a", Value: "b"}}}},
			Initializers: []*onnx.Tensor{
				onnx.FloatTensor("w", []int64{2, 0}, nil),
				onnx.StringTensor("names", []int64{2}, []string{"a", ""}),
				{Name: "half", Type: onnx.Float16, Dims: []int64{1}, Raw: []byte{0, 60}, Segment: &onnx.Segment{End: 1}, Doc: "x"},
				{Name: "packed", Type: onnx.Int4, Dims: []int64{3}, Raw: []byte{0xf1, 0x07}},
				{Name: "far", Type: onnx.Float, Dims: []int64{1}, External: []onnx.Pair{{Key: "location", Value: "w.bin"}}},
			},
			SparseInitializers: []*onnx.SparseTensor{sparse},
			Quantization:       []onnx.QuantizationAnnotation{{Tensor: "x", Params: []onnx.Pair{{Key: "SCALE_TENSOR", Value: "s"}}}},
			Metadata:           []onnx.Pair{{Key: "m", Value: "n"}},
		},
		Functions: []*onnx.Function{{
			Name: "Twice", Domain: "custom", Overload: "o", Doc: "d",
			Inputs: []string{"a"}, Outputs: []string{"b"}, AttrNames: []string{"k"},
			AttrDefaults: []*onnx.Attribute{onnx.IntAttr("n", 7)},
			Nodes: []*onnx.Node{{
				OpType: "Add", Inputs: []string{"a", "a"}, Outputs: []string{"b"},
				Attrs: []*onnx.Attribute{{Name: "r", RefName: "k", Type: onnx.AttrInt}},
			}},
			Opsets:   []onnx.Opset{{Version: 20}},
			Values:   []*onnx.ValueInfo{onnx.TensorValue("b", onnx.Float)},
			Metadata: []onnx.Pair{{Key: "p", Value: "q"}},
		}},
		Unknown: protowire.AppendBytes(protowire.AppendTag(nil, 20, protowire.BytesType), []byte{}), // training_info
	}
}

func encode(t testing.TB, m *onnx.Model) []byte {
	t.Helper()
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(t testing.TB, b []byte) *onnx.Model {
	t.Helper()
	m, err := onnx.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryFieldSurvivesARoundTrip(t *testing.T) {
	first := encode(t, everything())
	m := decode(t, first)
	second := encode(t, m)
	if !bytes.Equal(first, second) {
		t.Fatal("encoding the decoded model gave other bytes")
	}
	want := everything()
	for _, pair := range [][2]any{
		{want.Graph.Nodes[0].Attrs, m.Graph.Nodes[0].Attrs},
		{want.Metadata, m.Metadata},
		{want.Opsets, m.Opsets},
		{want.Functions, m.Functions},
		{want.Graph.Quantization, m.Graph.Quantization},
		{want.Graph.Inputs[0], m.Graph.Inputs[0]},
		{want.Graph.Initializers[1:], m.Graph.Initializers[1:]},
		{want.Unknown, m.Unknown},
	} {
		if !equal(reflect.ValueOf(pair[0]), reflect.ValueOf(pair[1])) {
			t.Errorf("wanted %+v\n   got %+v", pair[0], pair[1])
		}
	}
}

// equal is DeepEqual where nil and empty slices are the same.
func equal(a, b reflect.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer:
		return a.IsNil() == b.IsNil() && (a.IsNil() || equal(a.Elem(), b.Elem()))
	case reflect.Struct:
		for i := range a.NumField() {
			if !equal(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !equal(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

func TestRealFilesKeepTheirMeaning(t *testing.T) {
	for _, path := range []string{
		"onnx-small/mnist.onnx", "onnx-small/mnist_float16.onnx", "onnx-small/sklearn_randomforest.onnx",
		"onnx-small/sum_and_difference.onnx", "faces/models/face_detection_yunet_2023mar.onnx",
		"faces/models/face_detection_yunet_2022mar.onnx", "faces/models/version-RFB-320_simplified.onnx",
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			m, err := onnx.Load(testenv.SharedData(t, path))
			if err != nil {
				t.Fatal(err)
			}
			if err := onnx.Check(m); err != nil {
				t.Error(err)
			}
			copied := filepath.Join(t.TempDir(), "copy.onnx")
			if err := m.Save(copied); err != nil {
				t.Fatal(err)
			}
			again, err := onnx.Load(copied)
			if err != nil {
				t.Fatal(err)
			}
			if !equal(reflect.ValueOf(m), reflect.ValueOf(again)) {
				t.Error("the saved copy differs")
			}
		})
	}
}

// typedTensor is a TensorProto with one typed data field.
func typedTensor(kind onnx.DataType, dims int64, num protowire.Number, packed bool, values ...uint64) []byte {
	b := protowire.AppendTag(nil, 1, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(dims))
	var body []byte
	for _, v := range values {
		var one []byte
		typ := protowire.VarintType
		switch num {
		case 4:
			one, typ = protowire.AppendFixed32(nil, uint32(v)), protowire.Fixed32Type
		case 10:
			one, typ = protowire.AppendFixed64(nil, v), protowire.Fixed64Type
		default:
			one = protowire.AppendVarint(nil, v)
		}
		if !packed {
			b = append(protowire.AppendTag(b, num, typ), one...)
		}
		body = append(body, one...)
	}
	if packed {
		b = protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), body)
	}
	b = protowire.AppendTag(b, 2, protowire.VarintType) // the type after the data
	return protowire.AppendVarint(b, uint64(kind))
}

func modelWith(tensor []byte) []byte {
	graph := protowire.AppendBytes(protowire.AppendTag(nil, 5, protowire.BytesType), tensor)
	return protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), graph)
}

func TestTypedDataBecomesRaw(t *testing.T) {
	minusOne := uint64(math.MaxUint64)
	for _, c := range []struct {
		kind   onnx.DataType
		num    protowire.Number
		values []uint64
		dims   int64
		want   []byte
	}{
		{onnx.Float, 4, []uint64{uint64(math.Float32bits(1))}, 1, []byte{0, 0, 0x80, 0x3f}},
		{onnx.Complex64, 4, []uint64{1, 2}, 1, []byte{1, 0, 0, 0, 2, 0, 0, 0}},
		{onnx.Double, 10, []uint64{math.Float64bits(1)}, 1, []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f}},
		{onnx.Int64, 7, []uint64{minusOne, 2}, 2, append(bytes.Repeat([]byte{255}, 8), 2, 0, 0, 0, 0, 0, 0, 0)},
		{onnx.Int32, 5, []uint64{minusOne}, 1, []byte{255, 255, 255, 255}},
		{onnx.Int8, 5, []uint64{minusOne, 3}, 2, []byte{255, 3}},
		{onnx.Bool, 5, []uint64{1, 0}, 2, []byte{1, 0}},
		{onnx.Float16, 5, []uint64{0x3c00}, 1, []byte{0, 0x3c}},
		{onnx.BFloat16, 5, []uint64{0x3f80}, 1, []byte{0x80, 0x3f}},
		{onnx.Uint4, 5, []uint64{0x21, 0x03}, 3, []byte{0x21, 0x03}},
		{onnx.Float8E4M3FN, 5, []uint64{0x7e}, 1, []byte{0x7e}},
		{onnx.Uint32, 11, []uint64{1 << 31}, 1, []byte{0, 0, 0, 0x80}},
		{onnx.Uint64, 11, []uint64{5}, 1, []byte{5, 0, 0, 0, 0, 0, 0, 0}},
	} {
		for _, packed := range []bool{true, false} {
			m := decode(t, modelWith(typedTensor(c.kind, c.dims, c.num, packed, c.values...)))
			got := m.Graph.Initializers[0]
			if !bytes.Equal(got.Raw, c.want) || got.Type != c.kind {
				t.Errorf("%s packed=%v: got %v of %s, wanted %v", c.kind, packed, got.Raw, got.Type, c.want)
			}
		}
	}
}

func TestMalformedIsRefused(t *testing.T) {
	deep := []byte{}
	for range 200 { // graph in attribute in node in graph …
		deep = protowire.AppendBytes(protowire.AppendTag(nil, 6, protowire.BytesType), deep)
		deep = protowire.AppendBytes(protowire.AppendTag(nil, 5, protowire.BytesType), deep)
		deep = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), deep)
	}
	deep = protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), deep)
	whole := encode(t, everything())
	for name, b := range map[string][]byte{
		"empty":            {},
		"no graph":         {8, 7},
		"text":             []byte("this is no model"),
		"cut":              whole[:len(whole)/2],
		"deep":             deep,
		"wrong wire type":  {7 << 3, 1},
		"wrong data field": modelWith(typedTensor(onnx.Float, 1, 7, true, 1)),
		"cut packed":       modelWith(append(typedTensor(onnx.Float, 1, 4, true), 4<<3|2, 3, 1, 2, 3)),
		"empty messages":   bytes.Repeat([]byte{14<<3 | 2, 0}, 1<<16),
	} {
		if m, err := onnx.Decode(b); !errors.Is(err, onnx.ErrMalformed) || m != nil {
			t.Errorf("%s: got %v, %v", name, m, err)
		}
	}
}

func TestDecodeAllocatesInProportion(t *testing.T) {
	lie := protowire.AppendVarint([]byte{7<<3 | 2}, 1<<40) // says 1 TiB follows
	attrs := bytes.Repeat([]byte{5<<3 | 2, 0}, 1<<18)
	node := protowire.AppendBytes([]byte{1<<3 | 2}, attrs)
	bomb := protowire.AppendBytes([]byte{7<<3 | 2}, node)
	for _, b := range [][]byte{lie, bomb} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := onnx.Decode(b)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Error("accepted")
		}
		if grew := after.TotalAlloc - before.TotalAlloc; grew > 100*uint64(len(b))+1<<20 {
			t.Errorf("%d bytes of input allocated %d", len(b), grew)
		}
	}
}

func TestSaveKeepsTheOldFileWhenItFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.onnx")
	if err := everything().Save(path); err != nil {
		t.Fatal(err)
	}
	if err := everything().Save(filepath.Join(dir, "none", "m.onnx")); err == nil {
		t.Error("saved into a folder that is not there")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left %v, %v", entries, err)
	}
}

func TestMetadataSetReplaceRemove(t *testing.T) {
	m := everything()
	m.SetMeta("empty", "full")
	m.SetMeta("new", "1")
	m.SetMeta("athanor.labels", "")
	want := []onnx.Pair{{Key: "empty", Value: "full"}, {Key: "new", Value: "1"}}
	if !reflect.DeepEqual(m.Metadata, want) {
		t.Errorf("got %v", m.Metadata)
	}
	if v, ok := m.Meta("new"); v != "1" || !ok {
		t.Errorf("got %q, %v", v, ok)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, everything()))
	f.Add(modelWith(typedTensor(onnx.Float16, 1, 5, true, 1)))
	f.Add(modelWith(typedTensor(onnx.Uint32, 1, 11, false, 1<<31)))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := onnx.Decode(b)
		if err != nil {
			return
		}
		_ = onnx.Check(m)
		first := encode(t, m)
		again, err := onnx.Decode(first)
		if err != nil {
			t.Fatalf("cannot read what was written: %v", err)
		}
		if !bytes.Equal(first, encode(t, again)) {
			t.Fatal("a second round trip changed the bytes")
		}
	})
}
