package training

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

func TestPrecisionIsLeftToTheTrialOnCardsOnly(t *testing.T) {
	all, none := func(string) bool { return true }, func(string) bool { return false }
	for name, c := range map[string]struct {
		recipe  train.Recipe
		devices []string
		half    func(string) bool
		want    []placed
	}{
		"auto":                {train.Recipe{Device: "auto"}, []string{"cpu", "webgpu:0"}, all, []placed{{device: "cpu"}, {device: "webgpu:0"}, {device: "webgpu:0", precision: "float16"}}},
		"a card without it":   {train.Recipe{Device: "auto"}, []string{"cpu", "webgpu:0"}, none, []placed{{device: "cpu"}, {device: "webgpu:0"}}},
		"float32 by hand":     {train.Recipe{Device: "auto", Precision: "float32"}, []string{"cpu", "cuda:0"}, all, []placed{{device: "cpu", precision: "float32"}, {device: "cuda:0", precision: "float32"}}},
		"float16 by hand":     {train.Recipe{Device: "cuda:0", Precision: "float16"}, []string{"cuda:0"}, all, []placed{{device: "cuda:0", precision: "float16"}}},
		"a device by hand":    {train.Recipe{Device: "cuda:0"}, []string{"cuda:0"}, all, []placed{{device: "cuda:0"}}},
		"its precision tried": {train.Recipe{Device: "cuda:0", Precision: "auto"}, []string{"cuda:0"}, all, []placed{{device: "cuda:0"}, {device: "cuda:0", precision: "float16"}}},
	} {
		if got := choices(c.recipe, c.devices, c.half); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestFasterIsTaken(t *testing.T) {
	list := []placed{{device: runtime.CPU}, {device: "cuda:0"}, {device: "cuda:0", precision: train.Float16}, {device: "cuda:1"}}
	times := map[placed]time.Duration{list[0]: 9, list[1]: 5, list[2]: 7}
	measure := func(p placed) (cost, error) {
		if took, ok := times[p]; ok {
			return cost{took, fmt.Sprintf("a step takes %v", took)}, nil
		}
		return cost{}, errors.New("it failed")
	}
	got, err := fastest(t.Context(), list, measure)
	if err != nil || got.device != "cuda:0" || got.precision != "" || got.note != "cuda:0 is chosen: a step takes 5ns, a step takes 9ns with cpu, a step takes 7ns with cuda:0 float16" {
		t.Errorf("float16 that is slower: %+v, %v", got, err)
	}
	delete(times, list[0])
	if got, err := fastest(t.Context(), list, measure); err != nil || got.device != "cuda:0" {
		t.Errorf("a processor that fails: %+v, %v", got, err)
	}
	times[list[2]] = 3
	if got, _ := fastest(t.Context(), list, measure); got.precision != train.Float16 {
		t.Errorf("float16 that is faster: %+v", got)
	}
}

// denseFile writes a network of two matrices over pictures of digits.
func denseFile(t *testing.T) string {
	t.Helper()
	matrix := func(name string, rows, columns int64) *onnx.Tensor {
		values := make([]float32, rows*columns)
		for i := range values {
			values[i] = float32(i%7-3) / 50
		}
		return onnx.FloatTensor(name, []int64{rows, columns}, values)
	}
	node := func(op, out string, in ...string) *onnx.Node {
		return &onnx.Node{Name: out, OpType: op, Inputs: in, Outputs: []string{out}}
	}
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 18}}, Graph: &onnx.Graph{
		Name: "dense", Inputs: []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, onnx.Named("N"), onnx.Fixed(1), onnx.Fixed(28), onnx.Fixed(28))},
		Outputs:      []*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, onnx.Named("N"), onnx.Fixed(10))},
		Initializers: []*onnx.Tensor{matrix("w1", 784, 8), matrix("w2", 8, 10)},
		Nodes:        []*onnx.Node{node("Flatten", "flat", "x"), node("MatMul", "h", "flat", "w1"), node("Relu", "r", "h"), node("MatMul", "y", "r", "w2")},
	}}
	raw, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "dense.onnx")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestNetworksFromFilesAreTried: what is taught, a head alone and a teacher are
// measured on the processor and on a card; one that is not there is passed over.
func TestNetworksFromFilesAreTried(t *testing.T) {
	card, absent, model := testenv.GPU(t), "webgpu:77", denseFile(t)
	for name, c := range map[string]struct {
		recipe train.Recipe
		card   string
		says   string
	}{
		"layers": {train.Recipe{Transfer: &train.Transfer{Model: model, Rate: 0.1}}, card, "a step takes "},
		"head":   {train.Recipe{Transfer: &train.Transfer{Model: model, Head: true}}, card, "a sample's features take "},
		"distil": {train.Recipe{Distill: &train.Distill{Model: model}, Model: train.Model{Name: "mlp", Hidden: []int{8}}}, "cpu", "a step takes "},
	} {
		t.Run(name, func(t *testing.T) {
			c.recipe.Task, c.recipe.Threads, c.recipe.Train, c.recipe.Data.Path = "image", 1, train.Loop{Batch: 4}, "digits"
			r, err := c.recipe.Resolve()
			if err != nil {
				t.Fatal(err)
			}
			set, err := Open(t.Context(), r, nil)
			if err != nil {
				t.Fatal(err)
			}
			measure, err := trials(t.Context(), r, transfer.Sample(set, 128))
			if err != nil {
				t.Fatal(err)
			}
			best, err := fastest(t.Context(), []placed{{device: runtime.CPU}, {device: c.card, precision: train.Float32}, {device: absent}}, measure)
			if err != nil || strings.Count(best.note, c.says) != 2 || strings.Contains(best.note, absent) || !strings.HasPrefix(best.note, best.String()+" is chosen") {
				t.Errorf("%+v, %v", best, err)
			}
			if took, err := measure(placed{device: absent}); !errors.Is(err, runtime.ErrDevice) {
				t.Errorf("a card that is not there: %+v, %v", took, err)
			}
		})
	}
}
