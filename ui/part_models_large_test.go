package ui_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// hugeFloats is how many weights the model of huge has: about two gigabytes.
const hugeFloats = 536_000_000

// huge writes a model of two gigabytes that takes no room on the disk: its one
// weight is a hole at the end of the file.
func huge(t *testing.T, path string) {
	t.Helper()
	field := func(n protowire.Number, b []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), b)
	}
	number := func(n protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
	}
	dimension := field(1, number(1, hugeFloats))
	value := func(n protowire.Number, name string) []byte {
		kind := field(2, field(1, bytes.Join([][]byte{number(1, 1), field(2, dimension)}, nil)))
		return field(n, bytes.Join([][]byte{field(1, []byte(name)), kind}, nil))
	}
	add := field(1, bytes.Join([][]byte{field(1, []byte("x")), field(1, []byte("w")), field(2, []byte("y")), field(4, []byte("Add"))}, nil))
	weight := bytes.Join([][]byte{number(1, hugeFloats), number(2, 1), field(8, []byte("w")), protowire.AppendVarint(protowire.AppendTag(nil, 9, protowire.BytesType), 4*hugeFloats)}, nil)
	tag := protowire.AppendVarint(protowire.AppendTag(nil, 5, protowire.BytesType), uint64(len(weight)+4*hugeFloats))
	graph := bytes.Join([][]byte{add, field(2, []byte("huge")), value(11, "x"), value(12, "y"), tag, weight}, nil)
	head := bytes.Join([][]byte{number(1, 8), field(8, number(2, 17)), protowire.AppendTag(nil, 7, protowire.BytesType)}, nil)
	head = protowire.AppendVarint(head, uint64(len(graph)+4*hugeFloats))
	file := slices.Concat(head, graph)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(file))+4*hugeFloats); err != nil {
		t.Fatal(err)
	}
}

// TestATwoGigabyteModelIsToldBeforeItIsOpened shows the card of a model of two
// gigabytes: it says what opening it takes, and is read without its weights.
func TestATwoGigabyteModelIsToldBeforeItIsOpened(t *testing.T) {
	s, q, dir := studio(t)
	path := filepath.Join(dir, "models", "huge.onnx")
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	huge(t, path)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.Go("models")
	q.Until(t, 10*time.Second, func() bool { return s.ChosenModel() == path && len(s.ModelFacts()) > 0 })
	runtime.ReadMemStats(&after)
	if facts := s.ModelFacts(); !strings.Contains(facts, "Memory: about 4.0 GB") || !strings.Contains(facts, "Size: 2.0 GB") || !strings.Contains(facts, "536,000,000") {
		t.Errorf("the card says %s", facts)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 256<<20 {
		t.Errorf("showing it took %d MB of memory", took>>20)
	}
	if s.ModelTakes() != "…" && s.ModelTakes() != "" || s.Errors() != 0 {
		t.Errorf("it was opened to be timed: %q, %d errors", s.ModelTakes(), s.Errors())
	}
}
