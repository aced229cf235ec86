package datasets_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"athanor/app/datasets"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/train"
)

func open(t *testing.T, folder, path string) *datasets.Kept {
	t.Helper()
	k, err := datasets.Open(folder, path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestStepsAreTakenBackTogetherAndReturn(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "datasets")
	k := open(t, folder, "pets.csv")
	drop := operation.List{{Kind: operation.Drop, Samples: []string{"3"}}}
	merge := operation.List{
		{Kind: operation.Rename, From: "Dog", To: "dog"},
		{Kind: operation.Rename, From: "DOG", To: "dog"},
	}
	for _, step := range []operation.List{drop, merge} {
		if err := k.Add(step); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, folder, "./pets.csv") // another program, the same data
	if len(again.Operations()) != 3 {
		t.Fatalf("kept %v", again.Operations())
	}
	if step, err := again.Undo(); err != nil || len(step) != 2 {
		t.Fatalf("undid %v, %v", step, err)
	}
	if got := open(t, folder, "pets.csv").Operations(); len(got) != 1 || got[0].Kind != operation.Drop {
		t.Errorf("after undoing: %v", got)
	}
	if _, err := again.Redo(); err != nil {
		t.Fatal(err)
	}
	if got := again.Operations().String(); got != append(drop, merge...).String() {
		t.Errorf("after redoing: %s", got)
	}
	for range 2 {
		if _, err := again.Undo(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := again.Undo(); !errors.Is(err, datasets.ErrNothing) {
		t.Errorf("a third undo of two steps: %v", err)
	}
	if err := again.Add(drop); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Redo(); !errors.Is(err, datasets.ErrNothing) {
		t.Errorf("redo after a new change: %v", err)
	}
}

func TestBadStepsLeaveEverythingAsItWas(t *testing.T) {
	folder := t.TempDir()
	k := open(t, folder, source.Digits)
	if err := k.Add(operation.List{{Kind: operation.Drop}}); !errors.Is(err, operation.ErrInvalid) {
		t.Errorf("drop of nothing: %v", err)
	}
	for _, c := range []datasets.Choices{
		{Separator: "::"}, {Charset: "EBCDIC"}, {Header: "maybe"}, {Quotes: "?"}, {Roles: map[string]string{"age": "wizard"}},
	} {
		if err := k.Choose(c); !errors.Is(err, datasets.ErrChoice) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 {
		t.Errorf("something was written: %v, %v", entries, err)
	}
}

func TestRecipeTakesWhatIsKept(t *testing.T) {
	folder := t.TempDir()
	k := open(t, folder, "pets.csv")
	if err := k.Choose(datasets.Choices{Label: "breed", Separator: "tab", Header: "no", Roles: map[string]string{"age": "category"}}); err != nil {
		t.Fatal(err)
	}
	if err := k.Add(operation.List{{Kind: operation.Drop, Samples: []string{"1"}}}); err != nil {
		t.Fatal(err)
	}
	d := train.Data{Label: "name"}
	open(t, folder, "pets.csv").Into(&d)
	if d.Label != "name" || d.Separator != "tab" || d.Operations == "" {
		t.Errorf("%+v", d)
	}
	c, err := datasets.Config(train.Recipe{Data: d})
	if err != nil || *c.Read.Separator != '\t' || *c.Read.Header || c.Roles["age"] != "category" || len(c.Operations) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	d.Operations = train.NoOperations
	if c, err := datasets.Config(train.Recipe{Data: d}); err != nil || len(c.Operations) != 0 {
		t.Errorf("none: %v, %v", c.Operations, err)
	}
	d.Operations = filepath.Join(folder, "lost.json")
	if _, err := datasets.Config(train.Recipe{Data: d}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file of operations that is not there: %v", err)
	}
}

func TestAChangedSourceIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	write := func(text string, at time.Time) {
		t.Helper()
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	day := time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC)
	write("a,b\n1,2\n", day)
	folder := t.TempDir()
	k := open(t, folder, path)
	if err := k.Add(operation.List{{Kind: operation.Drop, Samples: []string{"0"}}}); err != nil {
		t.Fatal(err)
	}
	if open(t, folder, path).Changed() {
		t.Error("an untouched file counts as changed")
	}
	write("a,b\n1,2\n", day.Add(time.Second))
	if !open(t, folder, path).Changed() {
		t.Error("a file written since does not count as changed")
	}
}
