package train_test

import (
	"image"
	"math"
	"testing"

	"fyne.io/fyne/v2/test"

	"athanor/pipeline/train"
	"athanor/ui/i18n"
	uitrain "athanor/ui/train"
	"athanor/ui/uitest"
	"athanor/ui/widgets"
)

func field(t *testing.T, key string) uitrain.Field {
	t.Helper()
	for _, f := range uitrain.Fields() {
		if f.Key == key {
			return f
		}
	}
	t.Fatalf("no field %s", key)
	return uitrain.Field{}
}

func TestFieldsKeepValuesInRange(t *testing.T) {
	for _, c := range []struct {
		key, typed, want string
		moved, ok        bool
	}{
		{"epochs", "12", "12", false, true},
		{"epochs", " 0 ", "1", true, true},
		{"epochs", "1e9", "10000", true, true},
		{"epochs", "ten", "ten", false, false},
		{"epochs", "", "", false, false},
		{"learning_rate", "0,01", "0.01", false, true},
		{"learning_rate", "-3", "1e-08", true, true},
		{"learning_rate", "NaN", "NaN", false, false},
		{"hidden", "64，32", "64, 32", false, true},
		{"hidden", "0 5", "1, 5", true, true},
		{"hidden", "a", "", false, false},
		{"hidden", "", "", false, true},
	} {
		value, moved, ok := field(t, c.key).Clamp(c.typed)
		if ok != c.ok || moved != c.moved || ok && value != c.want {
			t.Errorf("%s %q: got %q, %v, %v", c.key, c.typed, value, moved, ok)
		}
	}
}

func TestEveryFieldReadsWhatItWrites(t *testing.T) {
	recipe, err := train.Recipe{}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range uitrain.Fields() {
		before := f.Get(&recipe)
		f.Set(&recipe, before)
		if after := f.Get(&recipe); after != before {
			t.Errorf("%s: %q became %q", f.Key, before, after)
		}
	}
}

func TestOnlyTablesEmbedCategories(t *testing.T) {
	f := field(t, "embed")
	for model, suits := range map[string]bool{"table-mlp": true, "mlp": false, "attention": false} {
		if r := (train.Recipe{Model: train.Model{Name: model}}); f.Suits(&r) != suits {
			t.Errorf("%s: the setting suits %v, want %v", model, !suits, suits)
		}
	}
	var r train.Recipe
	if f.Set(&r, "4"); r.Model.Embed != 4 {
		t.Errorf("the recipe holds %d", r.Model.Embed)
	}
}

