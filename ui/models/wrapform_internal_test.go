package models

import (
	"errors"
	"testing"

	"fyne.io/fyne/v2/test"

	"athanor/inference/onnx"
	"athanor/inference/testenv"
	"athanor/pipeline/wrap"
	"athanor/ui/i18n"
)

// TestAFormDescribesRowsAndPictures: of a model of rows the form asks its columns,
// and says what is not told yet; of one of pictures it asks its classes.
func TestAFormDescribesRowsAndPictures(t *testing.T) {
	test.NewTempApp(t)
	book, err := i18n.Open("en")
	if err != nil {
		t.Fatal(err)
	}
	forest, err := onnx.Load(testenv.SharedData(t, "onnx-small", "sklearn_randomforest.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	f := NewWrapForm(book, true)
	if _, ok := f.Wrap(); ok || f.wrong.Text() != book.T("models.describe.nocolumns") {
		t.Errorf("a model of rows without columns: %v, %q", ok, f.wrong.Text())
	}
	f.columns.SetText("a, b，c\nd")
	f.labels.SetText("x、y,z")
	wrapped, ok := f.Wrap()
	if !ok {
		t.Fatal(f.wrong.Text())
	}
	copied, err := wrapped(forest)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(copied.Graph.Feeds()); n != 4 {
		t.Errorf("the copy reads %d columns, want 4", n)
	}
	f.kind.SetSelectedIndex(0)
	if f.ofRows.Visible() || !f.ofPicts.Visible() {
		t.Error("a model of pictures is asked for columns")
	}
	wrapped, ok = f.Wrap()
	if !ok {
		t.Fatal(f.wrong.Text())
	}
	if _, err := wrapped(forest); !errors.Is(err, wrap.ErrSpec) {
		t.Errorf("a forest described as a model of pictures: %v", err)
	}
	f.labels.SetText(" \n")
	if _, ok := f.Wrap(); ok || f.wrong.Text() != book.T("models.describe.nolabels") {
		t.Errorf("a model of pictures without classes: %v, %q", ok, f.wrong.Text())
	}
}
