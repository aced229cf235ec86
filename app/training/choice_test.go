package training_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"athanor/app/training"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// pupils are an encoder of texts and a network of convolutions, each as it is looked
// at and as it is taught.
func pupils(t *testing.T) map[string]training.Pupil {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	encoder := t.TempDir() + "/encoder.onnx"
	if err := testenv.Encoder(true).Save(encoder); err != nil {
		t.Fatal(err)
	}
	all := map[string]training.Pupil{}
	for _, path := range []string{encoder, testenv.SharedData(t, "onnx-small", "mnist.onnx")} {
		p, err := training.Look(path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = p
	}
	return all
}

// TestPreviewChoosesWhatTheRunTrains: patterns, a first layer and both together
// choose for the eye the very weights that a run trains.
func TestPreviewChoosesWhatTheRunTrains(t *testing.T) {
	for path, p := range pupils(t) {
		m, err := onnx.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		network, err := transfer.Open(m)
		if err != nil {
			t.Fatal(err)
		}
		ways := []train.Transfer{{}, {Train: []string{"*.weight", "Param*7"}}, {Freeze: []string{"*8*", "*bias*"}}}
		for _, l := range p.Layers {
			ways = append(ways, train.Transfer{From: l.Node}, train.Transfer{From: l.Node, Freeze: []string{"*s"}})
		}
		for _, how := range ways {
			weights, err := network.Weights(transfer.Layers{Train: how.Train, Freeze: how.Freeze, From: how.From})
			if err != nil {
				t.Fatal(err)
			}
			want, numbers := map[string]bool{}, 0
			for _, w := range weights {
				want[strings.TrimPrefix(w.Name, "base/")], numbers = true, numbers+len(w.Value)
			}
			got, err := p.Choose(how)
			if err != nil || !maps.Equal(got.Chosen, want) || got.Numbers != numbers {
				t.Errorf("%+v: the eye sees %d weights of %d numbers, the run trains %d of %d (%v)", how, len(got.Chosen), got.Numbers, len(want), numbers, err)
			}
		}
	}
}

func TestPatternsThatDoNothingAreTold(t *testing.T) {
	for _, p := range pupils(t) {
		c, err := p.Choose(train.Transfer{Train: []string{"*", "nothing.*"}, Freeze: []string{"none", "nothing.*"}})
		if err != nil || !slices.Equal(c.Idle, []string{"nothing.*", "none"}) || len(c.Chosen) != c.Of {
			t.Errorf("%d of %d chosen, idle %q, %v", len(c.Chosen), c.Of, c.Idle, err)
		}
		if _, err := p.Choose(train.Transfer{Freeze: []string{"[a"}}); !errors.Is(err, train.ErrRecipe) {
			t.Errorf("a broken pattern: %v", err)
		}
	}
}

// TestBlocksGatherWhatBelongsTogether: names with paths make blocks, others are
// blocks of their own, and no layer is lost.
func TestBlocksGatherWhatBelongsTogether(t *testing.T) {
	layer := func(node string, weights ...string) transfer.Layer {
		return transfer.Layer{Node: node, Weights: weights, Numbers: 10}
	}
	p := training.Pupil{Layers: []transfer.Layer{
		layer("Conv_0", "conv1.weight"), layer("Conv_3", "layer1.0.conv1.weight"), layer("Conv_5", "layer1.0.conv2.weight"),
		layer("Conv_9", "layer1.1.conv1.weight"), layer("/encoder/layer.0/attention/query/MatMul"), layer("/encoder/layer.0/output/dense/MatMul"),
		layer("/encoder/layer.1/output/dense/MatMul"), layer("model/block_3_expand/Conv2D"), layer("Convolution28", "Parameter5"),
	}}
	var got []string
	for _, b := range p.Blocks() {
		got = append(got, b.Name)
	}
	want := []string{"conv1", "layer1.0", "layer1.1", "encoder/layer.0", "encoder/layer.1", "model/block_3_expand", "Convolution28"}
	if !slices.Equal(got, want) {
		t.Errorf("the blocks are %q, want %q", got, want)
	}
	for path, p := range pupils(t) {
		layers, numbers := 0, 0
		for _, b := range p.Blocks() {
			layers, numbers = layers+b.Layers, numbers+b.Numbers
		}
		all, err := p.Choose(train.Transfer{})
		if err != nil || layers != len(p.Layers) || numbers != all.Numbers {
			t.Errorf("%s: blocks hold %d of %d layers and %d of %d numbers, %v", path, layers, len(p.Layers), numbers, all.Numbers, err)
		}
	}
}

// TestNetworksFromFilesAreEstimated: a head alone, all layers and a student with its
// teacher are tried, and what they will take is told.
func TestNetworksFromFilesAreEstimated(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	mnist := testenv.SharedData(t, "onnx-small", "mnist.onnx")
	for name, r := range map[string]train.Recipe{
		"head":    {Transfer: &train.Transfer{Model: mnist, Head: true}},
		"layers":  {Transfer: &train.Transfer{Model: mnist}},
		"student": {Distill: &train.Distill{Model: mnist}},
	} {
		r.Train.Epochs = 2
		r, err := r.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		set, err := training.Open(t.Context(), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		e, err := training.Estimate(t.Context(), r, set)
		if err != nil || e.Epoch <= 0 || e.Total < 2*e.Epoch-1 || e.Steps < 10 {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}
