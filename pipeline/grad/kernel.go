package grad

import (
	"slices"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

// Rules of the operators in onnx.KernelDomain. They compute what the rules of
// the operators they stand for compute, and follow their conventions.
var ownRules = map[string]Rule{
	graph.ConvKernel: convKernelRule, graph.EntropyKernel: entropyKernelRule, graph.DenseKernel: denseKernelRule, graph.BagKernel: bagKernelRule,
	graph.GRUKernel: gruKernelRule,
}

func convKernelRule(c *Context) ([]*graph.Value, error) {
	sizes := slices.Clone(c.Node.Attrs.Ints("sizes"))
	count := 2
	if c.Needs(0) {
		count, sizes = 3, append(sizes, 1)
	}
	witness := c.Y(len(c.Node.Out) - 1) // the mask where there is one
	out := c.OpN(graph.ConvGradKernel, count, graph.KernelAttrs(sizes), c.X(0), c.X(1), witness, c.DY(0))
	in := []*graph.Value{nil, out[0], out[1]}
	if count == 3 {
		in[0] = out[2]
	}
	return in, nil
}

func denseKernelRule(c *Context) ([]*graph.Value, error) {
	sizes, count, constants := slices.Clone(c.Node.Attrs.Ints("sizes")), 2, c.Node.Attrs["constants"].([]float64)
	if c.Needs(0) {
		count, sizes = 3, append(sizes, 1)
	}
	out := c.OpN(graph.DenseGradKernel, count, graph.KernelAttrs(sizes, constants...), c.X(0), c.X(1), c.Y(0), c.DY(0), c.X(3))
	in := []*graph.Value{nil, out[0], out[1], nil}
	if count == 3 {
		in[0] = out[2]
	}
	return in, nil
}

// bagKernelRule: ids and ratios are given; the table alone is trained.
func bagKernelRule(c *Context) ([]*graph.Value, error) {
	table := c.Op(graph.BagGradKernel, c.Node.Attrs, c.X(0), c.X(1), c.Y(1), c.DY(0))
	return []*graph.Value{nil, nil, table}, nil
}

// ClassEntropy is the cross entropy of logits [N, K] with classes target [N]
// (int64) for each row, [N, 1], with the log-probabilities [N, K], with
// label smoothing (Szegedy et al. 2016).
func ClassEntropy(b *graph.Builder, logits, target *graph.Value, smoothing float64) (loss, logp *graph.Value) {
	classes := logits.Shape[1]
	if b.Kernels() && logits.Size() != graph.Unknown {
		out := b.OpN(graph.EntropyKernel, 2, graph.KernelAttrs(logits.Shape, smoothing), logits, target)
		return out[0], out[1]
	}
	return CrossEntropy(b, logits, OneHot(b, target, classes, smoothing))
}

// OneHot spreads class numbers [N] to rows [N, classes] that sum to one; label
// smoothing moves the share ε evenly over all classes.
func OneHot(b *graph.Builder, target *graph.Value, classes int, smoothing float64) *graph.Value {
	off := smoothing / float64(classes)
	if b.Card() { // comparing runs where the operator does not
		numbers := make([]float64, classes)
		for k := range numbers {
			numbers[k] = float64(k)
		}
		rows := b.Reshape(b.Cast(target, onnx.Float), target.Shape[0], 1)
		hit := b.Cast(b.Equal(rows, b.Const(onnx.Float, []int{1, classes}, numbers...)), onnx.Float)
		return b.AddTo(b.MulBy(hit, 1-smoothing), off)
	}
	values := b.Const(onnx.Float, nil, off, 1-smoothing+off)
	return b.Op("OneHot", graph.Attrs{"axis": -1}, target, b.Ints(classes), values)
}

// entropyKernelRule: dlogits = dloss·(softmax − target).
func entropyKernelRule(c *Context) ([]*graph.Value, error) {
	return []*graph.Value{c.Op(graph.EntropyGradKernel, c.Node.Attrs, c.Y(1), c.X(1), c.DY(0)), nil}, nil
}

// reluRows is ReLU's gradient for rows [N, C], with their sum at hand for a
// bias that was added before.
func (c *Context) reluRows(dy *graph.Value) *graph.Value {
	return c.OpN(graph.ReluGradKernel, 2, graph.KernelAttrs(c.Y(0).Shape), c.Y(0), dy)[0]
}

// summedRows is the sum over rows of g if the node that made g has it.
func (c *Context) summedRows(g *graph.Value, shape []int) *graph.Value {
	n := c.Producer(g)
	if n == nil || n.Op != graph.ReluGradKernel || !slices.Equal(shape, n.Out[1].Shape) {
		return nil
	}
	return n.Out[1]
}
