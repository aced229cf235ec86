package train

import (
	"errors"
	"math"
	"testing"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

// constantTeacher says the same of every sample.
func constantTeacher(logits ...float64) *Teacher {
	return &Teacher{Build: func(b *graph.Builder, x []*graph.Value) (*graph.Value, error) {
		return b.Expand(b.Const(onnx.Float, []int{1, len(logits)}, logits...), x[0].Shape[0], len(logits)), nil
	}}
}

// TestStudentFollowsTheTeacher: with the teacher's answers alone, the student comes
// to give them, whatever the labels are.
func TestStudentFollowsTheTeacher(t *testing.T) {
	teacher := []float64{2, 0, 0, 1, 0, 0, 0, 0, 0, -1}
	r := Recipe{
		Seed: 1, Threads: 1, Model: Model{Name: "mlp", Hidden: []int{16}}, Train: Loop{Epochs: 60, Batch: 24}, Optimizer: Optimizer{LearningRate: 0.01},
		Distill: &Distill{Model: "in memory", Temperature: 2, Weight: 1},
	}
	recipe, err := r.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	set := digitsOf(t)
	store := &record{nowhere: nowhere{dir: t.TempDir()}, metrics: map[int]Metric{}}
	made, err := newRun(t.Context(), recipe, Deps{Set: set, Store: store, Teacher: constantTeacher(teacher...)}, ignoreEvents)
	if err != nil {
		t.Fatal(err)
	}
	defer made.close()
	if err := errors.Join(made.begin(t.Context()), made.epochs(t.Context())); err != nil {
		t.Fatal(err)
	}
	if first, last := store.metrics[1].Loss, store.metrics[len(store.metrics)].Loss; !(last < first/20) {
		t.Errorf("the distance to the teacher went from %g to %g", first, last)
	}
	a, err := made.eval.over(t.Context(), made.state.evaluated(false), set.Train, []int{0, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for _, l := range teacher {
		total += math.Exp(l)
	}
	for i, p := range a.outputs {
		if want := math.Exp(teacher[i%10]) / total; math.Abs(float64(p)-want) > 0.05 {
			t.Errorf("class %d has %.3f, the teacher says %.3f", i%10, p, want)
		}
	}
}

// TestTeacherShare: the loss is what the formula says at the first step.
func TestTeacherShare(t *testing.T) {
	loss := func(d *Distill, teacher *Teacher) float64 {
		r := Recipe{Seed: 1, Threads: 1, Model: Model{Name: "mlp", Hidden: []int{8}}, Train: Loop{Epochs: 1, Batch: 48}, Distill: d}
		recipe, err := r.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		store := &record{nowhere: nowhere{dir: t.TempDir()}, metrics: map[int]Metric{}}
		if _, err := Run(t.Context(), recipe, Deps{Set: digitsOf(t), Store: store, Teacher: teacher}, ignoreEvents); err != nil {
			t.Fatal(err)
		}
		return store.metrics[1].Loss
	}
	teacher := constantTeacher(3, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	hard := loss(nil, nil)
	soft := loss(&Distill{Model: "m", Temperature: 1, Weight: 1}, teacher)
	mixed := loss(&Distill{Model: "m", Temperature: 1, Weight: 0.25}, teacher)
	if want := 0.75*hard + 0.25*soft; math.Abs(mixed-want) > 1e-5 || soft <= 0 || soft == hard {
		t.Errorf("labels alone %g, teacher alone %g, a quarter of the teacher %g, want %g", hard, soft, mixed, want)
	}
}

func TestDistillationThatCannotBe(t *testing.T) {
	for name, d := range map[string]*Distill{
		"no model": {}, "cold": {Model: "m", Temperature: 0.1}, "weight": {Model: "m", Weight: 2},
	} {
		if _, err := (Recipe{Distill: d}).Resolve(); !errors.Is(err, ErrRecipe) {
			t.Errorf("%s: %v", name, err)
		}
	}
	recipe, err := (Recipe{Distill: &Distill{Model: "m"}}).Resolve()
	if err != nil {
		t.Fatal(err)
	}
	broken := &Teacher{Build: func(*graph.Builder, []*graph.Value) (*graph.Value, error) { return nil, ErrData }}
	for want, teacher := range map[error]*Teacher{ErrRecipe: nil, ErrData: broken} {
		n, err := newNetwork(recipe, digitsOf(t), nil, teacher)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := n.stepModel(4); !errors.Is(err, want) {
			t.Errorf("a teacher that is missing or cannot be built: %v, want %v", err, want)
		}
	}
}
