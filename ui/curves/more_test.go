package curves_test

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/curves"
	"athanor/app/store"
	"athanor/pipeline/train"
	uicurves "athanor/ui/curves"
	"athanor/ui/i18n"
	"athanor/ui/uitest"
)

func TestChartsOfAllSizesHaveTheirPlaces(t *testing.T) {
	one, wide, tall := curves.Size{Wide: 1, High: 1}, curves.Size{Wide: 2, High: 1}, curves.Size{Wide: 1, High: 2}
	places, rows := uicurves.Place([]curves.Size{one, wide, tall, one, one}, 2)
	want := []uicurves.Cell{{X: 0, Y: 0}, {X: 0, Y: 1}, {X: 0, Y: 2}, {X: 1, Y: 0}, {X: 1, Y: 2}}
	for i, p := range places {
		if p != want[i] {
			t.Errorf("chart %d is at %v, want %v", i, p, want[i])
		}
	}
	if rows != 4 {
		t.Errorf("%d rows, want 4", rows)
	}
	if places, _ := uicurves.Place([]curves.Size{{Wide: 3, High: 1}}, 1); places[0] != (uicurves.Cell{}) {
		t.Errorf("a chart wider than the window is at %v", places[0])
	}
}

func TestChartsAreTakenAwayAndResized(t *testing.T) {
	v, q, _, dirs := screen(t, i18n.English)
	open(t, v, q, dirs[0])
	var before, after curves.Board
	v.OnBoard = func(b, a curves.Board) { before, after = b, a }
	v.Remove(0)
	if len(before.Removed) != 0 || len(after.Removed) != 1 || after.Removed[0] != "loss + val_loss" {
		t.Errorf("taken away: before %v, after %v", before.Removed, after.Removed)
	}
	v.ResizeChart(1, 1, 0)
	if got := after.Size([]string{"accuracy", "val_accuracy"}); got.Wide != 2 {
		t.Errorf("size %v", got)
	}
	if items := v.AddItems(); len(items) == 0 || items[0] != "loss + val_loss" {
		t.Errorf("offered again: %v", items)
	}
}

func TestSnapshotsAreWalkedByKeyboard(t *testing.T) {
	v, q, w, dirs := screen(t, i18n.English)
	open(t, v, q, dirs[0])
	list := []train.Snapshot{{Step: 100, Epoch: 1, ValAccuracy: 0.5, ValLoss: 1}, {Step: 200, Epoch: 2, ValAccuracy: 0.75, ValLoss: 0.5}}
	run := v.Current()
	v.ApplySnapshots(run, list)
	var forked []train.Snapshot
	v.OnFork = func(r *curves.Run, s train.Snapshot) { forked = append(forked, s) }
	v.Fork()
	w.Canvas().Focus(v.Slider())
	v.Slider().TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	v.Fork()
	if len(forked) != 2 || forked[0].Step != 200 || forked[1].Step != 100 {
		t.Errorf("forked %+v", forked)
	}
	look(t, w, "screen-snapshots")
	v.ApplySnapshots(nil, nil)
	v.Fork()
	if len(forked) != 2 {
		t.Error("a run without snapshots can be forked")
	}
}

func TestForkForm(t *testing.T) {
	uitest.App(t)
	recipe, err := train.Recipe{Task: "image", Threads: 1}.Resolve()
	must(t, err)
	f := uicurves.NewForkForm(uitest.Book(t, i18n.Chinese), recipe, train.Snapshot{Epoch: 10, Step: 2820}, "a@10")
	r, ok := f.Recipe()
	if !ok || r.Train.Epochs != 11 || r.Name != "a@10" || r.Optimizer.LearningRate != recipe.Optimizer.LearningRate {
		t.Errorf("as offered: %v %+v", ok, r.Train)
	}
	for _, c := range []struct{ epochs, rate, batch string }{{"10", "0.1", "32"}, {"x", "0.1", "32"}, {"12", "-1", "32"}, {"12", "0.1", "0"}, {"12", "", "32"}} {
		f.Fill(c.epochs, c.rate, c.batch, "sgd")
		if _, ok := f.Recipe(); ok || f.Problem() == "" {
			t.Errorf("%+v is taken", c)
		}
	}
	f.Fill("12", "0.1", "64", "sgd")
	if r, ok := f.Recipe(); !ok || r.Optimizer.Name != "sgd" || r.Optimizer.Beta1 != 0 || r.Train.Batch != 64 {
		t.Errorf("changed: %v %+v", ok, r.Optimizer)
	}
}

func TestSamplesAreChosenByKeyboard(t *testing.T) {
	for _, l := range i18n.Languages() {
		v, q, w, dirs := screen(t, l)
		open(t, v, q, dirs[0])
		var excluded []int
		v.OnSampleExclude = func(places []int) { excluded = places }
		batch := uicurves.BatchView{Title: "step 7", Classes: []string{"0", "1"}, Samples: []uicurves.SampleView{{Caption: "a"}, {Caption: "b"}, {Caption: "c"}}}
		v.ApplyBatch(batch)
		v.Exclude()
		if excluded != nil {
			t.Error("nothing is chosen, yet samples are excluded")
		}
		v.Cell(2).TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
		v.Cell(0).TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		v.ApplyBatch(batch) // what is chosen stays
		v.Exclude()
		if len(excluded) != 2 || excluded[0] != 2 || excluded[1] != 0 {
			t.Errorf("excluded %v, want [2 0]", excluded)
		}
		look(t, w, "screen-batch-"+string(l))
		batch.Pending = 1
		v.ApplyBatch(batch) // after a change nothing is
		excluded = nil
		if v.Exclude(); excluded != nil {
			t.Errorf("excluded %v again", excluded)
		}
	}
}

func TestSideBySideByKeyboard(t *testing.T) {
	v, q, w, _ := screen(t, i18n.English)
	var infos []store.Info
	for i, rate := range []string{"0.0001", "0.01", "0.1"} {
		infos = append(infos, store.Info{
			Dir: rate, Name: "run " + rate, Recipe: map[string]string{"optimizer.learning_rate": rate},
			Status: store.Status{Best: map[string]float64{"val_accuracy": 0.9 + float64(i)/100}},
		})
	}
	v.ApplyRuns(infos, len(infos), nil)
	var selected []string
	v.OnSelect = func(dirs []string) { selected = dirs }
	side := v.SideBySide()
	q.Until(t, 10*time.Second, func() bool { return v.SideDrawn() })
	w.Canvas().Focus(side)
	for _, k := range []fyne.KeyName{fyne.KeyRight, fyne.KeyUp, fyne.KeyUp, fyne.KeyReturn} {
		side.TypedKey(&fyne.KeyEvent{Name: k})
	}
	if len(selected) != 1 || selected[0] != "0.01" {
		t.Errorf("looked at %v, want the second by accuracy", selected)
	}
	side.TypedRune('[')
	side.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	side.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	side.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if len(selected) != 0 {
		t.Errorf("the run that the stretch hides was reached: %v", selected)
	}
	look(t, w, "screen-parallel")
}