func TestSentenceTellsWhatTheCurveDoes(t *testing.T) {
	b := uitest.Book(t, i18n.English)
	epoch := func(n int, trainLoss, valLoss float64) train.Epoch {
		return train.Epoch{Epoch: n, TrainLoss: trainLoss, ValLoss: valLoss, TrainAccuracy: 0.9, ValAccuracy: 0.89}
	}
	language := func(n int, loss float64) train.Epoch {
		return train.Epoch{Epoch: n, TrainLoss: loss, ValLoss: .7, Language: true}
	}
	for _, c := range []struct {
		epochs []train.Epoch
		want   string
	}{
		{nil, b.T("sentence.first")},
		{[]train.Epoch{epoch(1, 1, 1), epoch(2, .8, .9)}, b.T("sentence.better", 2, .9)},
		{[]train.Epoch{epoch(1, 1, .5), epoch(2, .8, .6), epoch(3, .6, .7), epoch(4, .5, .8)}, b.T("sentence.overfit", 3, 1)},
		{[]train.Epoch{epoch(1, 1, .5), epoch(2, 1.1, .6), epoch(3, 1, .7), epoch(4, 1, .8)}, b.T("sentence.stalled", 3, 1)},
		{[]train.Epoch{epoch(1, math.NaN(), .5)}, b.T("sentence.nan", 1)},
		{[]train.Epoch{language(1, 5), language(2, 4)}, b.T("sentence.language", 2, 4.0)},
		{[]train.Epoch{language(1, 5), language(2, 4), language(3, 4), language(4, 4), epoch(5, 1, .9)}, b.T("sentence.steady", 5, .9)},
	} {
		if got := uitrain.Sentence(b, c.epochs); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestFormMarksAndResets(t *testing.T) {
	uitest.App(t)
	defaults, err := train.Recipe{}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	form := uitrain.NewForm(uitest.Book(t, i18n.Chinese))
	changed := defaults
	changed.Train.Epochs, changed.Optimizer.LearningRate = 3, 0.5
	form.Apply(changed, defaults)
	if n := form.Modified(); n != 2 {
		t.Errorf("%d settings marked, want 2", n)
	}
	calls := 0
	form.OnChange = func() { calls++ }
	form.ResetAll()
	if n := form.Modified(); n != 0 || calls != 1 || form.Recipe().Train.Epochs != defaults.Train.Epochs {
		t.Errorf("%d marked after reset, %d calls, %d epochs", n, calls, form.Recipe().Train.Epochs)
	}
}

func TestViewWishesOnlyWhatMakesSense(t *testing.T) {
	uitest.App(t)
	v := uitrain.New(uitest.Book(t, i18n.English))
	w := test.NewTempWindow(t, v)
	w.Resize(v.MinSize())
	var wishes []string
	v.OnStart = func(train.Recipe) { wishes = append(wishes, "start") }
	v.OnPause = func() { wishes = append(wishes, "pause") }
	v.OnStop = func() { wishes = append(wishes, "stop") }
	v.OnData = func() { wishes = append(wishes, "data") }
	v.Start()
	recipe, err := train.Recipe{}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	v.ApplySetup(uitrain.Setup{Data: "digits", Recipe: recipe, Defaults: recipe})
	v.Pause()
	v.Stop()
	v.Start()
	v.Apply(uitrain.Snapshot{Run: "a", Phase: uitrain.Running})
	v.Start()
	v.Pause()
	v.Stop()
	want := []string{"data", "start", "start", "pause", "stop"} // the second waits for its turn
	if len(wishes) != len(want) {
		t.Fatalf("got %v, want %v", wishes, want)
	}
	for i := range want {
		if wishes[i] != want[i] {
			t.Errorf("got %v, want %v", wishes, want)
		}
	}
}

func TestCurvesShareIsAMoment(t *testing.T) {
	uitest.App(t)
	var c uitrain.Curves
	for i := range 10 {
		c.Step(train.Metric{Step: i + 1, Loss: 1, Accuracy: .5})
	}
	c.Epoch(train.Epoch{Epoch: 1, Step: 10, ValLoss: .7, ValAccuracy: .6})
	moment := c.Share()
	c.Step(train.Metric{Step: 11, Loss: 2})
	if moment.Points() != 10 || c.Points() != 11 {
		t.Errorf("got %d and %d points", moment.Points(), c.Points())
	}
	spec := moment.LossSpec([2]string{"t", "v"}, widgets.ChartTheme())
	if len(spec.Lines) != 3 || spec.Lines[2].Samples.Len() != 1 || len(spec.Lines[2].Dots) != 1 {
		t.Errorf("the chart lacks something: %d lines", len(spec.Lines))
	}
}

func TestOneSpikeDoesNotFlattenTheCurve(t *testing.T) {
	uitest.App(t)
	var c uitrain.Curves
	for i := range 5000 {
		c.Step(train.Metric{Step: i + 1, Loss: 1 + float64(i%10)/10})
	}
	c.Step(train.Metric{Step: 5001, Loss: 1e6})
	c.Step(train.Metric{Step: 5002, Loss: math.NaN()})
	c.Epoch(train.Epoch{Epoch: 1, Step: 5002, ValLoss: 3, ValAccuracy: .6})
	y := c.LossSpec([2]string{"t", "v"}, widgets.ChartTheme()).Y
	if y.Min > 1 || y.Min < 0.5 || y.Max < 3 || y.Max > 4 {
		t.Errorf("the axis shows %v to %v, want about 1 to 3", y.Min, y.Max)
	}
}

func TestPlotDrawsTheNewestOrder(t *testing.T) {
	uitest.App(t)
	q := uitest.NewQueue()
	p := uitrain.NewPlot(q.Post)
	w := test.NewTempWindow(t, p.View)
	w.Resize(p.View.MinSize().AddWidthHeight(200, 100))
	var c uitrain.Curves
	for i := range 500 {
		c.Step(train.Metric{Step: i + 1, Loss: 1 / float64(i+1)})
	}
	before := w.Canvas().Capture()
	p.Draw(c.LossSpec([2]string{"t", "v"}, widgets.ChartTheme()))
	drawn := false
	q.Until(t, 10e9, func() bool {
		if !drawn {
			drawn = differ(before, w.Canvas().Capture())
		}
		return drawn
	})
}

func differ(a, b image.Image) bool {
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if a.At(x, y) != b.At(x, y) {
				return true
			}
		}
	}
	return false
}

