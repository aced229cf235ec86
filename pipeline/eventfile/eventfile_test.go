package eventfile_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"athanor/pipeline/eventfile"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write makes an event file of n scalars under two tags.
func write(t testing.TB, n int) (path string, want []eventfile.Scalar) {
	t.Helper()
	w, err := eventfile.Create(t.TempDir(), time.Unix(1_700_000_000, 0))
	must(t, err)
	for i := range n {
		s := eventfile.Scalar{Tag: []string{"loss", "准确率/train"}[i%2], Step: int64(i / 2), Time: 1.7e9 + float64(i)/8, Value: float64(float32(1 / float64(i+1)))}
		if i == 6 {
			s.Value = math.Inf(-1)
		}
		must(t, w.Add(s))
		want = append(want, s)
	}
	must(t, w.Close())
	return w.Path(), want
}

func read(r io.Reader) (got []eventfile.Scalar, err error) {
	err = eventfile.Read(r, func(s eventfile.Scalar) error {
		got = append(got, s)
		return nil
	})
	return got, err
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	path, want := write(t, 101)
	var got []eventfile.Scalar
	must(t, eventfile.ReadFile(path, func(s eventfile.Scalar) error { got = append(got, s); return nil }))
	if !slices.Equal(got, want) {
		t.Errorf("%d scalars, want %d: %v", len(got), len(want), got[:min(len(got), 8)])
	}
	if !strings.HasPrefix(filepath.Base(path), "events.out.tfevents.1700000000.") {
		t.Errorf("name %s", filepath.Base(path))
	}
}

func TestACutFileKeepsWhatIsWhole(t *testing.T) {
	path, want := write(t, 20)
	data, err := os.ReadFile(path)
	must(t, err)
	before := -1
	for cut := range data {
		got, err := read(bytes.NewReader(data[:cut]))
		if err != nil && !errors.Is(err, eventfile.ErrDamaged) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if !slices.Equal(got, want[:len(got)]) || len(got) < before {
			t.Fatalf("cut at %d: %d scalars after %d", cut, len(got), before)
		}
		before = len(got)
	}
	if before != 19 {
		t.Errorf("one byte short of all: %d scalars, want 19", before)
	}
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	path, want := write(t, 4)
	data, err := os.ReadFile(path)
	must(t, err)
	for i := range data {
		broken := bytes.Clone(data)
		broken[i] ^= 0x40
		got, err := read(bytes.NewReader(broken))
		if !errors.Is(err, eventfile.ErrDamaged) {
			t.Fatalf("byte %d: error %v", i, err)
		}
		if !slices.Equal(got, want[:len(got)]) {
			t.Fatalf("byte %d: wrong values before the damage", i)
		}
	}
}

