package grad

import (
	"athanor/pipeline/graph"
)

func reduceRules() map[string]Rule {
	return map[string]Rule{
		"ReduceSum": reduceRule(func(c *Context, dy *graph.Value) *graph.Value { return dy }),
		"ReduceMean": reduceRule(func(c *Context, dy *graph.Value) *graph.Value {
			return c.MulBy(dy, float64(dy.Size())/float64(c.X(0).Size()))
		}),
		"ReduceSumSquare": reduceRule(func(c *Context, dy *graph.Value) *graph.Value { return c.MulBy(c.Mul(dy, c.X(0)), 2) }),
		"ReduceL1":        reduceRule(func(c *Context, dy *graph.Value) *graph.Value { return c.Mul(dy, c.Op("Sign", nil, c.X(0))) }),
		// where all elements are 0 the gradient of the length is taken as 0
		"ReduceL2": reduceRule(func(c *Context, dy *graph.Value) *graph.Value {
			return c.Mul(dy, c.Div(c.X(0), c.awayFromZero(c.kept(c.Y(0)))))
		}),
		"ReduceProd": reduceRule(reduceProdGradient),
		"ReduceLogSum": reduceRule(func(c *Context, dy *graph.Value) *graph.Value {
			return c.Div(dy, c.Exp(c.kept(c.Y(0))))
		}),
		"ReduceMax": reduceRule(reduceExtremeGradient), "ReduceMin": reduceRule(reduceExtremeGradient),
		"ReduceLogSumExp": reduceRule(func(c *Context, dy *graph.Value) *graph.Value {
			return c.Mul(dy, c.Exp(c.Sub(c.X(0), c.kept(c.Y(0)))))
		}),
	}
}

// reduceRule gives f the output's gradient with the reduced axes kept as 1.
func reduceRule(f func(c *Context, dy *graph.Value) *graph.Value) Rule {
	return func(c *Context) ([]*graph.Value, error) {
		return []*graph.Value{c.Expand(f(c, c.kept(c.DY(0))), c.X(0).Shape...)}, nil
	}
}

// kept puts the reduced axes back with size 1.
func (c *Context) kept(v *graph.Value) *graph.Value {
	shape := append([]int{}, c.X(0).Shape...)
	for _, a := range graph.ReducedAxes(c.Node) {
		shape[a] = 1
	}
	return c.Reshape(v, shape...)
}

// reduceExtremeGradient shares the gradient equally between all elements that
// reach the extreme.
func reduceExtremeGradient(c *Context, dy *graph.Value) *graph.Value {
	hit := c.mask(c.Equal(c.X(0), c.kept(c.Y(0))), dy)
	return c.Mul(hit, c.Div(dy, c.ReduceSum(hit, true, graph.ReducedAxes(c.Node)...)))
}

// reduceProdGradient multiplies by the product of all other elements, also where
// some are 0: with two zeros in a group it is 0 everywhere, with one it is 0
// everywhere but there.
func reduceProdGradient(c *Context, dy *graph.Value) *graph.Value {
	x, axes := c.X(0), graph.ReducedAxes(c.Node)
	zero := c.mask(c.Equal(x, c.Scalar(x, 0)), x)
	nonzero := c.Add(x, zero)
	product := c.Op("ReduceProd", graph.Attrs{"keepdims": 1}, nonzero, c.Ints(axes...))
	otherZeros := c.Sub(c.ReduceSum(zero, true, axes...), zero)
	others := c.Mul(c.Div(product, nonzero), c.mask(c.Equal(otherZeros, c.Scalar(x, 0)), x))
	return c.Mul(dy, others)
}
