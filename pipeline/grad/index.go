package grad

import (
	"errors"
	"fmt"
	"slices"

	"athanor/pipeline/graph"
)

// ErrNoRule says that an operator is used in a way that has no gradient.
var ErrNoRule = errors.New("no gradient")

func indexRules() map[string]Rule {
	return map[string]Rule{
		"Gather": gatherRule, "GatherElements": gatherElementsRule, "GatherND": gatherNDRule,
		"ScatterElements": scatterElementsRule, "ScatterND": scatterNDRule,
		"CumSum": cumSumRule, "TopK": topKRule, "ReverseSequence": reverseSequenceRule,
	}
}

// scatterAdd adds updates where index says along an axis, to zeros shaped like
// shape. ScatterElements adds one after another, so that repeated indices sum
// exactly at any number of threads; ScatterND does not (onnxruntime #18048).
func (c *Context) scatterAdd(shape []int, axis int, index, updates *graph.Value) *graph.Value {
	zeros := c.Expand(c.Scalar(updates, 0), shape...)
	return c.Op("ScatterElements", graph.Attrs{"axis": axis, "reduction": "add"}, zeros, index, updates)
}

// addRows adds the rows of updates [count, width] to the rows of a table
// [rows, width] that index [count] names.
func (c *Context) addRows(rows int, index, updates *graph.Value) *graph.Value {
	count, width := updates.Shape[0], updates.Shape[1]
	return c.scatterAdd([]int{rows, width}, 0, c.Expand(c.Reshape(index, count, 1), count, width), updates)
}

// gatherRule adds the gradients of all uses of a row, with the gathered axis
// brought to the front.
func gatherRule(c *Context) ([]*graph.Value, error) {
	table, index := c.X(0), c.X(1)
	axis := c.Node.Attrs.Int("axis", 0)
	if axis < 0 {
		axis += table.Rank()
	}
	rows, count := table.Shape[axis], index.Size()
	width := table.Size() / rows
	if axis == 0 {
		sum := c.addRows(rows, index, c.Reshape(c.DY(0), count, width))
		return []*graph.Value{c.Reshape(sum, table.Shape...)}, nil
	}
	before := volume(table.Shape[:axis])
	updates := c.Transpose(c.Reshape(c.DY(0), before, count, width/before), 1, 0, 2)
	sum := c.addRows(rows, index, c.Reshape(updates, count, width))
	back := c.Transpose(c.Reshape(sum, rows, before, width/before), 1, 0, 2)
	return []*graph.Value{c.Reshape(back, table.Shape...)}, nil
}

func gatherElementsRule(c *Context) ([]*graph.Value, error) {
	return []*graph.Value{c.scatterAdd(c.X(0).Shape, c.Node.Attrs.Int("axis", 0), c.X(1), c.DY(0))}, nil
}

// gatherNDRule turns each index tuple into the number of the row it names.
func gatherNDRule(c *Context) ([]*graph.Value, error) {
	x, index, batch := c.X(0), c.X(1), c.Node.Attrs.Int("batch_dims", 0)
	named := x.Shape[batch : batch+index.Shape[index.Rank()-1]]
	rows := volume(x.Shape[:batch+len(named)])
	width := x.Size() / rows
	flat := c.Reshape(c.rowNumbers(index, named, volume(x.Shape[:batch])), -1)
	sum := c.addRows(rows, flat, c.Reshape(c.DY(0), flat.Shape[0], width))
	return []*graph.Value{c.Reshape(sum, x.Shape...)}, nil
}

// rowNumbers are the row-major positions of index tuples in the dimensions they
// name, repeated for each of batches.
func (c *Context) rowNumbers(index *graph.Value, named []int, batches int) *graph.Value {
	sizes, steps := make([]float64, len(named)), make([]float64, len(named))
	step := 1
	for i := len(named) - 1; i >= 0; i-- {
		sizes[i], steps[i] = float64(named[i]), float64(step)
		step *= named[i]
	}
	negative := c.Op("Less", nil, index, c.Scalar(index, 0))
	positive := c.Where(negative, c.Add(index, c.Const(index.Type, nil, sizes...)), index)
	numbers := c.ReduceSum(c.Mul(positive, c.Const(index.Type, nil, steps...)), false, -1)
	if batches == 1 {
		return numbers
	}
	starts := make([]float64, batches)
	for i := range starts {
		starts[i] = float64(i * step)
	}
	return c.Add(c.Reshape(numbers, batches, -1), c.Const(index.Type, []int{batches, 1}, starts...))
}

// scattered is the gradient of an operator that writes updates into data: what
// was replaced takes none, what was added to takes all.
func (c *Context) scattered(clear, read func() *graph.Value) ([]*graph.Value, error) {
	switch mode := c.Node.Attrs.String("reduction", "none"); mode {
	case "add":
		return []*graph.Value{c.DY(0), nil, c.want(2, read)}, nil
	case "none":
		return []*graph.Value{c.want(0, clear), nil, c.want(2, read)}, nil
	default:
		return nil, fmt.Errorf("%w for scattering with reduction %q", ErrNoRule, mode)
	}
}

// scatterElementsRule: indices without reduction must not repeat, as the
// operator itself demands.
func scatterElementsRule(c *Context) ([]*graph.Value, error) {
	axis := graph.Attrs{"axis": c.Node.Attrs.Int("axis", 0)}
	index := c.X(1)
	return c.scattered(
		func() *graph.Value {
			return c.Op("ScatterElements", axis, c.DY(0), index, c.Expand(c.Scalar(c.DY(0), 0), index.Shape...))
		},
		func() *graph.Value { return c.Op("GatherElements", axis, c.DY(0), index) },
	)
}

func scatterNDRule(c *Context) ([]*graph.Value, error) {
	index := c.X(1)
	return c.scattered(
		func() *graph.Value {
			return c.Op("ScatterND", nil, c.DY(0), index, c.Expand(c.Scalar(c.DY(0), 0), c.X(2).Shape...))
		},
		func() *graph.Value { return c.Op("GatherND", nil, c.DY(0), index) },
	)
}

// cumSumRule sums from the other end.
func cumSumRule(c *Context) ([]*graph.Value, error) {
	attrs := graph.Attrs{"exclusive": c.Node.Attrs.Int("exclusive", 0), "reverse": 1 - c.Node.Attrs.Int("reverse", 0)}
	return []*graph.Value{c.Op("CumSum", attrs, c.DY(0), c.X(1))}, nil
}

// topKRule gives each chosen element its gradient; which are chosen has none.
func topKRule(c *Context) ([]*graph.Value, error) {
	index := c.Y(1)
	axis := c.Node.Attrs.Int("axis", -1)
	return []*graph.Value{c.scatterAdd(c.X(0).Shape, axis, index, c.DY(0))}, nil
}

// reverseSequenceRule reverses again.
func reverseSequenceRule(c *Context) ([]*graph.Value, error) {
	in := slices.Clone(c.Node.In)
	in[0] = c.DY(0)
	return []*graph.Value{c.Op("ReverseSequence", c.Node.Attrs, in...)}, nil
}
