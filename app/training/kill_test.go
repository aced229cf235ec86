package training_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"athanor/app/store"
	"athanor/app/training"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset/idx"
	"athanor/pipeline/safetensors"
	"athanor/pipeline/train"
)

// childData is set in the process that a kill test starts: train, or go on.
const (
	childData   = "ATHANOR_TEST_CHILD_DATA"
	childDir    = "ATHANOR_TEST_CHILD_DIR"
	childResume = "ATHANOR_TEST_CHILD_RESUME"
)

func TestMain(m *testing.M) {
	if os.Getenv(childData) == "" {
		m.Run() // the test binary ends with its result
		return
	}
	if err := child(); err != nil {
		panic(err)
	}
}

// child trains in a process that can be killed, without the report at the end.
func child() error {
	recipe, err := shortRecipe(os.Getenv(childData)).Resolve()
	if err != nil {
		return err
	}
	set, err := training.Open(context.Background(), recipe, nil)
	if err != nil {
		return err
	}
	run, err := store.OpenRun(os.Getenv(childDir))
	if err != nil {
		return err
	}
	_, err = train.Run(context.Background(), recipe, train.Deps{Set: set, Store: run, Resume: os.Getenv(childResume) != ""}, func(train.Event) {})
	return errors.Join(err, run.Close())
}

// shortRecipe has many short epochs and so a checkpoint every few milliseconds.
func shortRecipe(data string) train.Recipe {
	return train.Recipe{
		Seed: 3, Threads: 1, Data: train.Data{Path: data, Validation: 0.2},
		Model: train.Model{Name: "mlp", Hidden: []int{32}, Dropout: 0.1}, Train: train.Loop{Epochs: 24, Batch: 32, KeepCheckpoints: 2},
	}
}

// pictures writes a small IDX pair that can be learnt.
func pictures(t *testing.T) string {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	dir := t.TempDir()
	const n = 400
	r := rand.New(rand.NewPCG(1, 2))
	images := &idx.Array{Dims: []int{n, 12, 12}, Data: make([]byte, n*144)}
	labels := &idx.Array{Dims: []int{n}, Data: make([]byte, n)}
	for i := range n {
		class := i % 4
		labels.Data[i] = byte(class)
		for j := range 144 {
			images.Data[i*144+j] = byte(r.IntN(120))
			if j/36 == class {
				images.Data[i*144+j] += 100
			}
		}
	}
	for name, a := range map[string]*idx.Array{"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels} {
		var b bytes.Buffer
		if err := idx.Write(&b, a); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func start(t *testing.T, data, dir string, resume bool) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childData+"="+data, childDir+"="+dir)
	if resume {
		cmd.Env = append(cmd.Env, childResume+"=1")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &stderr
}

// lastWeights are the tensors of a run's newest checkpoint.
func lastWeights(t *testing.T, dir string) *safetensors.File {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*.safetensors"))
	if len(names) == 0 {
		t.Fatalf("no checkpoint in %s", dir)
	}
	data, err := os.ReadFile(slices.Max(names))
	if err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// writing tells whether a checkpoint is being written right now.
func writing(dir string) bool {
	names, _ := filepath.Glob(filepath.Join(dir, "checkpoints", ".*.safetensors.*"))
	return len(names) > 0
}

// killSoon kills the process at a random moment, or as soon as it is seen
// writing a checkpoint; it tells whether that was so. It may be too late.
func killSoon(cmd *exec.Cmd, dir string, after time.Duration, whileWriting bool) (inside bool) {
	deadline := time.Now().Add(after)
	for tick := time.NewTicker(200 * time.Microsecond); ; <-tick.C {
		late := time.Now().After(deadline)
		if late && whileWriting {
			inside = writing(dir)
			late = inside || time.Now().After(deadline.Add(5*time.Second))
		}
		if late || cmd.ProcessState != nil {
			tick.Stop()
			break
		}
	}
	_ = cmd.Process.Kill() // an error only says that it has ended by itself
	_ = cmd.Wait()
	return inside
}

// TestKilledRunsEndWithTheSameBits kills 50 runs at random moments, half of
// them aimed at the writing of a checkpoint, resumes each and compares the
// weights with those of a run that nothing disturbed.
func TestKilledRunsEndWithTheSameBits(t *testing.T) {
	data := pictures(t)
	whole := t.TempDir()
	began := time.Now()
	cmd, stderr := start(t, data, whole, false)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("undisturbed run: %v\n%s", err, stderr)
	}
	length := time.Since(began)
	want := lastWeights(t, whole)
	r := rand.New(rand.NewPCG(11, 12))
	inside := 0
	for i := range 50 {
		dir := t.TempDir()
		cmd, _ := start(t, data, dir, false)
		if killSoon(cmd, dir, time.Duration(r.Int64N(int64(length))), i%2 == 0) {
			inside++
		}
		finish(t, data, dir)
		same(t, i, want, lastWeights(t, dir))
	}
	t.Logf("%d of 50 runs were killed while writing a checkpoint", inside)
	if inside == 0 {
		t.Error("no run was killed while it wrote a checkpoint")
	}
}

// finish resumes a run to its end; one killed before its recipe was written
// starts over.
func finish(t *testing.T, data, dir string) {
	t.Helper()
	_, err := os.Stat(filepath.Join(dir, train.RecipeName))
	cmd, stderr := start(t, data, dir, err == nil)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("resumed run: %v\n%s", err, stderr)
	}
	if strings.Contains(stderr.String(), "DATA RACE") {
		t.Fatal(stderr)
	}
}

func same(t *testing.T, run int, want, got *safetensors.File) {
	t.Helper()
	for i, w := range want.Tensors {
		if g := got.Tensors[i]; g.Name != w.Name || !bytes.Equal(g.Data, w.Data) {
			t.Fatalf("run %d: tensor %s differs after the kill", run, w.Name)
		}
	}
}

func TestVerifyProvesAndFindsTampering(t *testing.T) {
	data := pictures(t)
	dir := filepath.Join(t.TempDir(), "run")
	if _, err := training.Run(t.Context(), training.Request{Recipe: shortRecipe(data), Dir: dir}, func(train.Event) {}); err != nil {
		t.Fatal(err)
	}
	proof, err := training.Verify(t.Context(), dir, func(train.Event) {})
	if err != nil || proof.Bytes == 0 {
		t.Fatalf("proof %+v, %v", proof, err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*.safetensors"))
	newest := slices.Max(names)
	content, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-3] ^= 1
	if err := os.WriteFile(newest, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := training.Verify(t.Context(), dir, func(train.Event) {}); err == nil {
		t.Error("a changed weight was not found")
	}
	for _, name := range []string{training.CardName, training.ReportName, training.LossName, train.ModelName, train.RecipeName} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s is missing: %v", name, err)
		}
	}
}
