package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/app/cli"
	"athanor/pipeline/dataset/operation"
)

// runData runs `athanor data` with arguments and returns what it prints.
func runData(t *testing.T, args ...string) (string, error) {
	t.Helper()
	t.Setenv("LANG", "en_US.UTF-8")
	var out bytes.Buffer
	root := cli.Root("test")
	root.SetArgs(append([]string{"data"}, args...))
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
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
