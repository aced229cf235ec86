package graph

import (
	"math"
	"slices"

	"athanor/inference/onnx"
)

// constant is a known value while it is folded; integers up to 2⁵³ are exact,
// and larger ones only stand for "to the end".
type constant struct {
	kind  onnx.DataType
	shape []int
	data  []float64
}

// folder computes a node's only output from constant inputs; ok is false where
// this use of the operator is not folded.
type folder func(c *call, in []constant) (out constant, ok bool)

// mostFolded is how many elements the inputs of a folded node have together:
// enough for all that computes shapes, little enough to leave weights alone.
const mostFolded = 1 << 14

// fold computes a call whose inputs are all known, or returns nil. Exporters
// compute shapes with dozens of such nodes; Reshape, Slice and their like need
// the result while the graph is built.
func fold(c *call) *onnx.Tensor {
	if len(c.names) != 1 {
		return nil
	}
	if c.op == "Constant" {
		return constantAttribute(c.attrs)
	}
	if c.op == "Shape" || c.op == "Size" {
		return foldShape(c)
	}
	f := folders()[c.op]
	in, ok := known(c.in)
	if f == nil || !ok {
		return nil
	}
	out, ok := f(c, in)
	if !ok {
		return nil
	}
	raw, err := encode(out.kind, out.data)
	if err != nil {
		return nil
	}
	return &onnx.Tensor{Type: out.kind, Dims: int64s(out.shape), Raw: raw}
}

// known reads all inputs, if they are constant and small.
func known(values []*Value) ([]constant, bool) {
	in, total := make([]constant, len(values)), 0
	for i, v := range values {
		if v == nil {
			continue
		}
		if v.Const == nil {
			return nil, false
		}
		if total += v.Size(); total > mostFolded {
			return nil, false
		}
		data, err := v.Const.Float64s()
		if err != nil {
			return nil, false
		}
		in[i] = constant{v.Type, v.Shape, data}
	}
	return in, len(values) > 0
}

// constantAttribute is the value of a Constant node in any of its forms.
func constantAttribute(a Attrs) *onnx.Tensor {
	switch {
	case a["value"] != nil:
		t, _ := a["value"].(*onnx.Tensor)
		return t
	case a["value_int"] != nil:
		return onnx.Int64Scalar("", int64(a.Int("value_int", 0)))
	case a["value_float"] != nil:
		return onnx.FloatScalar("", float32(a.Float("value_float", 0)))
	case a["value_ints"] != nil:
		return onnx.Int64Tensor("", []int64{int64(len(a.Ints("value_ints")))}, int64s(a.Ints("value_ints")))
	case a["value_floats"] != nil:
		list, _ := a["value_floats"].([]float64)
		raw, _ := encode(onnx.Float, list)
		return &onnx.Tensor{Type: onnx.Float, Dims: []int64{int64(len(list))}, Raw: raw}
	}
	return nil
}

// foldShape answers Shape and Size where the asked dimensions are known.
func foldShape(c *call) *onnx.Tensor {
	if len(c.in) != 1 || c.in[0] == nil {
		return nil
	}
	shape := c.in[0].Shape
	from, to := bounded(c.attrs.Int("start", 0), len(shape)), bounded(c.attrs.Int("end", len(shape)), len(shape))
	asked := shape[from:max(from, to)]
	if c.op == "Size" {
		asked = shape
	}
	if slices.Contains(asked, Unknown) {
		return nil
	}
	if c.op == "Size" {
		return onnx.Int64Scalar("", int64(product(shape)))
	}
	return onnx.Int64Tensor("", []int64{int64(len(asked))}, int64s(asked))
}

func bounded(i, rank int) int {
	if i < 0 {
		i += rank
	}
	return min(max(i, 0), rank)
}

// folders are the operators that exporters compute shapes with.
func folders() map[string]folder {
	table := map[string]folder{
		"Identity": foldSame, "Cast": foldCast, "Reshape": foldReshape, "Squeeze": foldInferred, "Unsqueeze": foldInferred, "Flatten": foldInferred,
		"Concat": foldConcat, "Gather": foldGather, "Slice": foldSlice, "Transpose": foldTranspose, "Expand": foldExpand, "Where": foldWhere,
		"Range": foldRange, "ConstantOfShape": foldConstantOfShape, "NonZero": foldNonZero,
		"ReduceProd": foldReduce(1, func(a, b float64) float64 { return a * b }), "ReduceSum": foldReduce(0, func(a, b float64) float64 { return a + b }),
		"ReduceMax": foldReduce(math.Inf(-1), math.Max), "ReduceMin": foldReduce(math.Inf(1), math.Min),
	}
	for op, f := range map[string]func(float64) float64{
		"Neg": func(x float64) float64 { return -x }, "Abs": math.Abs, "Floor": math.Floor, "Ceil": math.Ceil, "Sqrt": math.Sqrt,
		"Not": func(x float64) float64 { return 1 - x }, "Round": math.RoundToEven, "Reciprocal": func(x float64) float64 { return 1 / x },
	} {
		table[op] = foldUnary(f)
	}
	for op, f := range map[string]func(x, y float64) float64{
		"Add": func(x, y float64) float64 { return x + y }, "Sub": func(x, y float64) float64 { return x - y },
		"Mul": func(x, y float64) float64 { return x * y }, "Div": func(x, y float64) float64 { return x / y },
		"Pow": math.Pow, "Min": math.Min, "Max": math.Max, "Mod": floorMod,
		"Equal": func(x, y float64) float64 { return truth(x == y) }, "Greater": func(x, y float64) float64 { return truth(x > y) },
		"Less": func(x, y float64) float64 { return truth(x < y) }, "GreaterOrEqual": func(x, y float64) float64 { return truth(x >= y) },
		"LessOrEqual": func(x, y float64) float64 { return truth(x <= y) }, "And": math.Min, "Or": math.Max,
	} {
		table[op] = foldBinary(op, f)
	}
	return table
}

func truth(cond bool) float64 {
	if cond {
		return 1
	}
	return 0
}

// floorMod is Mod of integers: the result takes the divisor's sign.
func floorMod(x, y float64) float64 { return x - y*math.Floor(x/y) }
