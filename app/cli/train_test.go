package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"athanor/app/store"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
)

// athanorIn runs a subcommand in a home of its own until ctx ends.
func athanorIn(ctx context.Context, t *testing.T, args ...string) (string, error) {
	t.Helper()
	t.Setenv("ATHANOR_HOME", filepath.Join(t.TempDir(), "home"))
	c := call(ctx, "", args...)
	return c.both, c.err
}

// objects reads JSON lines.
func objects(t *testing.T, text string) []map[string]any {
	t.Helper()
	var list []map[string]any
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o map[string]any
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			t.Fatalf("%v in %q", err, lines.Text())
		}
		list = append(list, o)
	}
	return list
}

func TestTrainEvaluatePredict(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	dir := filepath.Join(t.TempDir(), "run")
	text, err := athanorIn(t.Context(), t, "train", "--epochs", "2", "--threads", "2", "--seed", "5", "--out", dir, "--json")
	if err != nil {
		t.Fatal(err)
	}
	lines := objects(t, text)
	epochs := 0
	for _, o := range lines {
		if o["event"] == "epoch" {
			epochs++
		}
	}
	last := lines[len(lines)-1]
	if epochs != 2 || last["event"] != "done" {
		t.Fatalf("%d epochs, the last line is %v", epochs, last)
	}
	for _, key := range []string{"test_accuracy", "test_loss", "val_accuracy", "epochs", "train_seconds", "samples_per_second", "peak_rss_bytes"} {
		if n, ok := last[key].(float64); !ok || n <= 0 {
			t.Errorf("done tells %s as %v", key, last[key])
		}
	}
	model, _ := last["model"].(string)
	evaluated, err := athanorIn(t.Context(), t, "evaluate", model, "--json")
	if err != nil {
		t.Fatal(err)
	}
	quality, _ := objects(t, evaluated)[0]["classification"].(map[string]any)
	if quality["accuracy"] != last["test_accuracy"] {
		t.Errorf("evaluate says %v, training said %v", quality["accuracy"], last["test_accuracy"])
	}
	predicts(t, model)
}

// predicts asks the model about a picture of a one, drawn here.
func predicts(t *testing.T, model string) {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 28, 28))
	for y := 5; y < 23; y++ {
		for x := 13; x < 16; x++ {
			img.SetGray(x, y, color.Gray{Y: 250})
		}
	}
	path := filepath.Join(t.TempDir(), "one.png")
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	text, err := athanorIn(t.Context(), t, "predict", model, path, "--json")
	if err != nil {
		t.Fatal(err)
	}
	if got := objects(t, text)[0]["label"]; got != "1" {
		t.Errorf("a stroke is read as %v", got)
	}
	if _, err := athanorIn(t.Context(), t, "predict", model, path, filepath.Join(t.TempDir(), "gone.png")); err == nil || !strings.Contains(err.Error(), "gone.png") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestTrainRefusesAFolderInUse(t *testing.T) {
	dir := t.TempDir()
	held, err := store.OpenRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	testenv.NeedNative(t, runtime.Load())
	_, err = athanorIn(t.Context(), t, "train", "--epochs", "1", "--out", dir)
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a folder another process writes: %v, want an error that names it", err)
	}
}

func TestInterruptedTrainingSaysHowToGoOn(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan struct{})
	go func() {
		defer close(cancelled)
		waitFor(t, filepath.Join(dir, train.RecipeName))
		cancel()
	}()
	_, err := athanorIn(ctx, t, "train", "--epochs", "500", "--out", dir)
	<-cancelled
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "--resume --out "+dir) {
		t.Fatalf("got %v, want the command that goes on", err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*.safetensors"))
	if len(names) == 0 {
		t.Error("no checkpoint was left")
	}
}

// waitFor returns once a file exists.
func waitFor(t *testing.T, path string) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for t.Context().Err() == nil {
		if _, err := os.Stat(path); err == nil {
			return
		}
		<-tick.C
	}
}

// TestCategoriesAreEmbeddedOnRequest: --embed reaches the exported model.
func TestCategoriesAreEmbeddedOnRequest(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	var table strings.Builder
	table.WriteString("city,size,label\n")
	for i := range 240 {
		fmt.Fprintf(&table, "town %d,%d,%s\n", i%8, i%13, []string{"inland", "harbour"}[i%8/4])
	}
	path := filepath.Join(t.TempDir(), "towns.csv")
	if err := os.WriteFile(path, []byte(table.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	text, err := athanorIn(t.Context(), t, "train", "--task", "table", "--data", path, "--embed", "2", "--epochs", "2", "--threads", "1", "--out", dir, "--json")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := onnx.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if table := m.Graph.Initializer("category1.table"); table == nil || !slices.Equal(table.Dims, []int64{8, 2}) {
		t.Errorf("the table of eight towns as two numbers each is missing: %+v", table)
	}
}

func TestTrainNamesWhatIsWrong(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	missing := filepath.Join(t.TempDir(), "nowhere")
	recipe := filepath.Join(t.TempDir(), "r.toml")
	if err := os.WriteFile(recipe, []byte("[train]\nepoks = 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"train", "--data", missing}, missing},
		{[]string{"train", recipe}, "train.epochs"},
		{[]string{"train", "--batch", "1000000"}, "--batch"},
		{[]string{"train", "--model", "gpt"}, "mlp"},
		{[]string{"train", "--resume", "--out", missing}, missing},
		{[]string{"train", "--device", "abacus"}, "cpu"},
		{[]string{"evaluate", missing}, missing},
	} {
		if _, err := athanorIn(t.Context(), t, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want it to mention %s", c.args, err, c.want)
		}
	}
}

func TestTrainFindsARate(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	text, err := athanorIn(t.Context(), t, "train", "--find-rate", "--threads", "2", "--json")
	if err != nil {
		t.Fatal(err)
	}
	lines := objects(t, text)
	last := lines[len(lines)-1]
	rate, _ := last["learning_rate"].(float64)
	if last["event"] != "suggested" || rate < 1e-5 || rate > 1 || len(lines) < 40 {
		t.Errorf("%d lines, the last is %v", len(lines), last)
	}
	if _, err := athanorIn(t.Context(), t, "train", "--find-rate", "--data", filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("data that are not there were searched")
	}
}
