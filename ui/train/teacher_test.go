package train_test

import (
	"testing"

	"fyne.io/fyne/v2/test"

	"athanor/pipeline/train"
	"athanor/ui/i18n"
	uitrain "athanor/ui/train"
	"athanor/ui/uitest"
)

// TestATeacherBringsItsSettings: a chosen file shows temperature, share and pixels,
// which go into the recipe; taking it back leaves labels alone. Recipes that were
// handed out before do not change.
func TestATeacherBringsItsSettings(t *testing.T) {
	uitest.App(t)
	defaults, err := train.Recipe{}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	form := uitrain.NewForm(uitest.Book(t, i18n.English))
	form.Apply(defaults, defaults)
	temperature := field(t, "temperature")
	if temperature.Suits(&defaults) {
		t.Error("a temperature is asked for without a teacher")
	}
	form.Choose("teacher", "/big.onnx")
	first := form.Recipe()
	if d := first.Distill; d == nil || d.Model != "/big.onnx" || d.Temperature != 4 || d.Weight != 0.7 || !temperature.Suits(&first) {
		t.Fatalf("the recipe learns from %+v", first.Distill)
	}
	form.Choose("temperature", "500")
	form.Choose("share", "0,5")
	form.Choose("teacher_pixels", "imagenet")
	form.Choose("teacher_order", "bgr")
	d := form.Recipe().Distill
	if d.Temperature != 100 || d.Weight != 0.5 || len(d.Mean) != 3 || !d.Swap || first.Distill.Temperature != 4 {
		t.Errorf("it became %+v, the first is %+v", d, first.Distill)
	}
	form.Choose("share", "half")
	if form.Recipe().Distill.Weight != 0.5 {
		t.Error("a share that is no number was taken")
	}
	if _, err := form.Recipe().Resolve(); err != nil {
		t.Error(err)
	}
	form.ResetAll()
	if form.Recipe().Distill != nil {
		t.Error("the teacher stays after a reset")
	}
}

// TestPatternsOfNames: unfinished ones are refused and said, others go into the
// recipe, and a head alone forgets them.
func TestPatternsOfNames(t *testing.T) {
	uitest.App(t)
	defaults, err := train.Recipe{Transfer: &train.Transfer{Model: "net.onnx", Rate: 0.1}}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	form := uitrain.NewForm(uitest.Book(t, i18n.Chinese))
	form.Apply(defaults, defaults)
	form.Choose("only", "layer4.*，*.bias")
	form.Choose("freeze", "[a")
	r := form.Recipe().Transfer
	if len(r.Train) != 2 || r.Train[1] != "*.bias" || len(r.Freeze) != 0 {
		t.Errorf("the recipe trains %q and freezes %q", r.Train, r.Freeze)
	}
	form.Choose("teach", uitrain.TeachLow)
	form.Choose("keep", train.KeepAdapter)
	form.Choose("rank", "4")
	if r := form.Recipe().Transfer; r.Keep != train.KeepAdapter || r.Rank != 4 || r.Alpha != 8 || len(r.Train) != 2 {
		t.Errorf("low-rank training is %+v", r)
	}
	form.Choose("teach", uitrain.TeachHead)
	next := form.Recipe()
	if r := next.Transfer; len(r.Train) != 0 || r.Rank != 0 || r.Keep != "" {
		t.Errorf("a head alone has %+v", r)
	}
	if _, err := next.Resolve(); err != nil {
		t.Error(err)
	}
}

// TestLayersArePickedByPattern: what a pattern matches is counted and offered, an
// unfinished one matches nothing.
func TestLayersArePickedByPattern(t *testing.T) {
	uitest.App(t)
	weights := []uitrain.Weight{
		{Name: "conv1.weight", Node: "conv1", Kind: "Conv", Shape: []int{8, 1, 3, 3}, Numbers: 72, Blocked: "Hardmax"},
		{Name: "layer4.weight", Node: "layer4", Kind: "MatMul", Shape: []int{8, 4}, Numbers: 32, Trained: true},
		{Name: "layer4.bias", Node: "layer4", Kind: "MatMul", Shape: []int{4}, Numbers: 4, Trained: true},
	}
	list := uitrain.NewLayerList(uitest.Book(t, i18n.English), "features", weights)
	w := test.NewTempWindow(t, list)
	w.Resize(list.MinSize())
	for pattern, want := range map[string]int{"": 3, "layer4.*": 2, "*.bias, conv*": 2, "[a": 0, "nothing": 0} {
		list.Try(pattern)
		if got := list.Shown(); len(got) != want {
			t.Errorf("%q matches %q", pattern, got)
		}
	}
}
