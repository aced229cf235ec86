package ui_test

import (
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
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
)

// learning opens the digits with a short run ahead.
func learning(t *testing.T) (*ui.Studio, *uitest.Queue, string) {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	s, q, dir := studio(t)
	s.StartDigits()
	q.Until(t, 20*time.Second, s.Ready)
	s.SetEpochs(1)
	return s, q, dir
}

func TestRunsWaitInTheOrderAPersonGivesThem(t *testing.T) {
	s, q, dir := learning(t)
	s.StartRun()
	s.StartRun() // the very same: not twice
	for seed := range uint64(3) {
		s.SetSeed(10 + seed)
		s.StartRun()
	}
	waiting := s.Waiting()
	if len(waiting) != 3 {
		t.Fatalf("%d runs wait, want 3", len(waiting))
	}
	s.MoveRun(waiting[2], 0)
	q.Until(t, 5*time.Second, func() bool { return s.Waiting()[0] == waiting[2] })
	s.RemoveRun(waiting[0])
	q.Until(t, 5*time.Second, func() bool { return len(s.Waiting()) == 2 })
	q.Until(t, 120*time.Second, func() bool { return s.Idle() && len(s.Waiting()) == 0 && len(finished(t, dir)) == 3 })
	var seeds []string
	for _, model := range finished(t, dir) {
		info, err := store.ReadInfo(filepath.Dir(model))
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, info.Recipe["seed"])
	}
	if want := []string{"1", "12", "11"}; !slices.Equal(seeds, want) {
		t.Errorf("the seeds were trained in the order %v, want %v", seeds, want)
	}
}

