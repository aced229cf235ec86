package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/app/cli"
	"athanor/app/training"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/train"
)

// runData runs `athanor data` with arguments and returns what it prints.
func runData(t *testing.T, args ...string) (string, error) {
	t.Helper()
	t.Setenv("LANG", "en_US.UTF-8")
	c := call(t.Context(), "", append([]string{"data"}, args...)...)
	return c.both, c.err
}

func sampleTable(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pets.csv")
	text := "weight,breed,label\n" + strings.Repeat("4.5,siamese,cat\n30,husky,dog\n?,poodle,Dog\n", 20) + "1,2\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDataCheckFindsFixesAndFindsNothingMore(t *testing.T) {
	path := sampleTable(t)
	ops := filepath.Join(t.TempDir(), "operations.json")
	out, err := runData(t, "check", path, "--fix", ops, "--json")
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Samples  int
		Findings []struct {
			Kind, Message string
			Count         int
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	count := map[string]int{}
	for _, f := range report.Findings {
		count[f.Kind] += f.Count
		if f.Message == "" {
			t.Errorf("%s has no message", f.Kind)
		}
	}
	if report.Samples != 60 || count["missing"] != 20 || count["label-spelling"] != 20 || count["duplicates"] != 57 || count["bad-rows"] != 1 {
		t.Errorf("%d samples, %v", report.Samples, count)
	}
	if l, err := operation.Read(ops); err != nil || len(l) < 2 {
		t.Fatalf("operations %v, %v", l, err)
	}
	out, err = runData(t, "check", path, "--operations", ops)
	if err != nil || strings.Contains(out, "Duplicates") || strings.Contains(out, "differently") {
		t.Errorf("after the fixes: %v\n%s", err, out)
	}
}

func TestDataShow(t *testing.T) {
	out, err := runData(t, "show", sampleTable(t), "--label", "label", "--validation", "0.2")
	for _, want := range []string{"table task", "Dog, cat, dog", "features float32", "fingerprint"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%q is not in %q (%v)", want, out, err)
		}
	}
	if _, err := runData(t, "show", sampleTable(t), "--separator", "::"); err == nil {
		t.Error("a separator of two characters was taken")
	}
	if _, err := runData(t, "check", filepath.Join(t.TempDir(), "nothing")); err == nil {
		t.Error("a missing path was checked")
	}
}

func TestFixesReachTrainingAndAreUndone(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	home := t.TempDir()
	t.Setenv("ATHANOR_HOME", home)
	path := sampleTable(t)
	run := filepath.Join(t.TempDir(), "run")
	say := func(want string, args ...string) string {
		t.Helper()
		c := call(t.Context(), "", args...)
		if c.err != nil || !strings.Contains(c.both, want) {
			t.Fatalf("%v: %v, %q is not in %q", args, c.err, want, c.both)
		}
		return c.both
	}
	say(`kept: call class "dog" "Dog"`, "data", "fix", path, "--kind", "label-spelling")
	say("classes      Dog, cat\n", "data", "show", path)
	say("classes      Dog, cat, dog\n", "data", "show", path, "--operations", "none")
	say("kept: label 3 samples (0, 3, 1) of class \"cat\" as \"kitten\"", "data", "relabel", path, "0", "3", "1", "--of", "cat", "--to", "kitten")
	say("classes      Dog, cat, kitten\n", "data", "show", path)
	say("undone: label", "data", "undo", path)
	say("epoch", "train", "--task", "table", "--data", path, "--epochs", "1", "--batch", "8", "--out", run)
	recipe, err := train.LoadRecipe(filepath.Join(run, train.RecipeName))
	if err != nil || recipe.Data.Operations != filepath.Join(run, "operations.json") {
		t.Fatalf("%+v, %v", recipe.Data, err)
	}
	say("undone: call class", "data", "undo", path)
	set, err := training.Open(t.Context(), recipe, nil)
	if err != nil || !slices.Equal(set.Classes, []string{"Dog", "cat"}) {
		t.Errorf("the run's data after undoing: %v, %v", set, err)
	}
	if raw, err := os.ReadFile(path); err != nil || !bytes.Contains(raw, []byte("Dog")) {
		t.Errorf("the source was written: %v", err)
	}
}

func TestColumnChoicesAreKept(t *testing.T) {
	t.Setenv("ATHANOR_HOME", t.TempDir())
	path := sampleTable(t)
	if _, err := runData(t, "columns", path, "--role", "weight=empty", "--label", "label"); err != nil {
		t.Fatal(err)
	}
	out, err := runData(t, "check", path)
	if err != nil || !strings.Contains(out, "weight                   empty       as asked") {
		t.Errorf("%v in %s", err, out)
	}
	if _, err := runData(t, "columns", path, "--role", "weight"); !errors.Is(err, cli.ErrRole) {
		t.Errorf("a role without a column: %v", err)
	}
	if _, err := runData(t, "columns", path, "--reset"); err != nil {
		t.Fatal(err)
	}
	if out, err = runData(t, "check", path); err != nil || strings.Contains(out, "as asked") {
		t.Errorf("after a reset: %v in %s", err, out)
	}
}

func TestAModelLabelsWhatHasNoLabel(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	t.Setenv("ATHANOR_HOME", t.TempDir())
	dir := t.TempDir()
	path := filepath.Join(dir, "reviews.csv")
	var text strings.Builder
	text.WriteString("label,review\n")
	for i := range 80 {
		good, bad := fmt.Sprintf("a wonderful and excellent thing, number %d, love it", i), fmt.Sprintf("a terrible and broken thing, number %d, hate it", i)
		fmt.Fprintf(&text, "good,%q\nbad,%q\n", good, bad)
	}
	text.WriteString(",\"wonderful, excellent, I love it\"\n,\"broken and terrible, I hate it\"\n")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "run")
	for _, args := range [][]string{
		{"train", "--task", "text", "--data", path, "--label", "label", "--text", "review", "--epochs", "20", "--batch", "16", "--learning-rate", "0.02", "--out", run},
		{"data", "label", path, "--label", "label", "--text", "review", "--model", filepath.Join(run, "model.onnx"), "--keep", "--at-least", "0.6"},
	} {
		c := call(t.Context(), "", args...)
		if c.err != nil {
			t.Fatalf("%v: %v in %s", args, c.err, c.both)
		}
		if args[0] == "data" {
			for _, want := range []string{"kept: label sample 160 as \"good\"", "kept: label sample 161 as \"bad\""} {
				if !strings.Contains(c.both, want) {
					t.Errorf("%q is not in %q", want, c.both)
				}
			}
		}
	}
	out, err := runData(t, "show", path, "--label", "label", "--text", "review", "--validation", "0.1")
	if err != nil || strings.Contains(out, "without a label") {
		t.Errorf("after labelling: %v in %s", err, out)
	}
}
