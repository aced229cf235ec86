package graph

import (
	"fmt"
	"math"
	"slices"

	"athanor/inference/onnx"
)

// lowering builds the operators that one operator of the file stands for.
type lowering func(im *importer, c *call) ([]*Value, error)

// lowerings are for operators that Opset does not have or that are spelled out
// so that one set of gradient rules is enough.
func lowerings() map[string]lowering {
	return map[string]lowering{
		"FlattenedSoftmax": flattened("Softmax"), "FlattenedLogSoftmax": flattened("LogSoftmax"), "FlattenedHardmax": flattened("Hardmax"),
		"Gelu": lowerGelu, "GroupNormalization": lowerGroupNorm, "ConstantOfShape": lowerConstantOfShape,
		"GRU": lowerGRU,
	}
}

// flattened is a softmax of old: over all dimensions from its axis on as one.
func flattened(op string) lowering {
	return func(im *importer, c *call) ([]*Value, error) {
		x := c.in[0]
		if x.Size() == Unknown {
			return nil, fmt.Errorf("%w: %s over several dimensions of unknown size: fix the batch size", ErrUnsupported, op)
		}
		rows := im.Op("Flatten", Attrs{"axis": c.attrs.Int("axis", 1)}, x)
		return []*Value{im.Op("Reshape", nil, im.Op(op, Attrs{"axis": 1}, rows), im.Ints(x.Shape...))}, nil
	}
}

// lowerGelu spells out opset 20's Gelu (Hendrycks and Gimpel 2016), exact or
// with the tanh approximation.
func lowerGelu(im *importer, c *call) ([]*Value, error) {
	x := c.in[0]
	if c.attrs.String("approximate", "none") == "tanh" {
		cube := im.Mul(x, im.Mul(x, x))
		inner := im.MulBy(im.Add(x, im.MulBy(cube, 0.044715)), math.Sqrt(2/math.Pi))
		return []*Value{im.Mul(im.MulBy(x, 0.5), im.AddTo(im.Op("Tanh", nil, inner), 1))}, nil
	}
	cdf := im.AddTo(im.Op("Erf", nil, im.MulBy(x, 1/math.Sqrt2)), 1)
	return []*Value{im.Mul(im.MulBy(x, 0.5), cdf)}, nil
}

// lowerGroupNorm spells out GroupNormalization (Wu and He 2018): opset 18 gives
// scale and bias for each group, 21 for each channel.
func lowerGroupNorm(im *importer, c *call) ([]*Value, error) {
	if err := need(&Node{In: c.in}, 3); err != nil {
		return nil, err
	}
	x, groups := c.in[0], c.attrs.Int("num_groups", 1)
	if x.Rank() < 3 || x.Size() == Unknown || groups < 1 || x.Shape[1]%groups != 0 {
		return nil, fmt.Errorf("%w: GroupNormalization of %v in %d groups", ErrUnsupported, x.Shape, groups)
	}
	grouped := im.Op("Reshape", nil, x, im.Ints(x.Shape[0], groups, -1))
	mean := im.ReduceMean(grouped, true, 2)
	centred := im.Sub(grouped, mean)
	variance := im.ReduceMean(im.Mul(centred, centred), true, 2)
	normal := im.Div(centred, im.Sqrt(im.AddTo(variance, c.attrs.Float("epsilon", 1e-5))))
	shape := func(v *Value) (scaled, to *Value) {
		if v.Size() == groups && im.opset < 21 {
			return im.Op("Reshape", nil, v, im.Ints(1, groups, 1)), nil
		}
		return im.Op("Reshape", nil, v, im.Ints(slices.Concat([]int{1, x.Shape[1]}, slices.Repeat([]int{1}, x.Rank()-2))...)), im.Ints(x.Shape...)
	}
	scale, full := shape(c.in[1])
	bias, _ := shape(c.in[2])
	if full != nil {
		normal = im.Op("Reshape", nil, normal, full)
	}
	y := im.Add(im.Mul(normal, scale), bias)
	return []*Value{im.Op("Reshape", nil, y, im.Ints(x.Shape...))}, nil
}

// largestFold is how many elements a folded constant may have.
const largestFold = 1 << 22

// lowerConstantOfShape is for shapes too large to fold: one element, expanded.
func lowerConstantOfShape(im *importer, c *call) ([]*Value, error) {
	if _, ok := partialInts(c.input(0)); !ok {
		return nil, fmt.Errorf("%w: ConstantOfShape of a shape that is not constant: fix the batch size", ErrUnsupported)
	}
	kind, x := onnx.Float, 0.0
	if t, ok := c.attrs["value"].(*onnx.Tensor); ok {
		list, err := t.Float64s()
		if err != nil || len(list) != 1 {
			return nil, fmt.Errorf("%w: ConstantOfShape needs one value", ErrInvalid)
		}
		kind, x = t.Type, list[0]
	}
	return []*Value{im.Op("Expand", nil, im.Const(kind, []int{1}, x), c.in[0])}, nil
}