func TestAStoppedRunGoesOnWithItsHistory(t *testing.T) {
	s, q, dir := learning(t)
	s.SetEpochs(4)
	s.StartRun()
	q.Until(t, 60*time.Second, func() bool { return s.Epochs() >= 2 })
	s.StopRun()
	q.Until(t, 60*time.Second, s.Idle)
	runs, err := store.RunDirs(filepath.Join(dir, "runs"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("%v, %v", runs, err)
	}
	before := s.Points()
	s.Resume(runs[0])
	q.Until(t, 30*time.Second, func() bool { return !s.Idle() })
	q.Until(t, 120*time.Second, func() bool { return s.Idle() && s.Epochs() == 4 })
	if want := 4 * ((9000 + 31) / 32); s.Points() != want || before >= want {
		t.Errorf("%d steps are on screen after %d before, want all %d", s.Points(), before, want)
	}
	if runs, err = store.RunDirs(filepath.Join(dir, "runs")); err != nil || len(runs) != 1 {
		t.Errorf("continuing made other runs: %v, %v", runs, err)
	}
}

func TestAStoppedRunIsShownAgainAndContinuedFromTheTrainScreen(t *testing.T) {
	s, q, dir := learning(t)
	s.SetEpochs(3)
	s.StartRun()
	q.Until(t, 60*time.Second, func() bool { return s.Epochs() >= 1 })
	s.StopRun()
	q.Until(t, 60*time.Second, s.Idle)
	if !s.Shown().Resumable {
		t.Error("a run that was just stopped does not offer to continue")
	}
	runs, err := store.RunDirs(filepath.Join(dir, "runs"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("%v, %v", runs, err)
	}
	had := s.Points()
	s.SetSeed(7)
	s.SetEpochs(1)
	s.StartRun()
	q.Until(t, 60*time.Second, func() bool { return s.Idle() && s.Points() != had })
	s.OpenRun(runs[0])
	q.Until(t, 30*time.Second, func() bool { return s.Shown().Run == runs[0] })
	if now := s.Shown(); s.Points() != had || now.Phase != uitrain.Stopped || !now.Resumable || now.Progress.Epochs != 3 {
		t.Errorf("opened again it has %d steps of %d and is %+v", s.Points(), had, now)
	}
	s.PressContinue()
	q.Until(t, 30*time.Second, func() bool { return !s.Idle() })
	q.Until(t, 120*time.Second, func() bool { return s.Idle() && s.Epochs() == 3 })
	if now := s.Shown(); now.Phase != uitrain.Finished || now.Resumable {
		t.Errorf("at its end it is %+v", now)
	}
}

func TestTheTableFollowsPartClassAndFixes(t *testing.T) {
	s, q, _ := studio(t)
	s.OpenData(reviews(t))
	q.Until(t, 20*time.Second, s.Dialog)
	confirm(t, s)
	q.Until(t, 30*time.Second, func() bool { return s.Samples() > 0 && s.Findings() != nil && s.Rows().Len() > 0 })
	for part := range 2 {
		for class := -1; class < 2; class++ {
			s.ShowPart(part)
			s.ShowClass(class)
			q.Until(t, 20*time.Second, func() bool { return s.Rows().Len() == s.ListedSamples() })
			if class >= 0 {
				want := s.Rows().Cell(0, 2)
				for i := range s.Rows().Len() {
					if got := s.Rows().Cell(i, 2); got != want {
						t.Fatalf("part %d, class %d: row %d is %q among %q", part, class, i, got, want)
					}
				}
			}
		}
	}
	s.ShowPart(0)
	s.ShowClass(-1)
	had := s.Samples()
	s.Fix("duplicates")
	q.Until(t, 30*time.Second, func() bool { return s.Samples() < had && s.Rows().Len() == s.Samples() })
}

func TestACellOfTheMatrixHoldsItsSamples(t *testing.T) {
	s, q, _ := learning(t)
	s.StartRun()
	q.Until(t, 60*time.Second, s.Idle)
	total := 0
	for truth := range 10 {
		for predicted := range 10 {
			total += len(s.Cell(truth, predicted))
		}
	}
	if total != 1000 {
		t.Errorf("the cells hold %d samples, want the 1000 of the validation part", total)
	}
	if right := len(s.Cell(3, 3)); right < 50 {
		t.Errorf("%d threes are recognised", right)
	}
}

// frames writes pictures of a colour into a folder that stands for a camera.
func frames(t *testing.T, c color.RGBA) string {
	t.Helper()
	dir := t.TempDir()
	img := image.NewRGBA(image.Rect(0, 0, 80, 60))
	for i := range img.Pix {
		img.Pix[i] = []uint8{c.R, c.G, c.B, 255}[i%4]
	}
	f, err := os.Create(filepath.Join(dir, "frame.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(f, img, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestClassesAreTaughtWithACamera(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	s, q, dir := studio(t)
	s.Teach()
	for i, class := range []string{"红", "blue"} {
		s.AddClass(class)
		s.Watch(video(t, i))
		s.Hold(class)
		q.Until(t, 30*time.Second, func() bool { return s.Taken(class) >= 6 })
		s.Release()
	}
	files, err := filepath.Glob(filepath.Join(dir, "captures", "webcam", "红", "*.jpg"))
	if err != nil || len(files) < 6 {
		t.Fatalf("%d pictures are on disk, %v", len(files), err)
	}
	had := s.Taken("blue")
	s.TakeBack("blue")
	if s.Taken("blue") != had-1 {
		t.Errorf("%d pictures after one of %d was taken back", s.Taken("blue"), had)
	}
	s.TrainOnTaken()
	q.Until(t, 30*time.Second, func() bool { return s.Samples() > 0 })
	if s.Samples() < 9 {
		t.Errorf("%d training samples of %d pictures", s.Samples(), len(files)+had-1)
	}
}

// video is a folder of many pictures in one colour, which plays like a video.
func video(t *testing.T, which int) string {
	t.Helper()
	return frames(t, []color.RGBA{{R: 200}, {B: 200}}[which])
}

func TestNamesThatAreNoFoldersAreRefused(t *testing.T) {
	s, _, _ := studio(t)
	s.Teach()
	s.AddClass("../outside")
	if s.Errors() != 1 || !s.Dialog() {
		t.Error("a class named ../outside was made")
	}
}

// reviews writes a table with a row twice and one without a label.
func reviews(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("text,label\n")
	for i := range 60 {
		fmt.Fprintf(&b, "a review that says thing number %d,%s\n", i, []string{"good", "bad"}[i%2])
	}
	b.WriteString("a review that says thing number 3,bad\na review that says thing number 3,bad\n")
	path := filepath.Join(t.TempDir(), "reviews.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindingsAreMendedAndTakenBack(t *testing.T) {
	s, q, _ := studio(t)
	path := reviews(t)
	s.OpenData(path)
	q.Until(t, 20*time.Second, s.Dialog) // how shall the table be read?
	confirm(t, s)
	q.Until(t, 30*time.Second, func() bool { return s.Samples() > 0 && s.Findings() != nil })
	if width := s.Window().Canvas().Content().MinSize().Width; width > 1024 {
		t.Errorf("with a table open the screen needs %v units, more than 1024", width)
	}
	had := s.Samples()
	if !slices.Contains(s.Findings(), "duplicates") {
		t.Fatalf("findings with a fix: %v, want duplicates", s.Findings())
	}
	s.Fix("duplicates")
	q.Until(t, 30*time.Second, func() bool { return s.Samples() != had && s.Findings() != nil })
	if slices.Contains(s.Findings(), "duplicates") || s.Samples() >= had {
		t.Errorf("after the fix %d samples of %d and %v", s.Samples(), had, s.Findings())
	}
	s.Undo()
	q.Until(t, 30*time.Second, func() bool { return s.Samples() == had && s.Findings() != nil })
	if !slices.Contains(s.Findings(), "duplicates") {
		t.Errorf("after undo: %v", s.Findings())
	}
	if raw, err := os.ReadFile(path); err != nil || strings.Count(string(raw), "\n") != 63 {
		t.Errorf("the source was changed: %v", err)
	}
}

// confirm presses the dialog's button that has the focus.
func confirm(t *testing.T, s *ui.Studio) {
	t.Helper()
	focused := s.Window().Canvas().Focused()
	if focused == nil {
		t.Fatal("no button has the focus")
	}
	focused.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
}

func TestAProjectIsPackedAndOpenedAgain(t *testing.T) {
	s, q, dir := studio(t)
	p, err := project.Create(filepath.Join(dir, "projects"), "Küche 厨房", "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.MakeProject(p.Dir)
	packed := filepath.Join(dir, "kitchen.athanor")
	s.Pack(packed)
	q.Until(t, 20*time.Second, func() bool { _, err := os.Stat(packed); return err == nil && !s.Dialog() })
	s.MakeProject("")
	if s.ProjectName() != "" {
		t.Fatal("the project stayed open")
	}
	s.Drop(packed)
	q.Until(t, 20*time.Second, func() bool { return s.ProjectName() != "" })
	if s.ProjectName() != p.Name {
		t.Errorf("the project is called %q, want %q", s.ProjectName(), p.Name)
	}
	all, err := project.List(filepath.Join(dir, "projects"))
	if err != nil || len(all) != 2 {
		t.Errorf("%d projects, %v", len(all), err)
	}
}

func TestARunWhoseDataMovedAsksWhereTheyAre(t *testing.T) {
	s, _, dir := studio(t)
	run := filepath.Join(dir, "runs", "20260101-000000-moved")
	if err := os.MkdirAll(run, 0o755); err != nil {
		t.Fatal(err)
	}
	recipe := "task = \"image\"\n[data]\npath = \"" + filepath.ToSlash(filepath.Join(dir, "gone")) + "\"\n"
	if err := os.WriteFile(filepath.Join(run, "recipe.toml"), []byte(recipe), 0o600); err != nil {
		t.Fatal(err)
	}
	s.OpenRun(run)
	if !s.Dialog() || s.Errors() != 0 {
		t.Errorf("dialog %v, %d errors", s.Dialog(), s.Errors())
	}
}

func TestAugmentationIsTheNextRuns(t *testing.T) {
	s, q, _ := learning(t)
	s.SetAugment("rotate=20")
	q.Until(t, 5*time.Second, func() bool { return s.Augment() == "rotate=20" })
	s.StartRun()
	q.Until(t, 60*time.Second, s.Idle)
	if s.Errors() != 0 {
		t.Errorf("%d errors were shown", s.Errors())
	}
}

func TestEveryTextOfANewScreenIsChinese(t *testing.T) {
	s, _, _ := studio(t)
	s.SetLanguage(i18n.Chinese)
	for _, open := range []func(){s.Teach, s.OpenPalette} {
		open()
		if s.Errors() != 0 {
			t.Fatal("an error was shown")
		}
	}
}

func TestClosingDuringTrainingAsksAndKeepsTheRunResumable(t *testing.T) {
	s, q, dir := learning(t)
	s.SetEpochs(500)
	s.StartRun()
	q.Until(t, 60*time.Second, func() bool { return s.Epochs() >= 1 })
	s.PressClose()
	if !s.Dialog() {
		t.Fatal("the window closes without asking")
	}
	s.End()
	runs, err := store.RunDirs(filepath.Join(dir, "runs"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("%v, %v", runs, err)
	}
	info, err := store.ReadInfo(runs[0])
	if err != nil || info.Status.State != store.Interrupted {
		t.Errorf("the run is %s (%v), want interrupted", info.Status.State, err)
	}
	if left, err := filepath.Glob(filepath.Join(runs[0], "checkpoints", "step-*.safetensors")); err != nil || len(left) == 0 {
		t.Errorf("no checkpoint is left: %v", err)
	}
}

func TestASuggestedRateBecomesTheNextRuns(t *testing.T) {
	s, q, _ := learning(t)
	s.FindRate()
	q.Until(t, 60*time.Second, func() bool { return s.FoundRate() > 0 })
	if got := s.UseRate(); got < 1e-4 || got > 0.1 || s.Dialog() {
		t.Errorf("the next run's rate is %v, dialog %v", got, s.Dialog())
	}
}

func TestASampleIsLeftOutAndComesBack(t *testing.T) {
	s, q, _ := learning(t)
	s.Go("data")
	had := s.Samples()
	s.DropSample(5)
	q.Until(t, 30*time.Second, func() bool { return s.Samples() == had-1 })
	s.Undo()
	q.Until(t, 30*time.Second, func() bool { return s.Samples() == had })
}
