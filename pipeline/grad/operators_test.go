package grad_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

var update = flag.Bool("update", false, "write docs/operators.md anew")

func allCases() map[string]checkCase {
	all := map[string]checkCase{}
	for _, table := range []map[string]checkCase{
		unaryCases(), activationCases(), trigonometryCases(), softmaxCases(), binaryCases(), variadicCases(), indexCases(), resizeCases(),
		layoutCases(), matrixCases(), normCases(), reduceCases(), convolutionCases(), poolCases(),
	} {
		maps.Copy(all, table)
	}
	return all
}

// differentiated lists the operators that the gradient checks differentiate.
func differentiated() map[string]bool {
	seen := map[string]bool{}
	for _, build := range allCases() {
		tr := newTrial(0)
		build(tr)
		for _, n := range tr.Nodes() {
			seen[n.Op] = true
		}
	}
	return seen
}

// TestEveryRuleIsChecked: no gradient rule without a check against finite
// differences.
func TestEveryRuleIsChecked(t *testing.T) {
	seen := differentiated()
	for _, op := range grad.Operators() {
		if !seen[op] {
			t.Errorf("the gradient of %s is not checked", op)
		}
	}
	if n := len(grad.Operators()); n < 90 {
		t.Errorf("%d operators have a gradient, want 90", n)
	}
}

// since is the first opset with an operator, where that is later than 7.
var since = map[string]int{
	"Acosh": 9, "Asinh": 9, "Atanh": 9, "Celu": 12, "Cosh": 9, "CumSum": 11, "CastLike": 15, "ConstantOfShape": 9, "Einsum": 12, "Erf": 9, "Expand": 8,
	"GatherElements": 11, "GatherND": 11, "Gelu": 20, "GreaterOrEqual": 12, "GroupNormalization": 18, "HardSwish": 14, "IsInf": 10, "IsNaN": 9,
	"LayerNormalization": 17, "LessOrEqual": 12, "MeanVarianceNormalization": 9, "Mish": 18, "Mod": 10, "NonZero": 9, "OneHot": 9, "Range": 11,
	"Resize": 10, "ReverseSequence": 10, "Round": 11, "Scatter": 9, "ScatterElements": 11, "ScatterND": 11, "Shrink": 9, "Sign": 9, "Sinh": 9,
	"ThresholdedRelu": 10, "Trilu": 14, "Where": 9,
}

func firstOpset(op string) int { return max(since[op], 7) }

// TestFirstOpsets asks the runtime in which opset each operator begins.
func TestFirstOpsets(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	earlier := []string{"LayerNormalization", "MeanVarianceNormalization", "ThresholdedRelu"} // the runtime's own before ONNX had them
	for _, op := range listed() {
		if !knownIn(t, op, firstOpset(op)) {
			t.Errorf("the runtime does not know %s in opset %d", op, firstOpset(op))
		}
		if k := firstOpset(op); k > 7 && !slices.Contains(earlier, op) && knownIn(t, op, k-1) {
			t.Errorf("the runtime knows %s before opset %d", op, k)
		}
	}
}

func knownIn(t *testing.T, op string, opset int) bool {
	t.Helper()
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: int64(opset)}}, Graph: &onnx.Graph{
		Name: "one", Nodes: []*onnx.Node{{OpType: op, Outputs: []string{"y"}}},
		Outputs: []*onnx.ValueInfo{{Name: "y", Type: &onnx.Type{Tensor: &onnx.TensorType{Elem: onnx.Float}}}},
	}}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewSession(data, runtime.Options{})
	if err == nil {
		s.Close()
		return true
	}
	return !strings.Contains(err.Error(), "No Op registered")
}

// listed are all operators of ai.onnx that graphs are read from or built with.
func listed() []string {
	all := map[string]bool{}
	for _, list := range [][]string{graph.Operators(), graph.Rewritten(), graph.Folded()} {
		for _, op := range list {
			all[op] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// TestOperatorTable keeps docs/operators.md true; go test -update writes it.
func TestOperatorTable(t *testing.T) {
	path := filepath.Join(testenv.Root(t), "docs", "operators.md")
	want := operatorTable()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/operators.md is behind the code: run go test ./pipeline/grad -run OperatorTable -update")
	}
}

func operatorTable() string {
	var b strings.Builder
	rules, count := grad.Operators(), 0
	for _, op := range rules {
		if slices.Contains(graph.Operators(), op) {
			count++
		}
	}
	fmt.Fprintf(&b, tableHead, count, graph.Opset)
	for _, op := range listed() {
		fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", op, firstOpset(op), gradientOfOperator(op, rules), devices(op))
	}
	return b.String()
}

func devices(op string) string {
	if slices.Contains(webgpuOperators(), op) {
		return "CPU, WebGPU"
	}
	return "CPU"
}

func gradientOfOperator(op string, rules []string) string {
	switch {
	case slices.Contains([]string{"Floor", "Ceil", "Round", "Sign"}, op):
		return "zero"
	case slices.Contains(rules, op):
		return "yes"
	case slices.Contains(graph.Rewritten(), op):
		return "yes, by its parts"
	default:
		return "no"
	}
}

const tableHead = `# Operators

This table is written by a test (` + "`go test ./pipeline/grad -run OperatorTable -update`" + `). %d operators have a gradient rule.

- **Opset**: the first opset of ai.onnx with the operator, 7 at the earliest. Files of opset 7 to 22 are read; every form an operator had in them is rewritten to opset %d.
- **Gradient**: *yes* means a rule that a test compares with central finite differences of a second, naive implementation, to 1e-3, over random shapes, broadcasts, strides, pads, dilations and groups, once as built and once as the runtime optimises it. *Zero* is a step, flat wherever it is not a jump. *By its parts*: the import spells the operator out. *No*: the results are integers or truth values, or nobody has needed it yet; the error then names the operator and its node.
- **Devices**: where the operator was seen running and its gradient agreed with the same differences. On WebGPU the processor steps in for operators that its provider of ONNX Runtime 1.30 lacks or fails at; with CUDA nothing is known to be missing, as no test of every commit has such a card.

A program of its own, bench/peers/gomlx-grad, compares 24 operators with GoMLX's gradients; they agree to 1e-6.

What has no gradient although its operator has: Resize with antialias, tf_crop_and_resize or keep_aspect_ratio_policy; Pad that crops and repeats at once; Einsum over a diagonal; scattering with mul, max or min; LpNormalization of another p than 1 and 2. Dimensions must be known: give the import a batch size.

| operator | opset | gradient | devices |
| --- | --- | --- | --- |
`
