package onnx_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"athanor/inference/onnx"
)

func written(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSkimKeepsAllButLargeNumbers(t *testing.T) {
	m := everything()
	m.Graph.Initializers = append(m.Graph.Initializers, onnx.FloatTensor("large", []int64{50, 100}, make([]float32, 5000)))
	inner := onnx.TensorAttr("value", onnx.FloatTensor("", []int64{5000}, make([]float32, 5000)))
	m.Graph.Nodes = append(m.Graph.Nodes, &onnx.Node{OpType: "Constant", Outputs: []string{"c"}, Attrs: []*onnx.Attribute{inner}})
	file := encode(t, m)
	got, err := onnx.Skim(written(t, file))
	if err != nil {
		t.Fatal(err)
	}
	want := decode(t, file)
	want.Graph.Initializers[len(want.Graph.Initializers)-1].Raw = nil
	want.Graph.Nodes[1].Attrs[0].T.Raw = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("skimmed\n%+v\nwanted\n%+v", got.Graph, want.Graph)
	}
}

// sparse writes a model of about two gigabytes that takes no room on the disk:
// its one weight is a hole.
func sparse(t *testing.T) string {
	t.Helper()
	const floats = 536_000_000
	field := func(n protowire.Number, b []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), b)
	}
	small := encode(t, chain())
	tensor := append(protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), floats),
		protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.VarintType), 1)...)
	tensor = append(tensor, field(8, []byte("w"))...)
	tensor = protowire.AppendVarint(protowire.AppendTag(tensor, 9, protowire.BytesType), 4*floats)
	weight := protowire.AppendVarint(protowire.AppendTag(nil, 5, protowire.BytesType), uint64(len(tensor)+4*floats))
	graph := append(graphBytes(t, small), weight...)
	head := append(withoutGraph(t, small), protowire.AppendTag(nil, 7, protowire.BytesType)...)
	head = protowire.AppendVarint(head, uint64(len(graph)+len(tensor)+4*floats))
	path := written(t, bytes.Join([][]byte{head, graph, tensor}, nil))
	if err := os.Truncate(path, int64(len(head)+len(graph)+len(tensor)+4*floats)); err != nil {
		t.Fatal(err)
	}
	return path
}

// graphBytes is the graph of an encoded model, withoutGraph all the rest.
func graphBytes(t *testing.T, b []byte) (graph []byte) {
	t.Helper()
	eachField(t, b, func(n protowire.Number, _, value []byte) {
		if n == 7 {
			graph, _ = protowire.ConsumeBytes(value)
		}
	})
	return bytes.Clone(graph)
}

func withoutGraph(t *testing.T, b []byte) (rest []byte) {
	t.Helper()
	eachField(t, b, func(n protowire.Number, whole, _ []byte) {
		if n != 7 {
			rest = append(rest, whole...)
		}
	})
	return rest
}

func eachField(t *testing.T, b []byte, see func(n protowire.Number, whole, value []byte)) {
	t.Helper()
	for len(b) > 0 {
		num, typ, tag := protowire.ConsumeTag(b)
		n := protowire.ConsumeFieldValue(num, typ, b[tag:])
		if tag < 0 || n < 0 {
			t.Fatal("the model is not encoded well")
		}
		see(num, b[:tag+n], b[tag:tag+n])
		b = b[tag+n:]
	}
}

func TestSkimOfTwoGigabytesTakesLittleMemory(t *testing.T) {
	path := sparse(t)
	info, err := os.Stat(path)
	if err != nil || info.Size() < 2_000_000_000 {
		t.Fatalf("the file has %d bytes: %v", info.Size(), err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := onnx.Skim(path)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	w := m.Graph.Initializers[0]
	if n, err := w.Len(); err != nil || n != 536_000_000 || len(m.Graph.Nodes) != 2 {
		t.Errorf("a weight of %d numbers (%v), %d nodes", n, err, len(m.Graph.Nodes))
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("it took %d bytes of memory", took)
	}
	if err := os.Truncate(path, 1<<31); err != nil {
		t.Fatal(err)
	}
	if _, err := onnx.Skim(path); !errors.Is(err, onnx.ErrTooLarge) {
		t.Errorf("over two gigabytes: %v", err)
	}
}

func TestSkimRefusesWhatDecodeRefuses(t *testing.T) {
	file := encode(t, everything())
	for _, n := range []int{1, len(file) / 3, len(file) / 2, len(file) - 1} {
		if _, err := onnx.Skim(written(t, file[:n])); !errors.Is(err, onnx.ErrMalformed) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := onnx.Skim(t.TempDir()); err == nil {
		t.Error("a folder was read as a model")
	}
}

func FuzzSkim(f *testing.F) {
	f.Add(encode(f, everything()))
	f.Add(encode(f, chain()))
	f.Add([]byte{58, 2, 42, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := onnx.Skim(written(t, b))
		if err != nil {
			return
		}
		if whole, err := onnx.Decode(b); err == nil && len(whole.Graph.Nodes) != len(m.Graph.Nodes) {
			t.Errorf("%d nodes, Decode finds %d", len(m.Graph.Nodes), len(whole.Graph.Nodes))
		}
	})
}
