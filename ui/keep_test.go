package ui_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/project"
	"athanor/app/store"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/ui"
	"athanor/ui/i18n"
	uitrain "athanor/ui/train"
	"athanor/ui/uitest"
	"athanor/ui/widgets"
)

func TestAPackedProjectOpensInAnotherHome(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	s, q, dir := studio(t)
	p, err := project.Create(filepath.Join(dir, "projects"), "Digits", "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.MakeProject(p.Dir)
	s.StartDigits()
	q.Until(t, 20*time.Second, s.Ready)
	s.SetEpochs(1)
	s.StartRun()
	q.Until(t, 60*time.Second, s.Idle)
	packed := filepath.Join(dir, "digits.athanor")
	s.Pack(packed)
	q.Until(t, 20*time.Second, func() bool { _, err := os.Stat(packed); return err == nil && !s.Dialog() })
	steps := s.Points()

	other, q, home := studio(t)
	other.Drop(packed)
	q.Until(t, 20*time.Second, func() bool { return other.ProjectName() == "Digits" })
	runs, err := filepath.Glob(filepath.Join(home, "projects", "*", "runs", "*", "model.onnx"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("the other home has the models %v (%v), want one", runs, err)
	}
	other.OpenRun(filepath.Dir(runs[0]))
	q.Until(t, 30*time.Second, func() bool { return other.Points() > 0 })
	if now := other.Shown(); now.Phase != uitrain.Finished || other.Points() != steps || other.Errors() != 0 {
		t.Errorf("there the run is %v with %d steps of %d, and %d errors were shown", now.Phase, other.Points(), steps, other.Errors())
	}
}

func TestAChartOfARunIsSavedAndCopied(t *testing.T) {
	s, q, dir := learning(t)
	t.Setenv("HOME", dir) // where dialogs begin
	s.StartRun()
	q.Until(t, 60*time.Second, s.Idle)
	s.Go("train")
	for format, begins := range map[string]string{"png": "\x89PNG", "svg": "<?xml", "csv": "line,x,y"} {
		openSaveMenu(t, s)
		uitest.Tap(t, s.Window().Canvas().Overlays().Top(), "Save as "+strings.ToUpper(format))
		q.Until(t, 10*time.Second, func() bool { return uitest.Shows(s.Window().Canvas().Overlays().Top(), "runs") })
		uitest.Tap(t, s.Window().Canvas().Overlays().Top(), "Save")
		var path string // named after the run and what the chart shows
		q.Until(t, 20*time.Second, func() bool {
			found, _ := filepath.Glob(filepath.Join(dir, "*-Loss."+format))
			path = strings.Join(found, " ")
			return len(found) == 1
		})
		if raw, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(raw, []byte(begins)) {
			t.Errorf("%s begins with %q, %v", path, raw[:min(len(raw), 20)], err)
		}
	}
	openSaveMenu(t, s)
	uitest.Tap(t, s.Window().Canvas().Overlays().Top(), "Copy all values")
	q.Until(t, 20*time.Second, func() bool { return fyne.CurrentApp().Clipboard().Content() != "" })
	found, _ := filepath.Glob(filepath.Join(dir, "*-Loss.csv"))
	saved, err := os.ReadFile(strings.Join(found, " "))
	if got := fyne.CurrentApp().Clipboard().Content(); err != nil || got != string(saved) || strings.Count(got, "\n") < s.Points() {
		t.Errorf("%d lines were copied of %d steps (%v)", strings.Count(got, "\n"), s.Points(), err)
	}
}

// openSaveMenu presses the first button with the sign for saving.
func openSaveMenu(t *testing.T, s *ui.Studio) {
	t.Helper()
	var first *widgets.Button
	uitest.Walk(s.Screen(), func(o fyne.CanvasObject) {
		if b, ok := o.(*widgets.Button); ok && first == nil && b.Icon != nil && strings.Contains(b.Icon.Name(), "save") {
			first = b
		}
	})
	if first == nil {
		t.Fatal("no button saves a chart")
	}
	first.OnTapped()
}

func TestOpeningMuchTellsHowFarAndIsCancelled(t *testing.T) {
	s, q, dir := studio(t)
	path := filepath.Join(dir, "much.csv")
	var text bytes.Buffer
	text.WriteString("text,label\n")
	for i := range 400_000 {
		fmt.Fprintf(&text, "a review that says thing number %d,%s\n", i, []string{"good", "bad"}[i%2])
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	s.OpenData(path)
	q.Until(t, 20*time.Second, s.Dialog)
	confirm(t, s)
	q.Until(t, 60*time.Second, func() bool {
		return uitest.Shows(s.Screen(), "Opening much.csv") && uitest.Shows(s.Screen(), " % · ")
	})
	uitest.Tap(t, s.Screen(), "Cancel")
	q.Until(t, 20*time.Second, func() bool { return !uitest.Shows(s.Screen(), "Opening much.csv") })
	if s.Samples() != -1 || s.Errors() != 0 {
		t.Errorf("after Cancel %d samples are open and %d errors were shown", s.Samples(), s.Errors())
	}
}

func TestADatabaseOfANewerVersionIsRefusedInTheWindow(t *testing.T) {
	s, q, dir := studio(t)
	path := filepath.Join(dir, "index.db")
	index, err := store.OpenIndex(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := index.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s.Go("curves")
	q.Until(t, 10*time.Second, func() bool { return s.Errors() > 0 })
	if top := s.Window().Canvas().Overlays().Top(); top == nil || !uitest.Shows(top, "newer version") {
		t.Errorf("no dialog says that the database is of a newer version: %q", uitest.Texts(top))
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the database was changed (%v)", err)
	}
}

// After a crash only what is there is offered: without a run there is none to open.
func TestACrashOffersTheLastRunOnlyWhereThereIsOne(t *testing.T) {
	s, q, dir := studio(t)
	s.SetLanguage(i18n.English)
	s.AfterCrash("panic: gone")
	q.Until(t, 10*time.Second, s.Dialog)
	top := s.Window().Canvas().Overlays().Top()
	if !uitest.Shows(top, "ended unexpectedly") || uitest.Shows(top, "last run") {
		t.Errorf("without a run it says %q", uitest.Texts(top))
	}
	uitest.Tap(t, top, "Close")
	run := filepath.Join(dir, "runs", "20260101-000000-digits")
	if err := os.MkdirAll(run, 0o755); err != nil {
		t.Fatal(err)
	}
	recipe := "task = \"image\"\n[data]\npath = \"digits\"\n"
	if err := os.WriteFile(filepath.Join(run, "recipe.toml"), []byte(recipe), 0o600); err != nil {
		t.Fatal(err)
	}
	s.AfterCrash("panic: gone")
	q.Until(t, 10*time.Second, s.Dialog)
	if top := s.Window().Canvas().Overlays().Top(); !uitest.Shows(top, "Open the last run") {
		t.Errorf("with a run it says %q", uitest.Texts(top))
	}
}

func finished(t *testing.T, dir string) []string {
	t.Helper()
	models, err := filepath.Glob(filepath.Join(dir, "runs", "*", "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(models, func(a, b string) int { // by folder: the second of a second is "…-2", and "-" comes before "/"
		return strings.Compare(filepath.Dir(a), filepath.Dir(b))
	})
	return models
}
