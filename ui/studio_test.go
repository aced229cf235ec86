package ui_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"athanor/app/project"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/ui"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/uitest"
)

// studio opens the window in the test driver over an empty home.
func studio(t *testing.T) (*ui.Studio, *uitest.Queue, string) {
	t.Helper()
	dir := t.TempDir()
	q := uitest.NewQueue()
	paths := project.Paths{Data: dir, Config: dir, Cache: filepath.Join(dir, "cache")}
	s, err := ui.Open(t.Context(), uitest.App(t), ui.Options{Post: q.Post, Version: "test", Paths: paths, Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Window().Close)
	return s, q, dir
}

func TestEveryPlaceOpensInBothLanguagesAndLooks(t *testing.T) {
	s, _, dir := studio(t)
	for _, l := range i18n.Languages() {
		s.SetLanguage(l)
		for _, mode := range []look.Mode{look.Light, look.Dark} {
			s.SetLook(mode)
			for _, id := range s.Places() {
				s.Go(id)
				if s.Place() != id {
					t.Fatalf("%s opened %s", id, s.Place())
				}
				if s.Window().Canvas().Content().MinSize().Width > 1024 {
					t.Errorf("%s in %s needs %v units of width, more than 1024", id, l, s.Window().Canvas().Content().MinSize().Width)
				}
			}
		}
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "settings.toml")); err != nil || !strings.Contains(string(raw), "zh") {
		t.Errorf("the language was not kept: %q, %v", raw, err)
	}
}

// The window must not grow beyond the smallest size when a run fills the screen; the
// menu bar takes some of the height.
func TestTheTrainScreenFitsWithARunOnIt(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	const menu = 28
	cutNumber := regexp.MustCompile(`^\d.*…$`)
	s, q, _ := studio(t)
	s.Window().Resize(fyne.NewSize(1024, 700-menu))
	s.StartDigits()
	q.Until(t, 20*time.Second, s.Ready)
	s.SetEpochs(3)
	s.StartRun()
	q.Until(t, 60*time.Second, s.Idle)
	for _, l := range i18n.Languages() {
		s.SetLanguage(l)
		s.Go("train")
		if need := s.Window().Canvas().Content().MinSize(); need.Width > 1024 || need.Height > 700-menu {
			t.Errorf("in %s the finished run needs %v × %v units, more than 1024 × %d", l, need.Width, need.Height, 700-menu)
		}
		for _, o := range test.LaidOutObjects(s.Window().Content()) {
			if text, ok := o.(*canvas.Text); ok && text.TextSize >= look.TextBody && cutNumber.MatchString(text.Text) {
				t.Errorf("in %s a number is cut off: %q", l, text.Text)
			}
		}
	}
}

func TestThreeClicksTrainANetwork(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	s, q, dir := studio(t)
	s.StartDigits()
	q.Until(t, 20*time.Second, s.Ready)
	if !uitest.Shows(s.Window().Content(), "Digits: about 98") {
		t.Error("no card says what to expect of its network")
	}
	s.SetEpochs(1)
	s.StartRun()
	q.Until(t, 60*time.Second, s.Idle)
	runs, err := filepath.Glob(filepath.Join(dir, "runs", "*", "model.onnx"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d models were kept, want 1 (%v)", len(runs), err)
	}
	if got := s.Accuracy(); got < 0.8 {
		t.Errorf("one epoch reached an accuracy of %.3f on the test set", got)
	}
	if s.Errors() != 0 {
		t.Errorf("%d errors were shown", s.Errors())
	}
}

func TestDroppedNonsenseIsExplained(t *testing.T) {
	s, q, dir := studio(t)
	path := filepath.Join(dir, "notes.bin")
	if err := os.WriteFile(path, []byte{1, 2, 3}, 0o600); err != nil {
		t.Fatal(err)
	}
	s.OpenData(path)
	q.Until(t, 10*time.Second, func() bool { return s.Errors() > 0 })
	if s.Window().Canvas().Overlays().Top() == nil {
		t.Error("no dialog tells what happened")
	}
}

func TestPaletteFindsByEitherLanguage(t *testing.T) {
	s, _, _ := studio(t)
	s.OpenPalette()
	top := s.Window().Canvas().Overlays().Top()
	if top == nil {
		t.Fatal("the palette did not open")
	}
	entry := s.Window().Canvas().Focused()
	if entry == nil {
		t.Fatal("the field has no focus")
	}
	for _, r := range "深色" {
		entry.TypedRune(r)
	}
	entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if s.Window().Canvas().Overlays().Top() != nil {
		t.Error("the palette stayed open")
	}
}

// Escape leaves every dialog, also where one of its parts has the focus.
func TestEscapeLeavesDialogs(t *testing.T) {
	s, _, _ := studio(t)
	escape := &fyne.KeyEvent{Name: fyne.KeyEscape}
	for name, open := range map[string]func(){"file": s.ChooseFile, "folder": s.ChooseFolder, "question": s.AskToClose, "name": s.NewProject} {
		open()
		canvas := s.Window().Canvas()
		if canvas.Overlays().Top() == nil {
			t.Fatalf("%s: no dialog opened", name)
		}
		if focused := canvas.Focused(); focused != nil {
			focused.TypedKey(escape)
		} else {
			canvas.OnTypedKey()(escape)
		}
		if top := canvas.Overlays().Top(); top != nil {
			t.Errorf("%s: the dialog stays open", name)
			canvas.Overlays().Remove(top)
		}
	}
}

// Escape leaves a dialog from each of its parts that the Tab key reaches.
func TestEscapeLeavesDialogsFromEveryPart(t *testing.T) {
	s, q, _ := studio(t)
	csv := reviews(t)
	escape := &fyne.KeyEvent{Name: fyne.KeyEscape}
	table := func() {
		s.OpenData(csv)
		q.Until(t, 20*time.Second, s.Dialog)
	}
	for name, open := range map[string]func(){"file": s.ChooseFile, "folder": s.ChooseFolder, "question": s.AskToClose, "name": s.NewProject, "table": table} {
		for part := range 16 {
			open()
			canvas := s.Window().Canvas()
			for range part {
				canvas.FocusNext()
			}
			if canvas.Focused() == nil {
				t.Fatalf("%s: nothing has the focus after %d tabs", name, part)
			}
			canvas.Focused().TypedKey(escape)
			if top := canvas.Overlays().Top(); top != nil {
				t.Errorf("%s: Escape in part %d, a %T, leaves the dialog open", name, part, canvas.Focused())
				canvas.Overlays().Remove(top)
			}
		}
	}
}

// Behind a dialog shortcuts do nothing; the palette gives way to them.
func TestShortcutsWaitForDialogs(t *testing.T) {
	s, _, _ := studio(t)
	press := s.Press
	s.Go("home")
	s.NewProject()
	if press(fyne.Key3); s.Place() != "home" || !s.Dialog() {
		t.Errorf("a shortcut went through a dialog to %s", s.Place())
	}
	s.Window().Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
	press(fyne.KeyK)
	if press(fyne.Key3); s.Place() != "train" || s.Dialog() {
		t.Errorf("from the palette Ctrl+3 leads to %s, dialog %v", s.Place(), s.Dialog())
	}
}
