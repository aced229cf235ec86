package grad_test

import (
	"math"
	"testing"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

// unaryCase applies op to one random input.
func unaryCase(op string, attrs graph.Attrs, input func(t *trial, shape []int) *graph.Value) checkCase {
	return func(t *trial) *graph.Value { return t.Op(op, attrs, input(t, t.shape(t.among(1, 4)))) }
}

func normal(t *trial, shape []int) *graph.Value { return t.x(shape...) }

// offZero keeps away from the kink at 0.
func offZero(t *trial, shape []int) *graph.Value { return t.apart(0.07, shape...) }

func inside(low, high float64) func(t *trial, shape []int) *graph.Value {
	return func(t *trial, shape []int) *graph.Value { return t.between(low, high, shape...) }
}

// off draws from (−3, 3) but stays away from the given kinks.
func off(kinks ...float64) func(t *trial, shape []int) *graph.Value {
	return func(t *trial, shape []int) *graph.Value {
		return t.variable(shape, func() float64 {
			for {
				x := 10*t.r.Float64() - 5
				near := false
				for _, k := range kinks {
					near = near || math.Abs(x-k) < 0.01
				}
				if !near {
					return x
				}
			}
		})
	}
}

func unaryCases() map[string]checkCase {
	return map[string]checkCase{
		"Identity": unaryCase("Identity", nil, normal), "Neg": unaryCase("Neg", nil, normal), "Exp": unaryCase("Exp", nil, normal),
		"Log": unaryCase("Log", nil, inside(0.1, 3)), "Sqrt": unaryCase("Sqrt", nil, inside(0.1, 3)), "Reciprocal": unaryCase("Reciprocal", nil, inside(0.3, 3)),
		"Abs": unaryCase("Abs", nil, offZero), "Sin": unaryCase("Sin", nil, normal), "Cos": unaryCase("Cos", nil, normal),
		"Erf": unaryCase("Erf", nil, normal), "Relu": unaryCase("Relu", nil, offZero), "Sigmoid": unaryCase("Sigmoid", nil, normal),
		"Tanh": unaryCase("Tanh", nil, normal), "Softplus": unaryCase("Softplus", nil, normal), "HardSwish": unaryCase("HardSwish", nil, off(-3, 3)),
		"LeakyRelu": unaryCase("LeakyRelu", graph.Attrs{"alpha": 0.3}, offZero), "LeakyRelu default": unaryCase("LeakyRelu", nil, offZero),
		"Elu": unaryCase("Elu", graph.Attrs{"alpha": 1.7}, offZero), "Elu default": unaryCase("Elu", nil, offZero),
		"HardSigmoid":         unaryCase("HardSigmoid", graph.Attrs{"alpha": 0.4, "beta": 0.6}, off(-1.5, 1)),
		"HardSigmoid default": unaryCase("HardSigmoid", nil, off(-2.5, 2.5)),
	}
}

func TestUnaryGradients(t *testing.T) { checkGradients(t, unaryCases()) }

func activationCases() map[string]checkCase {
	return map[string]checkCase{
		"Selu": unaryCase("Selu", nil, offZero), "Selu with parameters": unaryCase("Selu", graph.Attrs{"alpha": 1.2, "gamma": 0.7}, offZero),
		"Celu": unaryCase("Celu", nil, offZero), "Celu with alpha": unaryCase("Celu", graph.Attrs{"alpha": 2.0}, offZero),
		"ThresholdedRelu": unaryCase("ThresholdedRelu", graph.Attrs{"alpha": 0.5}, off(0.5)), "Softsign": unaryCase("Softsign", nil, offZero),
		"Mish": unaryCase("Mish", nil, normal), "Shrink": unaryCase("Shrink", graph.Attrs{"lambd": 0.7, "bias": 0.2}, off(-0.7, 0.7)),
		"PRelu": func(t *trial) *graph.Value {
			shape := t.shape(t.among(1, 4))
			return t.Op("PRelu", nil, t.apart(0.07, shape...), t.x(t.narrowed(shape)...))
		},
		"Floor": unaryCase("Floor", nil, off(-4, -3, -2, -1, 0, 1, 2, 3, 4)), "Ceil": unaryCase("Ceil", nil, off(-4, -3, -2, -1, 0, 1, 2, 3, 4)),
		"Round": unaryCase("Round", nil, off(-4.5, -3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5)), "Sign": unaryCase("Sign", nil, offZero),
	}
}

func TestActivationGradients(t *testing.T) { checkGradients(t, activationCases()) }

func trigonometryCases() map[string]checkCase {
	return map[string]checkCase{
		"Tan": unaryCase("Tan", nil, inside(-1.2, 1.2)), "Asin": unaryCase("Asin", nil, inside(-0.9, 0.9)), "Acos": unaryCase("Acos", nil, inside(-0.9, 0.9)),
		"Atan": unaryCase("Atan", nil, normal), "Sinh": unaryCase("Sinh", nil, normal), "Cosh": unaryCase("Cosh", nil, normal),
		"Asinh": unaryCase("Asinh", nil, normal), "Acosh": unaryCase("Acosh", nil, inside(1.2, 4)), "Atanh": unaryCase("Atanh", nil, inside(-0.9, 0.9)),
	}
}

func TestTrigonometryGradients(t *testing.T) { checkGradients(t, trigonometryCases()) }

func softmaxCases() map[string]checkCase {
	along := func(op string) checkCase {
		return func(t *trial) *graph.Value {
			rank := t.among(1, 4)
			return t.Op(op, graph.Attrs{"axis": t.among(-rank, rank-1)}, t.x(t.shape(rank)...))
		}
	}
	return map[string]checkCase{
		"Softmax": along("Softmax"), "LogSoftmax": along("LogSoftmax"),
		"Softmax default": unaryCase("Softmax", nil, normal), "LogSoftmax default": unaryCase("LogSoftmax", nil, normal),
	}
}

func TestSoftmaxGradients(t *testing.T) { checkGradients(t, softmaxCases()) }

// binaryCase broadcasts two random inputs against each other, either way round.
func binaryCase(op string, left, right func(t *trial, shape []int) *graph.Value) checkCase {
	return func(t *trial) *graph.Value {
		shape := t.shape(t.among(1, 4))
		other := t.narrowed(shape)
		if t.r.IntN(2) == 0 {
			shape, other = other, shape
		}
		return t.Op(op, nil, left(t, shape), right(t, other))
	}
}

func binaryCases() map[string]checkCase {
	return map[string]checkCase{
		"Add": binaryCase("Add", normal, normal), "Sub": binaryCase("Sub", normal, normal), "Mul": binaryCase("Mul", normal, normal),
		"Div": binaryCase("Div", normal, inside(0.5, 2)), "Pow": binaryCase("Pow", inside(0.3, 2), inside(-2, 3)),
		"Pow of a negative base": func(t *trial) *graph.Value {
			x := t.apart(0.3, t.shape(2)...)
			return t.Op("Pow", nil, x, t.Scalar(x, float64(t.among(1, 4))))
		},
		"Pow with an integer exponent": func(t *trial) *graph.Value {
			return t.Op("Pow", nil, t.apart(0.3, t.shape(2)...), t.Ints(t.among(1, 4)))
		},
		"same input twice": func(t *trial) *graph.Value {
			x := t.x(t.shape(3)...)
			return t.Mul(x, t.Add(x, x))
		},
	}
}

func TestBinaryGradients(t *testing.T) { checkGradients(t, binaryCases()) }

// several gives op two to four inputs that broadcast; no two elements tie.
func several(op string) checkCase {
	return func(t *trial) *graph.Value {
		shape := t.shape(t.among(1, 3))
		var in []*graph.Value
		for i := range t.among(2, 4) {
			own := shape
			if i > 0 {
				own = t.narrowed(shape)
			}
			in = append(in, t.AddTo(t.apart(0.31, own...), 0.07*float64(i)))
		}
		return t.Op(op, nil, in...)
	}
}

func variadicCases() map[string]checkCase {
	return map[string]checkCase{
		"Mean": several("Mean"), "Sum": several("Sum"), "Max": several("Max"), "Min": several("Min"),
		"Sum of one": func(t *trial) *graph.Value { return t.Op("Sum", nil, t.x(3)) },
		"Max of one": func(t *trial) *graph.Value { return t.Op("Max", nil, t.x(3)) },
		"Where": func(t *trial) *graph.Value {
			shape := t.shape(3)
			cond := t.Greater(t.x(t.narrowed(shape)...), t.Const(onnx.Float, []int{1}, 0))
			return t.Where(cond, t.x(t.narrowed(shape)...), t.x(shape...))
		},
		"Clip": func(t *trial) *graph.Value {
			x := off(-1, 2)(t, t.shape(3))
			return t.Op("Clip", nil, x, t.bound(-1), t.bound(2))
		},
		"Clip below": func(t *trial) *graph.Value { return t.Op("Clip", nil, off(1)(t, t.shape(2)), t.bound(1)) },
		"Clip above": func(t *trial) *graph.Value { return t.Op("Clip", nil, off(1)(t, t.shape(2)), nil, t.bound(1)) },
		"Cast": func(t *trial) *graph.Value {
			return t.Cast(t.Mul(t.Cast(t.x(t.shape(2)...), onnx.Double), t.Const(onnx.Double, []int{1}, 3)), onnx.Float)
		},
		"Cast to integers stops the gradient": func(t *trial) *graph.Value {
			x := t.apart(0.3, t.shape(2)...)
			return t.Add(x, t.Cast(t.Cast(x, onnx.Int64), onnx.Float))
		},
	}
}

func TestVariadicGradients(t *testing.T) { checkGradients(t, variadicCases()) }

// bound is a constant without dimensions, as Clip wants it.
func (t *trial) bound(x float64) *graph.Value { return t.Const(onnx.Float, []int{}, x) }
