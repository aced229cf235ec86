package curves_test

import (
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"athanor/app/curves"
	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
	"athanor/pipeline/train"
	uicurves "athanor/ui/curves"
	"athanor/ui/i18n"
	"athanor/ui/uitest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// makeRun makes a run of epochs with 100 steps each.
func makeRun(t testing.TB, runs, name, optimizer string, epochs int, speed float64) string {
	t.Helper()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	r, err := store.CreateRun(runs, name, at)
	must(t, err)
	recipe := "seed = 1\n[optimizer]\nname = \"" + optimizer + "\"\n"
	must(t, os.WriteFile(filepath.Join(r.Dir(), store.RecipeFile), []byte(recipe), 0o644))
	must(t, r.Begin(epochs, at))
	for step := 1; step <= 100*epochs; step++ {
		f := math.Exp(-float64(step) * speed / 400)
		at = at.Add(20 * time.Millisecond)
		must(t, r.AppendMetric(train.Metric{
			Step: step, Epoch: (step-1)/100 + 1, Time: at, Loss: 2.3*f + 0.1 + 0.2*math.Abs(math.Sin(float64(step*step))),
			Accuracy: 1 - 0.9*f, LearningRate: 0.001, GradientNorm: 1 + f,
		}))
		if step%100 == 0 {
			must(t, r.AppendEvent(train.Epoch{
				Epoch: step / 100, Epochs: epochs, Step: step, TrainLoss: 2*f + 0.1, ValLoss: 2*f + 0.2 + float64(max(0, step-600))/400,
				ValAccuracy: 0.97 - 0.8*f, TrainAccuracy: 1 - 0.8*f, Best: step <= 600,
			}))
		}
		if step == 250 {
			must(t, r.AppendEvent(train.Mark{Kind: train.MarkLearningRate, Step: step, Time: at, Value: 0.5}))
		}
	}
	must(t, r.Close())
	return r.Dir()
}

// screen is the view in a window, with two runs in its list.
func screen(t testing.TB, l i18n.Language) (v *uicurves.View, q *uitest.Queue, w fyne.Window, dirs []string) {
	t.Helper()
	uitest.App(t)
	runs := t.TempDir()
	dirs = []string{makeRun(t, runs, "adam", "adam", 10, 1), makeRun(t, runs, "slow-sgd", "sgd", 8, 0.4)}
	q = uitest.NewQueue()
	v = uicurves.New(uitest.Book(t, l), q.Post)
	w = test.NewTempWindow(t, v)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(1280, 800))
	infos, err := store.ListRuns(runs)
	must(t, err)
	v.ApplyRuns(infos, len(infos), nil)
	return v, q, w, dirs
}

// open applies the charts of runs and waits until they are on screen.
func open(t testing.TB, v *uicurves.View, q *uitest.Queue, dirs ...string) []curves.Shown {
	t.Helper()
	var runs []*curves.Run
	for _, dir := range dirs {
		r, err := curves.Open(dir)
		must(t, err)
		t.Cleanup(func() { _ = r.Close() })
		runs = append(runs, r)
	}
	var shown []curves.Shown
	var charts []uicurves.Chart
	for _, names := range curves.Charts(curves.Metrics(runs)) {
		s, err := curves.Build(runs, names, v.Options())
		must(t, err)
		shown = append(shown, s)
		charts = append(charts, uicurves.Chart{Names: names, Title: names[0], Shown: s})
	}
	v.Apply(runs, charts)
	q.Until(t, 20*time.Second, func() bool {
		for _, c := range v.Charts() {
			if c.Picture() == nil && c.Size().Width > 0 {
				return false
			}
		}
		return true
	})
	return shown
}

func look(t testing.TB, w fyne.Window, name string) {
	t.Helper()
	dir := os.Getenv("CHART_LOOK")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name+".png"))
	must(t, err)
	must(t, png.Encode(f, w.Canvas().Capture()))
	must(t, f.Close())
}

func TestTheScreenInBothLanguages(t *testing.T) {
	for _, l := range i18n.Languages() {
		v, q, w, dirs := screen(t, l)
		look(t, w, "screen-empty-"+string(l))
		open(t, v, q, dirs...)
		look(t, w, "screen-"+string(l))
		if len(v.Charts()) < 4 {
			t.Errorf("%d charts", len(v.Charts()))
		}
		if rows := v.Rows(); len(rows) < 2 || rows[0][1] != "adam" || !contains(rows, "optimizer.name") {
			t.Errorf("differences %v", rows)
		}
	}
}

