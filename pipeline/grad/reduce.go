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
		"ReduceL2": reduceRule(func(c *Context, dy *graph.Value) *graph.Value {
			return c.Mul(dy, c.Div(c.X(0), c.kept(c.Y(0))))
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
