package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"athanor/pipeline/safetensors"
)

func sample() *safetensors.File {
	return &safetensors.File{
		Metadata: map[string]string{"step": "12", "名": "数字"},
		Tensors: []safetensors.Tensor{
			{Name: "b.weight", Type: "F32", Shape: []int{2, 3}, Data: bytes.Repeat([]byte{1, 2, 3, 4}, 6)},
			{Name: "a.bias", Type: "I64", Shape: []int{2}, Data: bytes.Repeat([]byte{9}, 16)},
			{Name: "scalar", Type: "F16", Shape: []int{}, Data: []byte{5, 6}},
			{Name: "empty", Type: "U8", Shape: []int{0, 4}, Data: nil},
		},
	}
}

func encode(t testing.TB, f *safetensors.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	want := sample()
	data := encode(t, want)
	if n := binary.LittleEndian.Uint64(data); (n+8)%8 != 0 {
		t.Errorf("the data begins at %d, not at a multiple of 8", n+8)
	}
	got, err := safetensors.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Metadata) != 2 || got.Metadata["名"] != "数字" {
		t.Errorf("metadata %v", got.Metadata)
	}
	for _, w := range want.Tensors {
		g, ok := got.Find(w.Name)
		if !ok || g.Type != w.Type || !bytes.Equal(g.Data, w.Data) {
			t.Errorf("tensor %s came back as %+v", w.Name, g)
		}
	}
	if _, ok := got.Find("missing"); ok {
		t.Error("found a tensor that is not there")
	}
}

func TestDecodeRefusesWhatDoesNotAddUp(t *testing.T) {
	header := func(text string, data int) []byte {
		b := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
		return append(append(b, text...), make([]byte, data)...)
	}
	good := encode(t, sample())
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":              {nil, safetensors.ErrTruncated},
		"cut in the header":    {good[:20], safetensors.ErrTruncated},
		"cut in the data":      {good[:len(good)-3], safetensors.ErrTruncated},
		"bytes behind":         {append(bytes.Clone(good), 0), safetensors.ErrFormat},
		"a header of 2⁶³":      {binary.LittleEndian.AppendUint64(nil, 1<<63), safetensors.ErrFormat},
		"no JSON":              {header("hello", 0), safetensors.ErrFormat},
		"a list":               {header("[]", 0), safetensors.ErrFormat},
		"a shape that lies":    {header(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8), safetensors.ErrFormat},
		"a negative dimension": {header(`{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, 8), safetensors.ErrFormat},
		"2⁶⁰ elements":         {header(`{"a":{"dtype":"F32","shape":[1152921504606846976,4],"data_offsets":[0,8]}}`, 8), safetensors.ErrFormat},
		"an unknown type":      {header(`{"a":{"dtype":"X1","shape":[2],"data_offsets":[0,8]}}`, 8), safetensors.ErrFormat},
		"offsets that overlap": {header(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}`, 6), safetensors.ErrFormat},
		"offsets backwards":    {header(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[4,0]}}`, 4), safetensors.ErrFormat},
		"metadata of numbers":  {header(`{"__metadata__":{"a":1}}`, 0), safetensors.ErrFormat},
	} {
		if _, err := safetensors.Decode(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestWriteRefusesEqualNames(t *testing.T) {
	f := &safetensors.File{Tensors: []safetensors.Tensor{{Name: "a", Type: "U8"}, {Name: "a", Type: "U8"}}}
	if f.Write(&bytes.Buffer{}) == nil {
		t.Error("two tensors of one name were written")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, sample()))
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, '{', '}'})
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := safetensors.Decode(data)
		if err != nil {
			return
		}
		again, err := safetensors.Decode(encode(t, file))
		if err != nil || len(again.Tensors) != len(file.Tensors) {
			t.Errorf("what was read does not come back: %v", err)
		}
	})
}