func contains(rows [][]string, key string) bool {
	for _, r := range rows {
		if r[0] == key {
			return true
		}
	}
	return false
}

func TestChartsAreLinked(t *testing.T) {
	v, q, w, dirs := screen(t, i18n.English)
	open(t, v, q, dirs[0])
	first, second := v.Charts()[0], v.Charts()[1]
	var all [2]float64
	all[0], all[1] = first.Picture().X.Min, first.Picture().X.Max

	first.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(first.Size().Width/2, 60)}})
	if !strings.Contains(v.Values(), "loss") || !strings.Contains(v.Values(), "step") {
		t.Errorf("the values under the pointer read %q", v.Values())
	}
	first.Scrolled(&fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(first.Size().Width/2, 60)}, Scrolled: fyne.NewDelta(0, 60)})
	q.Until(t, 10*time.Second, func() bool { return second.Picture().X.Max < all[1] && second.Picture().X.Min > all[0] })

	first.FocusGained()
	first.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	q.Until(t, 10*time.Second, func() bool { return second.Picture().X.Max == all[1] })

	first.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(300, 60)}, Dragged: fyne.NewDelta(100, 0)})
	first.DragEnd()
	if rows := v.Rows(); len(rows) < 3 || rows[1][0] == "" || rows[1][1] == "–" {
		t.Errorf("the range's rows are %v", rows)
	}
	look(t, w, "screen-range")
	first.DoubleTapped(&fyne.PointEvent{Position: fyne.NewPos(250, 60)})
	q.Until(t, 10*time.Second, func() bool { return second.Picture().X.Max < all[1] && second.Picture().X.Min > all[0] })
	q.Until(t, 10*time.Second, func() bool { return first.Picture().X.Max < all[1] })
	first.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	q.Until(t, 10*time.Second, func() bool { return first.Picture().X.Max == all[1] && second.Picture().X.Max == all[1] })
	first.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if rows := v.Rows(); len(rows) != 0 {
		t.Errorf("rows without a range: %v", rows)
	}
	first.TypedRune('.')
	before := v.Values()
	first.TypedRune('.')
	if before == "" || before == v.Values() {
		t.Errorf("the keyboard does not move the line: %q, then %q", before, v.Values())
	}
	first.TypedRune('[')
	if rows := v.Rows(); len(rows) == 0 {
		t.Error("the keyboard does not mark a range")
	}
}

func TestSentence(t *testing.T) {
	v, q, _, dirs := screen(t, i18n.English)
	open(t, v, q, dirs[0])
	if !strings.Contains(v.Said(), "learns by heart") || !strings.Contains(v.Said(), "epoch 6") {
		t.Errorf("said %q", v.Said())
	}
}

func TestAmount(t *testing.T) {
	if a := uicurves.Amount(curve.EMAKind, 1); a >= 1 {
		t.Errorf("weight %v leaves nothing of the values", a)
	}
	if a := uicurves.Amount(curve.WindowKind, 0); a != 1 {
		t.Errorf("window %v at the slider's start, want 1", a)
	}
}

func TestHoverNamesTheNearestFirst(t *testing.T) {
	s := chart.Spec{Lines: []chart.Line{{Name: "a"}, {Name: "b"}}}
	hits := []chart.Hit{{Line: 1, Point: curve.Point{Y: 0.5}}, {Line: 0, Point: curve.Point{Y: math.NaN()}}}
	text := uicurves.HoverText(uitest.Book(t, i18n.English), "step", s, 1234, hits)
	if !strings.HasPrefix(text, "step 1,234") || strings.Index(text, "b 0.5") > strings.Index(text, "a ") {
		t.Errorf("text %q", text)
	}
}

func TestAMarkTellsItsNameWhereItIs(t *testing.T) {
	spec := chart.Spec{X: chart.Axis{Min: 0, Max: 1000}, Marks: []chart.Mark{{X: 300, Label: "pause"}, {X: 305, Label: "resume"}}}
	p, err := chart.Render(spec, 1000, 300, 1)
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range map[float64]string{299: "pause", 306: "resume", 500: ""} {
		if got := uicurves.MarkNear(p, spec.Marks, x); got != want {
			t.Errorf("at %v it tells %q, want %q", x, got, want)
		}
	}
}
