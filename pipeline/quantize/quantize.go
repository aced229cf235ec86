// Package quantize makes smaller copies of models: int8 weights with activations
// that are measured as they come (dynamic) or beforehand (static), and float16.
// It says what it changed; whether the copy is worth it is measured elsewhere.
package quantize

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
)

// Method is a way to make a model smaller.
type Method string

// Methods.
const (
	// Dynamic stores the weights of matrix products as int8 and brings each
	// activation to uint8 by its own range, at every run.
	Dynamic Method = "dynamic"
	// Static also takes convolutions; the ranges of activations come from
	// samples. It is written as QuantizeLinear and DequantizeLinear around float
	// operators (QDQ), which any runtime understands and ORT fuses.
	Static Method = "static"
	// Operators is Static written with integer operators (QLinearConv,
	// QLinearMatMul).
	Operators Method = "operators"
	// Half stores and computes in float16; inputs and outputs stay float32.
	Half Method = "float16"
)

// Methods lists all methods.
func Methods() []Method { return []Method{Dynamic, Static, Operators, Half} }

// Key is the metadata key that says how a model was made smaller.
const Key = "athanor.quantized"

// Errors of Apply.
var (
	ErrMethod  = errors.New("unknown method")
	ErrNothing = errors.New("the model has nothing to quantize this way")
	ErrAlready = errors.New("the model is quantized already")
	ErrOpset   = errors.New("the model's operator set is too old for this method")
	ErrSamples = errors.New("samples are needed to measure the ranges of activations")
)

// Samples gives each batch of inputs, in the order of the graph's feeds, to
// yield, which copies nothing: they are the caller's to close afterwards.
type Samples func(ctx context.Context, yield func([]*runtime.Tensor) error) error

// Report says what was done.
type Report struct {
	Method  Method
	Nodes   int      // operators that compute in less precision now
	Left    []string // operators with weights that stay as they were, and why
	Batches int      // of samples that ranges were measured on
	Clipped int      // weights beyond float16's range
}

// Apply returns a smaller copy of a model, with its metadata. Samples are needed
// by Static and Operators only.
func Apply(ctx context.Context, m *onnx.Model, method Method, samples Samples) (*onnx.Model, Report, error) {
	report := Report{Method: method}
	if !slices.Contains(Methods(), method) {
		return nil, report, fmt.Errorf("%w: %q; there are %v", ErrMethod, method, Methods())
	}
	if err := errors.Join(onnx.Check(m), suits(m, method)); err != nil {
		return nil, report, err
	}
	out, err := clone(m)
	if err != nil {
		return nil, report, err
	}
	switch method {
	case Dynamic:
		dynamic(out.Graph, &report)
	case Half:
		err = half(out.Graph, &report)
	default:
		err = static(ctx, out, method == Operators, samples, &report)
	}
	if err != nil {
		return nil, report, err
	}
	if report.Nodes == 0 {
		return nil, report, fmt.Errorf("%w (%s)", ErrNothing, method)
	}
	prune(out.Graph)
	out.Metadata = append(out.Metadata, onnx.Pair{Key: Key, Value: string(method)})
	if err := onnx.Check(out); err != nil {
		return nil, report, fmt.Errorf("quantize (%s): %w", method, err)
	}
	return out, report, nil
}

// clone copies a model by writing and reading it.
func clone(m *onnx.Model) (*onnx.Model, error) {
	raw, err := m.Encode()
	if err != nil {
		return nil, fmt.Errorf("copy model: %w", err)
	}
	return onnx.Decode(raw)
}

// oldest is the operator set each method needs: DynamicQuantizeLinear came with
// 11, scales for each channel with 13.
func oldest(method Method) int64 {
	switch method {
	case Dynamic:
		return 11
	case Static, Operators:
		return 13
	}
	return 7
}

func suits(m *onnx.Model, method Method) error {
	if have, need := m.Opset(""), oldest(method); have < need {
		return fmt.Errorf("%w: %s needs %d, it has %d", ErrOpset, method, need, have)
	}
	if len(m.Functions) > 0 {
		return fmt.Errorf("%w: it has functions of its own, whose weights are not looked at", ErrNothing)
	}
	integer := []string{
		"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "MatMulInteger",
		"ConvInteger", "DynamicQuantizeMatMul", "QGemm", "MatMulNBits",
	}
	return m.Graph.Walk(func(_ *onnx.Graph, n *onnx.Node) error {
		switch {
		case slices.Contains(integer, n.OpType):
			return fmt.Errorf("%w: it has %s", ErrAlready, n.OpType)
		case len(n.Outputs) == 0:
			return fmt.Errorf("%w: %s gives nothing", ErrNothing, n.OpType)
		}
		return nil
	})
}

// prune takes out constants that nothing uses any more.
func prune(g *onnx.Graph) {
	used := map[string]bool{}
	for _, o := range g.Outputs {
		used[o.Name] = true
	}
	_ = g.Walk(func(inner *onnx.Graph, n *onnx.Node) error { // never fails
		for _, in := range n.Inputs {
			used[in] = true
		}
		for _, o := range inner.Outputs {
			used[o.Name] = true
		}
		return nil
	})
	g.Initializers = slices.DeleteFunc(g.Initializers, func(t *onnx.Tensor) bool { return !used[t.Name] })
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *onnx.Node) bool {
		return n.OpType == "Constant" && !used[n.Outputs[0]]
	})
	g.Values = nil // inner types have changed
}
