package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// TestHalfLearnsLikeFull: steps in float16 have the losses of float32 as far as
// float16 can hold them, on the processor and on a graphics processor.
func TestHalfLearnsLikeFull(t *testing.T) {
	for _, device := range []string{runtime.CPU, testenv.GPU(t)} {
		for name, r := range map[string]Recipe{
			"mlp":    {Model: Model{Name: "mlp", Hidden: []int{32}}},
			"cnn":    {Model: Model{Name: "cnn", Channels: []int{4, 8}}},
			"resnet": {Model: Model{Name: "resnet", Channels: []int{4}}},
			"vit":    {Model: Model{Name: "vit", Embed: 16, Layers: 1, Heads: 2}},
		} {
			if device != runtime.CPU && name != "mlp" {
				continue // in software the others take long
			}
			t.Run(device+" "+name, func(t *testing.T) {
				r.Train, r.Device = Loop{Epochs: 3, Batch: 12}, device
				full, exact := trained(t, r, nil)
				r.Precision = Float16
				half, params := trained(t, r, nil)
				closeLosses(t, half, full, 0.03)
				missing := len(half.logs) > 0 && strings.Contains(half.logs[0], "does not compute in float16")
				if device == runtime.CPU && missing {
					t.Errorf("the log says %q", half.logs)
				}
				if d := furthest(t, params, exact); !missing && d < 1e-5 {
					t.Errorf("the parameters are %g from those of float32: nothing was computed in float16", d)
				}
			})
		}
	}
}

// TestOverflowIsDoneAgain scales the loss up until gradients leave float16's
// range: the step is done again with less, and the run goes as it should.
func TestOverflowIsDoneAgain(t *testing.T) {
	r := Recipe{Model: Model{Name: "mlp", Hidden: []int{32}}, Train: Loop{Epochs: 2, Batch: 12}}
	full, _ := trained(t, r, nil)
	r.Precision = Float16
	var made *run
	half, _ := trained(t, r, func(m *run) { made = m; m.Scale.Factor = 1 << 30 })
	closeLosses(t, half, full, 0.03)
	if made.Scale.Halved == 0 || made.Scale.Factor >= 1<<30 {
		t.Errorf("the scale is still %g, halved %d times", made.Scale.Factor, made.Scale.Halved)
	}
	if len(half.logs) == 0 || !strings.Contains(half.logs[0], "overflowed") {
		t.Errorf("the log says %q", half.logs)
	}
}

func TestScaleGrowsAndEnds(t *testing.T) {
	var l lossScale
	first := l.value()
	for range growthSteps {
		if l.again(1) {
			t.Fatal("a finite norm counts as an overflow")
		}
	}
	if l.Factor != 2*first || l.Good != 0 {
		t.Errorf("after %d good steps the scale is %g", growthSteps, l.Factor)
	}
	inf := float32(math.Inf(1))
	for range 100 {
		l.again(inf)
	}
	if l.Factor != 1 || l.again(inf) {
		t.Errorf("the scale ends at %g; there an overflow is the numbers' own", l.Factor)
	}
}

// TestHalfStepsInParts: float16 and gradient accumulation work together.
func TestHalfStepsInParts(t *testing.T) {
	r := Recipe{Model: Model{Name: "cnn", Channels: []int{4}}, Train: Loop{Epochs: 1, Batch: 24}, Precision: Float16}
	whole, _ := trained(t, r, nil)
	r.Train.MicroBatch = 8
	parts, _ := trained(t, r, nil)
	closeLosses(t, parts, whole, 0.01)
}

// TestHalfGoesOnAsItWas stops a float16 run and resumes it: the same bits.
func TestHalfGoesOnAsItWas(t *testing.T) {
	r := Recipe{Model: Model{Name: "mlp", Hidden: []int{16}}, Train: Loop{Epochs: 3, Batch: 12}, Precision: Float16, Seed: 3, Threads: 1, Data: Data{Path: "digits"}}
	_, want := trained(t, r, nil)
	recipe, err := r.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	store := &record{nowhere: nowhere{dir: t.TempDir()}, metrics: map[int]Metric{}}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Run(ctx, recipe, Deps{Set: digitsOf(t), Store: store}, func(e Event) {
		if m, ok := e.(Metric); ok && m.Step == 5 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	again, err := newRun(t.Context(), recipe, Deps{Set: digitsOf(t), Store: store, Resume: true}, ignoreEvents)
	if err != nil {
		t.Fatal(err)
	}
	defer again.close()
	if err := errors.Join(again.begin(t.Context()), again.epochs(t.Context())); err != nil {
		t.Fatal(err)
	}
	parts, err := again.state.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(floatsOf(parts[0]), want) {
		t.Error("the resumed run ends with other bits")
	}
}

// TestHalfKeepsItsStateInFull: what a step in float16 takes and gives is float32.
func TestHalfKeepsItsStateInFull(t *testing.T) {
	recipe, err := (Recipe{Model: Model{Name: "cnn", Channels: []int{4}}, Precision: Float16}).Resolve()
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNetwork(recipe, digitsOf(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := n.stepModel(4)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range slices.Concat(m.Graph.Inputs, m.Graph.Outputs) {
		if v.Type.Tensor.Elem == onnx.Float16 {
			t.Errorf("%s is float16", v.Name)
		}
	}
	casts := 0
	for _, node := range m.Graph.Nodes {
		if node.OpType == "Cast" && node.Int("to", 0) == int64(onnx.Float16) {
			casts++
		}
	}
	if casts < 4 {
		t.Errorf("%d values are cast to float16", casts)
	}
}
