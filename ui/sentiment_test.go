package ui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"athanor/app/project"
	"athanor/app/training"
	"athanor/inference/runtime"
	"athanor/inference/sentiment"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
	"athanor/ui"
	"athanor/ui/uitest"
)

// sentimentScreen opens the sentiment screen with the shipped models.
func sentimentScreen(t *testing.T) (*ui.Studio, *uitest.Queue, string) {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	s, q, dir := studio(t)
	s.Go("sentiment")
	s.TypeText("")
	return s, q, dir
}

// shows waits until the window shows a text.
func shows(t *testing.T, s *ui.Studio, q *uitest.Queue, text string) {
	t.Helper()
	q.Until(t, 30*time.Second, func() bool { return uitest.Shows(s.Screen(), text) })
}

// opinions writes a table of reviews: two of three like it.
func opinions(t *testing.T, dir string, rows int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("n,cat,day,note,review\n")
	for i := range rows {
		kind := []string{"书", "phone"}[i%2]
		fmt.Fprintf(&b, "%d,%s,2024-%02d-15,x,\"%s\"\n", i, kind, 1+i%3, []string{"非常满意，质量很好", "a great phone, I love it", "太差了，非常失望"}[i%3])
	}
	path := filepath.Join(dir, "opinions.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTypedTextsAreAnsweredAndCorrected(t *testing.T) {
	s, q, dir := sentimentScreen(t)
	s.TypeText("这是一个非常好的产品，非常满意！")
	shows(t, s, q, "reviews-zh+lexicon")
	shows(t, s, q, "满意")
	for _, text := range []string{"n", "no", "not", "not good at all, ", "not good at all, very disappointed"} {
		s.TypeText(text) // the newest is answered, whatever comes between
	}
	shows(t, s, q, "-0.")
	shows(t, s, q, "English")
	for _, text := range []string{"?!……", "12 34", "отличный товар"} {
		s.TypeText(text)
		shows(t, s, q, "No basis")
		s.TypeText("a good phone")
		shows(t, s, q, "English")
	}
	const wrong = "开机半天没反应"
	s.TypeText(wrong)
	shows(t, s, q, "Chinese")
	uitest.Tap(t, s.Screen(), "Negative")
	shows(t, s, q, "1 correction learnt")
	shows(t, s, q, "corrected")
	if b, err := os.ReadFile(s.CorrectionsFile()); err != nil || !strings.Contains(string(b), `{"text":"开机半天没反应","label":"negative"}`) {
		t.Errorf("the corrections hold %q, %v", b, err)
	}
	s.Undo()
	shows(t, s, q, "No corrections yet")
	uitest.Tap(t, s.Screen(), "Positive")
	shows(t, s, q, "1 correction learnt")
	mine, err := project.Create(filepath.Join(dir, "projects"), "mine", "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.MakeProject(mine.Dir)
	shows(t, s, q, "No corrections yet") // every project has its own
	if here := s.CorrectionsFile(); !strings.HasPrefix(here, mine.Dir) {
		t.Errorf("the project's corrections lie in %s", here)
	}
	if s.Errors() != 0 {
		t.Errorf("%d errors were shown", s.Errors())
	}
}

func TestADroppedFileIsJudgedFilteredAndExported(t *testing.T) {
	s, q, dir := sentimentScreen(t)
	s.Drop(opinions(t, dir, 900))
	q.Until(t, 60*time.Second, func() bool { return s.ReviewsFile() != "" })
	shows(t, s, q, "600 · 66.7")
	for _, text := range []string{"2024-02", "书", "phone", "失望"} {
		if !uitest.Shows(s.Screen(), text) {
			t.Errorf("the totals do not show %q", text)
		}
	}
	uitest.Tap(t, s.Screen(), "Row by row")
	shows(t, s, q, "900 of 900 rows")
	uitest.Pick(t, s.Screen(), "Negative")
	shows(t, s, q, "300 of 900 rows")
	uitest.Pick(t, s.Screen(), "2024-01")
	shows(t, s, q, "0 of 900 rows")
	uitest.Pick(t, s.Screen(), "2024-03")
	uitest.Pick(t, s.Screen(), "书")
	shows(t, s, q, "150 of 900 rows")
	to := filepath.Join(dir, "some.jsonl")
	if err := s.SaveRows(to); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(to); err != nil || strings.Count(string(b), "\n") != 150 || strings.Contains(string(b), "phone") {
		t.Errorf("%d lines were saved (%v)", strings.Count(string(b), "\n"), err)
	}
	s.FindReviews("LOVE")
	shows(t, s, q, "300 of 900 rows")
	uitest.Pick(t, s.Screen(), "note") // the column of texts, chosen by hand
	q.Until(t, 60*time.Second, func() bool { return s.ReviewsFile() != "" })
	if s.Errors() != 0 {
		t.Errorf("%d errors were shown", s.Errors())
	}
}

func TestACancelledFileGoesOn(t *testing.T) {
	s, q, dir := sentimentScreen(t)
	s.Drop(opinions(t, dir, 30_000))
	q.Until(t, 60*time.Second, func() bool { return s.ReviewsRead() > 0 })
	uitest.Tap(t, s.Screen(), "Cancel")
	q.Until(t, 60*time.Second, func() bool { return s.ReviewsStopped() || s.ReviewsFile() != "" })
	if s.ReviewsStopped() {
		if s.ReviewsFile() != "" {
			t.Error("a cancelled file is offered as finished")
		}
		uitest.Tap(t, s.Screen(), "Resume")
		q.Until(t, 60*time.Second, func() bool { return s.ReviewsFile() != "" })
	}
	b, err := os.ReadFile(s.ReviewsFile())
	if err != nil || strings.Count(string(b), "\n") != 30_001 {
		t.Errorf("%d lines of 30,001 were written (%v)", strings.Count(string(b), "\n"), err)
	}
}

// TestOtherVerdictsAskFirst: rows that other verdicts would judge differently are not
// gone on with, nor thrown away unasked.
func TestOtherVerdictsAskFirst(t *testing.T) {
	s, q, dir := sentimentScreen(t)
	s.Drop(opinions(t, dir, 60_000))
	q.Until(t, 60*time.Second, func() bool { return s.ReviewsRead() > 0 })
	uitest.Tap(t, s.Screen(), "Cancel")
	q.Until(t, 60*time.Second, func() bool { return s.ReviewsStopped() || s.ReviewsFile() != "" })
	if s.ReviewsFile() != "" {
		t.Fatal("60,000 rows were judged before they could be cancelled")
	}
	s.LearnVerdict("a great phone, I love it", sentiment.Negative)
	q.Until(t, 30*time.Second, func() bool { return s.CorrectionsLearnt() == 1 })
	left := s.ReviewsRead()
	uitest.Tap(t, s.Screen(), "Resume")
	if !s.Dialog() || !s.ReviewsStopped() || s.ReviewsRead() != left {
		t.Fatal("it went on without asking")
	}
	uitest.Tap(t, s.Window().Canvas().Overlays().Top(), "Judge again")
	q.Until(t, 5*time.Minute, func() bool { return s.ReviewsFile() != "" })
	b, err := os.ReadFile(s.ReviewsFile())
	if err != nil || strings.Count(string(b), "corrected") != 20_000 {
		t.Errorf("%d of 20,000 rows follow the correction (%v)", strings.Count(string(b), "corrected"), err)
	}
}

func TestAFileWithoutTextsAsksForTheColumn(t *testing.T) {
	s, q, dir := sentimentScreen(t)
	path := filepath.Join(dir, "numbers.csv")
	if err := os.WriteFile(path, []byte("a,b\n1,2\n3,4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Drop(path)
	q.Until(t, 30*time.Second, func() bool { return s.Errors() == 1 })
	uitest.Pick(t, s.Screen(), "b")
	q.Until(t, 30*time.Second, func() bool { return s.ReviewsFile() != "" })
	shows(t, s, q, "No basis")
}

// TestOwnClassesReachTheScreen: stars, from training to verdict, correction and
// totals; a model of another task is refused.
func TestOwnClassesReachTheScreen(t *testing.T) {
	s, q, dir := sentimentScreen(t)
	var b strings.Builder
	b.WriteString("stars,review\n")
	for i := range 400 {
		star := i % 5
		fmt.Fprintf(&b, "%d,%s number %d\n", star+1, []string{"broken junk", "poor thing", "average box", "nice one", "perfect excellent"}[star], i/5)
	}
	data := filepath.Join(dir, "stars.csv")
	if err := os.WriteFile(data, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "runs", "stars")
	_, err := training.Run(t.Context(), training.Request{Dir: run, Recipe: train.Recipe{
		Task: "text", Threads: 1, Data: train.Data{Path: data, Validation: 0.1, TestSplit: 0.2, Text: "review", Label: "stars"},
		Model: train.Model{Name: "nb-linear"}, Optimizer: train.Optimizer{LearningRate: 0.1}, Train: train.Loop{Epochs: 6, Batch: 16},
	}}, func(train.Event) {})
	if err != nil {
		t.Fatal(err)
	}
	s.Go("home")
	s.Go("sentiment")
	s.ChooseTextModel(filepath.Join(run, train.ModelName))
	s.TypeText("perfect excellent")
	shows(t, s, q, "+0.")
	q.Until(t, 30*time.Second, func() bool { return slices.Contains(uitest.Texts(s.Screen()), "2") })
	if texts := strings.Join(uitest.Texts(s.Screen()), "|"); !strings.Contains(texts, "|5|") || strings.Contains(texts, "|Negative|") {
		t.Errorf("the screen shows %s", texts)
	}
	uitest.Tap(t, s.Screen(), "2")
	shows(t, s, q, "corrected")
	s.Undo()
	s.Drop(data)
	q.Until(t, 30*time.Second, func() bool { return s.ReviewsFile() != "" })
	shows(t, s, q, "80 · 20")
	image := testenv.SharedData(t, "onnx-small", "mnist.onnx")
	s.ChooseTextModel(image)
	q.Until(t, 30*time.Second, func() bool { return s.Errors() == 1 })
	s.TypeText("太差了，非常失望")
	uitest.Tap(t, s.Screen(), "Text")
	shows(t, s, q, "reviews-zh+lexicon")
}
