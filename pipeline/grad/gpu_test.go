package grad_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// TestGradientsOnGPU runs one random graph of every case on a graphics
// processor and compares value and gradients with the same oracle, and keeps
// the list of operators that run there true.
func TestGradientsOnGPU(t *testing.T) {
	device := testenv.GPU(t)
	ran := map[string]bool{}
	cases := allCases()
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(0)
			left := checkOnDevice(t, tr, cases[name], device)
			for _, n := range tr.Nodes() {
				ran[n.Op] = ran[n.Op] || left[n.Op] == 0
			}
		})
	}
	if !strings.HasPrefix(device, "webgpu") {
		return
	}
	listed := webgpuOperators()
	for _, op := range grad.Operators() {
		if ran[op] != slices.Contains(listed, op) {
			t.Errorf("%s: WebGPU runs it: %v; correct webgpuOperators", op, ran[op])
		}
	}
}

// checkOnDevice returns the operators that the processor ran instead.
func checkOnDevice(t *testing.T, tr *trial, make checkCase, device string) map[string]int {
	t.Helper()
	tr.UseCard()
	y := make(tr)
	if err := tr.Err(); err != nil {
		t.Fatal(err)
	}
	wanted := evaluate(t, tr.Builder, y, tr.feeds)
	numeric := tr.differences(t, y, wanted)
	gradients, err := grad.Backward(tr.Builder, y, tr.weights(y), tr.wrt)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range append([]*graph.Value{y}, gradients...) {
		tr.Output("result"+strconv.Itoa(i), v)
	}
	m, err := tr.Model()
	if err != nil {
		t.Fatal(err)
	}
	got, left := runModel(t, m, tr.feeds, runtime.Options{Threads: 1, Optimization: runtime.Extended, Device: device})
	closeTo(t, "value", got["result0"], wanted)
	for i := range gradients {
		closeTo(t, "gradient of input "+strconv.Itoa(i), got["result"+strconv.Itoa(i+1)], numeric[i])
	}
	return left
}

// webgpuOperators are the operators with a gradient that the WebGPU provider
// runs itself; the processor runs the others, and the values between travel.
func webgpuOperators() []string { return strings.Fields(webgpuList) }

const webgpuList = `
Abs Acos Acosh Add Asin Asinh Atan Atanh AveragePool BatchNormTraining BatchNormalization Cast Ceil Clip
Concat Conv ConvTranspose Cos Cosh CumSum DepthToSpace Div Einsum Elu Erf Exp Expand Flatten Floor Gather
GatherElements GatherND GeluExact Gemm GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish Identity
InstanceNormalization LayerNormalization LeakyRelu Log LpNormalization MatMul Max MaxPool Min Mish Mul Neg
PRelu Pad Pow Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize ScatterElements ScatterND Sigmoid Sin Sinh Slice
Softmax SoftmaxCrossEntropy Softplus Split Sqrt Squeeze Sub Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu
Unsqueeze Where
`
