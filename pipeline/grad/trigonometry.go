package grad

import (
	"athanor/pipeline/graph"
)

func trigonometryRules() map[string]Rule {
	type derivative = func(c *Context, dy *graph.Value) *graph.Value
	table := map[string]Rule{}
	for op, f := range map[string]derivative{
		// (tan x)′ = 1 + tan² x
		"Tan": func(c *Context, dy *graph.Value) *graph.Value { return c.Add(dy, c.Mul(dy, c.squared(c.Y(0)))) },
		// (arcsin x)′ = 1/√(1−x²)
		"Asin": func(c *Context, dy *graph.Value) *graph.Value {
			return c.Div(dy, c.Sqrt(c.oneMinus(c.squared(c.X(0)))))
		},
		"Acos": func(c *Context, dy *graph.Value) *graph.Value {
			return c.Neg(c.Div(dy, c.Sqrt(c.oneMinus(c.squared(c.X(0))))))
		},
		// (arctan x)′ = 1/(1+x²)
		"Atan": func(c *Context, dy *graph.Value) *graph.Value { return c.Div(dy, c.AddTo(c.squared(c.X(0)), 1)) },
		"Sinh": func(c *Context, dy *graph.Value) *graph.Value { return c.Mul(dy, c.Op("Cosh", nil, c.X(0))) },
		"Cosh": func(c *Context, dy *graph.Value) *graph.Value { return c.Mul(dy, c.Op("Sinh", nil, c.X(0))) },
		// (arsinh x)′ = 1/√(x²+1), (arcosh x)′ = 1/√(x²−1), (artanh x)′ = 1/(1−x²)
		"Asinh": func(c *Context, dy *graph.Value) *graph.Value {
			return c.Div(dy, c.Sqrt(c.AddTo(c.squared(c.X(0)), 1)))
		},
		"Acosh": func(c *Context, dy *graph.Value) *graph.Value {
			return c.Div(dy, c.Sqrt(c.AddTo(c.squared(c.X(0)), -1)))
		},
		"Atanh": func(c *Context, dy *graph.Value) *graph.Value { return c.Div(dy, c.oneMinus(c.squared(c.X(0)))) },
	} {
		table[op] = unary(f)
	}
	return table
}

func (c *Context) squared(x *graph.Value) *graph.Value { return c.Mul(x, x) }

// oneMinus is 1 − x.
func (c *Context) oneMinus(x *graph.Value) *graph.Value { return c.Sub(c.Scalar(x, 1), x) }
