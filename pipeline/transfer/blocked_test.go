package transfer_test

import (
	"errors"
	"strings"
	"testing"

	"athanor/pipeline/graph"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// stepped has an operator without a gradient, Hardmax, between its first and its
// second layer, and a way around it is frozen, too.
func stepped(b *graph.Builder, draw func(string, ...int) *graph.Value, x *graph.Value) *graph.Value {
	h := b.Op("MatMul", nil, b.Reshape(x, graph.Unknown, 784), draw("first", 784, 32))
	h = b.Op("Hardmax", graph.Attrs{"axis": -1}, h)
	h = b.Op("Relu", nil, b.Op("MatMul", nil, h, draw("second", 32, 16)))
	return b.Op("MatMul", nil, h, draw("end", 16, 10))
}

// TestOperatorsWithoutGradientAreNamed: what stands in the way, what is in front
// of it, and what can be trained without it, which then trains.
func TestOperatorsWithoutGradientAreNamed(t *testing.T) {
	n, set := built(t, stepped), parity(t, 200)
	_, err := n.Given(t.Context(), train.Transfer{Scale: 1.0 / 255, Rate: 1, Decay: 1}, set, transfer.FeatureConfig{Threads: 1})
	if !errors.Is(err, transfer.ErrBlocked) {
		t.Fatalf("all layers: %v", err)
	}
	for _, says := range []string{"first in front of Hardmax", "can be trained without it: second"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%q does not say %q", err, says)
		}
	}
	layers, err := n.Layers()
	if err != nil || len(layers) != 2 {
		t.Fatalf("%+v, %v", layers, err)
	}
	if first, second := layers[0], layers[1]; first.Blocked != "Hardmax" || second.Blocked != "" || !second.Matrix || second.Numbers != 512 {
		t.Errorf("the layers are %+v", layers)
	}
	for name, how := range map[string]train.Transfer{"by pattern": {Train: []string{"sec*"}}, "from a layer": {From: layers[1].Node}} {
		how.Scale = 1.0 / 255
		if _, m := (lesson{network: n, set: set, how: how, epochs: 1}).run(t); weightOf(t, m, "base/second") == nil {
			t.Errorf("%s: the second layer is not in the model", name)
		}
	}
	if _, err := n.Given(t.Context(), train.Transfer{Train: []string{"first"}}, set, transfer.FeatureConfig{}); !errors.Is(err, transfer.ErrBlocked) || !strings.Contains(err.Error(), "head alone") {
		t.Errorf("the first layer alone: %v", err)
	}
}

// TestLayersFollowTheGraph: every weight of mnist.onnx stands at its layer.
func TestLayersFollowTheGraph(t *testing.T) {
	layers, err := digitsNetwork(t).Layers()
	if err != nil {
		t.Fatal(err)
	}
	var ops []string
	for _, l := range layers {
		ops = append(ops, l.Operator)
		if l.Blocked != "" || l.Node == "" {
			t.Errorf("%+v", l)
		}
	}
	if got := strings.Join(ops, " "); got != "Conv Conv" || len(layers[0].Weights) != 2 {
		t.Errorf("the layers are %s", got)
	}
}
