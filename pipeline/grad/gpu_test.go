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
			t.Logf("%v", checkOnDevice(t, cases[name], device))
			for _, p := range checkOnDevice(t, cases[name], device) {
				if p.Provider != "CPUExecutionProvider" {
					ran[p.Operator] = true
				}
			}
		})
	}
	if !strings.HasPrefix(device, "webgpu") {
		return
	}
	listed := webgpuOperators()
	for _, op := range grad.Operators() {
		if ran[op] != slices.Contains(listed, op) {
			t.Errorf("%s: WebGPU ran it: %v; correct webgpuOperators", op, ran[op])
		}
	}
}

// checkOnDevice returns who ran what.
func checkOnDevice(t *testing.T, make checkCase, device string) []runtime.Placed {
	t.Helper()
	tr := newTrial(0)
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
	got, placed := runModel(t, m, tr.feeds, runtime.Options{Threads: 1, Optimization: runtime.Extended, Device: device})
	closeTo(t, "value", got["result0"], wanted)
	for i := range gradients {
		closeTo(t, "gradient of input "+strconv.Itoa(i), got["result"+strconv.Itoa(i+1)], numeric[i])
	}
	return placed
}

// webgpuOperators are the operators with a gradient that the WebGPU provider
// runs itself; the processor runs the others, and the values between travel.
func webgpuOperators() []string { return strings.Fields(webgpuList) }

const webgpuList = `
`