// golden is one record as the TensorFlow sources describe it, put together by
// hand: version record of TensorBoard's writer at time 1.0.
func TestARecordByHand(t *testing.T) {
	// wall_time = 1.0, step = 3, summary { value { tag: "a", simple_value: 2 } }
	event, err := hex.DecodeString("09000000000000f03f" + "1003" + "2a0a" + "0a08" + "0a0161" + "1500000040")
	must(t, err)
	got, err := read(bytes.NewReader(frame(event)))
	must(t, err)
	if want := (eventfile.Scalar{Tag: "a", Step: 3, Time: 1, Value: 2}); len(got) != 1 || got[0] != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTensors reads values as TensorFlow 2 and PyTorch write them: tensors of
// one element, in their own fields or as raw bytes.
func TestTensors(t *testing.T) {
	for name, c := range map[string]struct {
		tensor string
		want   float64
		ok     bool
	}{
		"float_val packed":    {"0801" + "1200" + "2a04" + "0000c03f", 1.5, true},
		"float_val":           {"0801" + "2d" + "0000c03f", 1.5, true},
		"double_val":          {"0802" + "31" + "000000000000f83f", 1.5, true},
		"int_val":             {"0803" + "3805", 5, true},
		"int64_val":           {"0809" + "500a", 10, true},
		"half_val":            {"0813" + "6a02" + "8070", 0.5, true},
		"content float":       {"0801" + "2204" + "0000c03f", 1.5, true},
		"content double":      {"0802" + "2208" + "000000000000f83f", 1.5, true},
		"content bfloat16":    {"080e" + "2202" + "c03f", 1.5, true},
		"two elements":        {"0801" + "2a08" + "0000c03f0000c03f", 0, false},
		"shape of two":        {"0801" + "1204" + "12020802" + "2a04" + "0000c03f", 0, false},
		"shape of one":        {"0801" + "1204" + "12020801" + "2a04" + "0000c03f", 1.5, true},
		"strings are no data": {"0807" + "42" + "0161", 0, false},
	} {
		tensor, err := hex.DecodeString(c.tensor)
		must(t, err)
		value := fmt.Sprintf("0a0161"+"42%02x", len(tensor)) + c.tensor
		summary := fmt.Sprintf("0a%02x", len(value)/2) + value
		event, err := hex.DecodeString("1001" + fmt.Sprintf("2a%02x", len(summary)/2) + summary)
		must(t, err)
		got, err := read(bytes.NewReader(frame(event)))
		if err != nil || (len(got) == 1) != c.ok || c.ok && got[0].Value != c.want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
}

// frame makes a record of an event with the help of a written one.
func frame(event []byte) []byte {
	var out bytes.Buffer
	_ = eventfile.WriteRecord(&out, event) // a buffer takes everything
	return out.Bytes()
}

func TestFilesOfAFolder(t *testing.T) {
	dir := t.TempDir()
	for _, p := range []string{"b/events.out.tfevents.2.x", "a/events.out.tfevents.1.x", "a/notes.txt"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, p)), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, p), nil, 0o644))
	}
	files, err := eventfile.Files(dir)
	must(t, err)
	if len(files) != 2 || !strings.HasSuffix(files[0], "a/events.out.tfevents.1.x") {
		t.Errorf("files %v", files)
	}
	if _, err := eventfile.Files(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there has files")
	}
}

func table(text string) (out []string, err error) {
	err = eventfile.ReadTable(strings.NewReader(text), func(run string, s eventfile.Scalar) error {
		out = append(out, fmt.Sprintf("%s/%s@%d=%g t%g", run, s.Tag, s.Step, s.Value, s.Time))
		return nil
	})
	return out, err
}

func TestTables(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"keras":       {"epoch,accuracy,loss\n0,0.5,1.25\n1,0.75,nan\n", []string{"/accuracy@0=0.5 t0", "/loss@0=1.25 t0", "/accuracy@1=0.75 t0", "/loss@1=NaN t0"}},
		"wandb":       {"\ufeff\"Step\",\"run-1 - loss\",\"run-1 - loss__MIN\",\"run-2 - loss\"\n\"10\",\"0.5\",\"0.4\",\"\"\n\"20\",\"\",\"\",\"Infinity\"\n", []string{"run-1/loss@10=0.5 t0", "run-2/loss@20=+Inf t0"}},
		"mlflow":      {"run_id,key,value,step,timestamp\nabc,loss,0.5,3,1700000000500\n", []string{"abc/loss@3=0.5 t1.7000000005e+09"}},
		"tensorboard": {"Wall time,Step,Value\n1700000000.5,7,0.25\n", []string{"/value@7=0.25 t1.7000000005e+09"}},
		"semicolons":  {"loss;note\n1.5;hello\n2.5;there\n", []string{"/loss@0=1.5 t0", "/loss@1=2.5 t0"}},
		"jsonl":       {"{\"_step\":4,\"loss\":0.5,\"lr\":\"NaN\",\"name\":\"x\"}\n{torn", []string{"/loss@4=0.5 t0", "/lr@4=NaN t0"}},
		"quotes":      {"step,\"a, b\"\n1,2\n", []string{"/a, b@1=2 t0"}},
	} {
		got, err := table(c.text)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "just text", "a,b\nx,y\n", "{}"} {
		if _, err := table(bad); !errors.Is(err, eventfile.ErrTable) {
			t.Errorf("%q: error %v, want ErrTable", bad, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	path, _ := write(f, 5)
	data, err := os.ReadFile(path)
	must(f, err)
	f.Add(data)
	f.Add(data[:len(data)-3])
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = read(bytes.NewReader(data))
		_, _ = read(bytes.NewReader(frame(data))) // past the checksums
	})
}

func FuzzTable(f *testing.F) {
	f.Add("epoch,accuracy,loss\n0,0.5,1.25\n")
	f.Add("{\"_step\":4,\"loss\":0.5}\n")
	f.Fuzz(func(_ *testing.T, text string) { _, _ = table(text) })
}