// TestFormTeachesANetworkFromAFile: a choice of what is taught shows the settings
// that matter for it, begins at the last layer, and changes no other recipe.
func TestFormTeachesANetworkFromAFile(t *testing.T) {
	uitest.App(t)
	for _, language := range []i18n.Language{i18n.English, i18n.Chinese} {
		book := uitest.Book(t, language)
		defaults, err := train.Recipe{Transfer: &train.Transfer{Model: "net.onnx", Head: true, Rate: 0.1}}.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		form := uitrain.NewForm(book)
		form.SetLayers([]uitrain.Start{{Node: "conv1", Title: "conv1"}, {Node: "conv2", Title: "conv2"}}, false)
		form.Apply(defaults, defaults)
		form.Choose("teach", uitrain.TeachLow)
		if r := form.Recipe(); uitrain.Teaching(&r) != uitrain.TeachHead {
			t.Error("low-rank additions are offered for a network without matrices")
		}
		form.SetLayers([]uitrain.Start{{Node: "conv1", Title: "conv1"}, {Node: "conv2", Title: "conv2"}}, true)
		for _, c := range []struct {
			what, shows, hides string
			rate               float64
		}{
			{uitrain.TeachFrom, "layer", "head_units", 0.003},
			{uitrain.TeachLow, "rank", "layer", 0.003},
			{uitrain.TeachAll, "layer_decay", "rank", 0.003},
			{uitrain.TeachHead, "head_units", "layer_decay", 0.002},
		} {
			form.Choose("teach", c.what)
			r := form.Recipe()
			if got := uitrain.Teaching(&r); got != c.what {
				t.Errorf("chose %s, the recipe teaches %s", c.what, got)
			}
			if !field(t, c.shows).Suits(&r) || field(t, c.hides).Suits(&r) {
				t.Errorf("%s: %s or %s are not shown as they should be", c.what, c.shows, c.hides)
			}
			if r.Optimizer.LearningRate != c.rate {
				t.Errorf("%s: learning rate %g, want %g", c.what, r.Optimizer.LearningRate, c.rate)
			}
			if batch := map[bool]int{true: 128, false: 32}[c.what == uitrain.TeachHead]; r.Train.Batch != batch {
				t.Errorf("%s: batches of %d, want %d", c.what, r.Train.Batch, batch)
			}
			if _, err := r.Resolve(); err != nil {
				t.Errorf("%s: %v", c.what, err)
			}
			if c.what == uitrain.TeachFrom && r.Transfer.From != "conv2" {
				t.Errorf("it begins from %q", r.Transfer.From)
			}
		}
		if !defaults.Transfer.Head || defaults.Transfer.Rank != 0 {
			t.Error("the defaults were changed, too")
		}
		for _, f := range uitrain.Fields() {
			if !book.Has("field." + f.Key) {
				t.Errorf("%s: field.%s has no text", language, f.Key)
			}
		}
	}
}

func TestPixelsByTheirUsualNames(t *testing.T) {
	r := train.Recipe{Transfer: &train.Transfer{Model: "net.onnx"}, Model: train.Model{Name: train.GivenName}}
	pixels := field(t, "pixels")
	for _, name := range pixels.Choices {
		pixels.Set(&r, name)
		if got := pixels.Get(&r); got != name {
			t.Errorf("%s became %s", name, got)
		}
	}
	r.Transfer.Scale = 0.5
	if got := pixels.Get(&r); got != "" {
		t.Errorf("a scale of its own counts as %q", got)
	}
}
