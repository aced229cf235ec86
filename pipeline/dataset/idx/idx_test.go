package idx_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"athanor/inference/testenv"
	"athanor/pipeline/dataset/idx"
)

func file(dims []uint32, data []byte) []byte {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, data...)
}

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func write(t testing.TB, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadPlainAndGzip(t *testing.T) {
	plain := file([]uint32{2, 1, 3}, []byte{1, 2, 3, 4, 5, 6})
	for name, b := range map[string][]byte{"plain": plain, "gzip": zipped(t, plain)} {
		a, err := idx.Read(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(a.Data, []byte{1, 2, 3, 4, 5, 6}) || len(a.Dims) != 3 || a.Dims[2] != 3 {
			t.Errorf("%s: got %v %v", name, a.Dims, a.Data)
		}
		var out bytes.Buffer
		if err := idx.Write(&out, a); err != nil || !bytes.Equal(out.Bytes(), plain) {
			t.Errorf("%s: written back as % x (%v)", name, out.Bytes(), err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := zipped(t, file([]uint32{4, 4, 4}, make([]byte, 64)))
	cases := map[string]struct {
		data []byte
		want error
	}{
		"empty":            {nil, idx.ErrFormat},
		"text":             {[]byte("hello world"), idx.ErrFormat},
		"floats":           {[]byte{0, 0, 0x0d, 1, 0, 0, 0, 0}, idx.ErrFormat},
		"no dimensions":    {[]byte{0, 0, 8, 0}, idx.ErrFormat},
		"200 dimensions":   {[]byte{0, 0, 8, 200}, idx.ErrFormat},
		"half header":      {[]byte{0, 0, 8, 3, 0, 0}, idx.ErrTruncated},
		"half data":        {file([]uint32{10}, make([]byte, 5)), idx.ErrTruncated},
		"lying header":     {file([]uint32{1 << 31, 28, 28}, make([]byte, 784)), idx.ErrTooLarge},
		"lying, in limit":  {file([]uint32{2_000_000, 28, 28}, make([]byte, 784)), idx.ErrTruncated},
		"overflow to zero": {file([]uint32{1 << 31, 1 << 31, 1 << 31}, nil), idx.ErrTooLarge},
		"more than told":   {file([]uint32{2}, make([]byte, 3)), idx.ErrTrailing},
		"half gzip":        {good[:len(good)-6], idx.ErrTruncated},
		"gzip magic only":  {[]byte{0x1f, 0x8b, 0}, idx.ErrFormat},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := idx.Read(bytes.NewReader(c.data))
			runtime.ReadMemStats(&after)
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
				t.Errorf("allocated %d bytes for %d bytes of input", grown, len(c.data))
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	images := file([]uint32{2, 2, 2}, make([]byte, 8))
	cases := map[string]struct {
		images, labels []byte
		want           error
	}{
		"counts":  {images, file([]uint32{3}, make([]byte, 3)), idx.ErrCounts},
		"range":   {images, file([]uint32{2}, []byte{1, 10}), idx.ErrLabel},
		"swapped": {file([]uint32{2}, []byte{0, 1}), images, idx.ErrFormat},
		"empty":   {file([]uint32{0, 28, 28}, nil), file([]uint32{0}, nil), idx.ErrEmpty},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := idx.Pair{Images: write(t, dir, "images", c.images), Labels: write(t, dir, "labels", c.labels)}
			_, err := idx.Load(p, 10)
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if !bytes.Contains([]byte(err.Error()), []byte(p.Labels)) {
				t.Errorf("the error does not name the file: %v", err)
			}
		})
	}
}

func TestFindAndPairOf(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := idx.Find(dir); !errors.Is(err, idx.ErrNoPair) {
		t.Errorf("empty folder: %v", err)
	}
	images := write(t, dir, "train-images-idx3-ubyte", file([]uint32{1, 1, 1}, []byte{7}))
	if _, err := idx.PairOf(images); !errors.Is(err, idx.ErrNoPair) {
		t.Errorf("without labels: %v", err)
	}
	labels := write(t, dir, "train-labels-idx1-ubyte", file([]uint32{1}, []byte{7}))
	write(t, dir, "README", []byte("not data"))
	train, test, err := idx.Find(dir)
	if err != nil || train.Images != images || train.Labels != labels || test != (idx.Pair{}) {
		t.Errorf("found %v %v %v", train, test, err)
	}
	for _, path := range []string{images, labels} {
		if p, err := idx.PairOf(path); err != nil || p != train {
			t.Errorf("PairOf(%s) = %v, %v", path, p, err)
		}
	}
}

func TestMNIST(t *testing.T) {
	train, test, err := idx.Find(testenv.SharedData(t, "mnist"))
	if err != nil {
		t.Fatal(err)
	}
	for pair, want := range map[idx.Pair]int{train: 60000, test: 10000} {
		s, err := idx.Load(pair, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Labels) != want || len(s.Pixels) != want*784 || s.Height != 28 || s.Channels != 1 {
			t.Errorf("%s: %d labels, %d pixels", pair.Images, len(s.Labels), len(s.Pixels))
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file([]uint32{2, 1, 3}, []byte{1, 2, 3, 4, 5, 6}))
	f.Add(zipped(f, file([]uint32{3}, []byte{1, 2, 3})))
	f.Add(file([]uint32{1 << 31, 28, 28}, []byte{1}))
	f.Add([]byte{0, 0, 8, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := idx.Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := idx.Write(&out, a); err != nil {
			t.Fatal(err)
		}
		again, err := idx.Read(&out)
		if err != nil || !bytes.Equal(again.Data, a.Data) {
			t.Fatalf("a read array does not survive writing: %v", err)
		}
	})
}
