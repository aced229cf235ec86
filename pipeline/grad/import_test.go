package grad_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/graph"
)

// file writes a model node by node, as an exporter does: random weights, names
// by number, constants in nodes.
type file struct {
	*onnx.Model
	r *rand.Rand
	n int
}

func newFile(opset int64) *file {
	return &file{
		Model: &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: opset}}, Graph: &onnx.Graph{Name: "exported"}},
		r:     rand.New(rand.NewPCG(11, 3)),
	}
}

func (f *file) name(kind string) string {
	f.n++
	return kind + "_" + strconv.Itoa(f.n)
}

func (f *file) input(name string, kind onnx.DataType, shape ...onnx.Dim) string {
	f.Graph.Inputs = append(f.Graph.Inputs, onnx.TensorValue(name, kind, shape...))
	return name
}

// weight is a trained parameter around a centre.
func (f *file) weight(centre float32, shape ...int64) string {
	count := int64(1)
	for _, d := range shape {
		count *= d
	}
	data := make([]float32, count)
	for i := range data {
		data[i] = centre + float32(f.r.NormFloat64())*0.4
	}
	name := f.name("weight")
	f.Graph.Initializers = append(f.Graph.Initializers, onnx.FloatTensor(name, shape, data))
	return name
}

func (f *file) constant(t *onnx.Tensor) string {
	return f.op("Constant", []*onnx.Attribute{onnx.TensorAttr("value", t)})
}

func (f *file) scalar(x float32) string { return f.constant(onnx.FloatScalar("", x)) }

func (f *file) ints(v ...int64) string {
	return f.constant(onnx.Int64Tensor("", []int64{int64(len(v))}, v))
}

func (f *file) op(op string, attrs []*onnx.Attribute, in ...string) string {
	return f.ops(op, 1, attrs, in...)[0]
}

func (f *file) ops(op string, count int, attrs []*onnx.Attribute, in ...string) []string {
	n := &onnx.Node{OpType: op, Name: f.name("/" + op), Inputs: in, Attrs: attrs}
	for range count {
		n.Outputs = append(n.Outputs, f.name(op))
	}
	f.Graph.Nodes = append(f.Graph.Nodes, n)
	return n.Outputs
}

func (f *file) output(name string) *onnx.Model {
	f.Graph.Outputs = append(f.Graph.Outputs, &onnx.ValueInfo{Name: name, Type: &onnx.Type{Tensor: &onnx.TensorType{Elem: onnx.Float}}})
	return f.Model
}

func attrs(list ...*onnx.Attribute) []*onnx.Attribute { return list }

// tuned imports a model with its weights and float inputs as variables.
func tuned(m *onnx.Model) checkCase {
	return tunedIn(m, func(name string, _ *onnx.Tensor) bool { return strings.HasPrefix(name, "weight") })
}

// tunedIn says which initializers are weights.
func tunedIn(m *onnx.Model, isWeight func(name string, w *onnx.Tensor) bool) checkCase {
	return func(t *trial) *graph.Value {
		inputs := map[string]*graph.Value{}
		for _, v := range m.Graph.Inputs {
			shape := []int{}
			for _, d := range v.Type.Tensor.Shape {
				shape = append(shape, max(int(d.Value), 2)) // the batch is 2
			}
			if v.Type.Tensor.Elem == onnx.Float {
				inputs[v.Name] = t.x(shape...)
			} else {
				inputs[v.Name] = t.Cast(t.index(0, 2, shape...), v.Type.Tensor.Elem)
			}
		}
		im, err := t.Import(m, graph.ImportConfig{Batch: 2, Inputs: inputs, Variable: func(name string, w *onnx.Tensor) *graph.Value {
			if !isWeight(name, w) {
				return nil
			}
			values, _ := w.Float64s()
			shape := []int{}
			for _, d := range w.Dims {
				shape = append(shape, int(d))
			}
			return t.values(shape, values...)
		}})
		if err != nil {
			t.Fail("%w", err)
			return t.Const(onnx.Float, nil, 0)
		}
		return im.Outputs[0]
	}
}

const width, heads, words = 4, 2, 5

// torchNorm is LayerNorm as PyTorch writes it before opset 17.
func (f *file) torchNorm(x string) string {
	last := attrs(onnx.IntsAttr("axes", -1))
	centred := f.op("Sub", nil, x, f.op("ReduceMean", last, x))
	variance := f.op("ReduceMean", last, f.op("Pow", nil, centred, f.scalar(2)))
	deviation := f.op("Sqrt", nil, f.op("Add", nil, variance, f.scalar(1e-5)))
	return f.op("Add", nil, f.op("Mul", nil, f.op("Div", nil, centred, deviation), f.weight(1, width)), f.weight(0, width))
}

// torchGelu is GELU as PyTorch writes it before opset 20.
func (f *file) torchGelu(x string) string {
	erf := f.op("Erf", nil, f.op("Div", nil, x, f.scalar(math.Sqrt2)))
	return f.op("Mul", nil, f.op("Mul", nil, x, f.op("Add", nil, erf, f.scalar(1))), f.scalar(0.5))
}

func (f *file) linear(x string, in, out int64) string {
	return f.op("Add", nil, f.op("MatMul", nil, x, f.weight(0, in, out)), f.weight(0, out))
}

// torchHeads reshapes with sizes that it reads from the input, as tracing does.
func (f *file) torchHeads(x string, perm ...int64) string {
	size := func(axis int64) string {
		got := f.op("Gather", attrs(onnx.IntAttr("axis", 0)), f.op("Shape", nil, x), f.constant(onnx.Int64Scalar("", axis)))
		return f.op("Unsqueeze", attrs(onnx.IntsAttr("axes", 0)), got)
	}
	shape := f.op("Concat", attrs(onnx.IntAttr("axis", 0)), size(0), size(1), f.ints(heads), f.ints(width/heads))
	return f.op("Transpose", attrs(onnx.IntsAttr("perm", perm...)), f.op("Reshape", nil, x, shape))
}

// torchBERT is one encoder layer with embeddings, opset 11, in PyTorch's style.
func torchBERT() *onnx.Model {
	f := newFile(11)
	ids := f.input("input_ids", onnx.Int64, onnx.Named("batch"), onnx.Fixed(words))
	mask := f.input("attention_mask", onnx.Int64, onnx.Named("batch"), onnx.Fixed(words))
	ones := f.op("ConstantOfShape", attrs(onnx.TensorAttr("value", onnx.Int64Tensor("", []int64{1}, []int64{1}))), f.ints(words))
	counted := f.op("Transpose", attrs(onnx.IntsAttr("perm", 1, 0)), f.op("NonZero", nil, ones)) // how old opsets write a range
	positions := f.op("Unsqueeze", attrs(onnx.IntsAttr("axes", 0)), f.op("Squeeze", attrs(onnx.IntsAttr("axes", 1)), counted))
	x := f.op("Add", nil, f.op("Gather", nil, f.weight(0, 6, width), ids), f.op("Gather", nil, f.weight(0, 8, width), positions))
	x = f.torchNorm(x)
	absent := f.op("Sub", nil, f.scalar(1), f.op("Cast", attrs(onnx.IntAttr("to", 1)), f.op("Unsqueeze", attrs(onnx.IntsAttr("axes", 1, 2)), mask)))
	bias := f.op("Mul", nil, absent, f.scalar(-10))
	q, k, v := f.torchHeads(f.linear(x, width, width), 0, 2, 1, 3), f.torchHeads(f.linear(x, width, width), 0, 2, 3, 1), f.torchHeads(f.linear(x, width, width), 0, 2, 1, 3)
	scores := f.op("Add", nil, f.op("Div", nil, f.op("MatMul", nil, q, k), f.scalar(math.Sqrt2)), bias)
	shares := f.op("Softmax", attrs(onnx.IntAttr("axis", 3)), scores)
	shares = f.op("Where", nil, f.op("IsNaN", nil, shares), f.scalar(0), shares) // where all is masked
	mixed := f.op("MatMul", nil, f.op("Dropout", nil, shares), v)
	back := f.op("Transpose", attrs(onnx.IntsAttr("perm", 0, 2, 1, 3)), mixed)
	joined := f.op("Reshape", nil, back, f.ints(0, 0, width))
	x = f.torchNorm(f.op("Add", nil, f.linear(joined, width, width), x))
	x = f.torchNorm(f.op("Add", nil, f.linear(f.torchGelu(f.linear(x, width, 6)), 6, width), x))
	first := f.op("Gather", attrs(onnx.IntAttr("axis", 1)), x, f.constant(onnx.Int64Scalar("", 0)))
	pooled := f.op("Tanh", nil, f.op("Gemm", attrs(onnx.IntAttr("transB", 1)), first, f.weight(0, width, width), f.weight(0, width)))
	return f.output(f.op("Gemm", attrs(onnx.IntAttr("transB", 1)), pooled, f.weight(0, 3, width), f.weight(0, 3)))
}

// tensorflowBERT is the same in tf2onnx's style: batch norm's arithmetic for
// the layer norm, GELU by tanh, Einsum for the heads, Where for the mask.
func tensorflowBERT() *onnx.Model {
	f := newFile(15)
	x := f.input("embedded", onnx.Float, onnx.Named("batch"), onnx.Fixed(words), onnx.Fixed(width))
	mask := f.input("mask", onnx.Int64, onnx.Named("batch"), onnx.Fixed(words))
	norm := func(x string) string {
		last := attrs(onnx.IntsAttr("axes", -1), onnx.IntAttr("keepdims", 1))
		mean := f.op("ReduceMean", last, x)
		gap := f.op("Sub", nil, x, mean)
		variance := f.op("ReduceMean", last, f.op("Mul", nil, gap, gap))
		inverse := f.op("Reciprocal", nil, f.op("Sqrt", nil, f.op("Add", nil, variance, f.scalar(1e-5))))
		gain := f.op("Mul", nil, inverse, f.weight(1, width))
		return f.op("Add", nil, f.op("Mul", nil, x, gain), f.op("Sub", nil, f.weight(0, width), f.op("Mul", nil, mean, gain)))
	}
	project := func(x string) string {
		return f.op("Add", nil, f.op("Einsum", attrs(onnx.StringAttr("equation", "abc,cde->abde")), x, f.weight(0, width, heads, width/heads)), f.weight(0, heads, width/heads))
	}
	h := norm(x)
	scores := f.op("Einsum", attrs(onnx.StringAttr("equation", "aecd,abcd->acbe")), project(h), f.op("Mul", nil, project(h), f.scalar(1/math.Sqrt2)))
	shown := f.op("Equal", nil, f.op("Unsqueeze", nil, mask, f.ints(1, 2)), f.constant(onnx.Int64Scalar("", 1)))
	masked := f.op("Where", nil, shown, scores, f.scalar(-8))
	mixed := f.op("Einsum", attrs(onnx.StringAttr("equation", "acbe,aecd->abcd")), f.op("Softmax", attrs(onnx.IntAttr("axis", -1)), masked), project(h))
	out := f.op("Einsum", attrs(onnx.StringAttr("equation", "abcd,cde->abe")), mixed, f.weight(0, heads, width/heads, width))
	x = f.op("Add", nil, x, out)
	u := f.linear(norm(x), width, 5)
	inner := f.op("Add", nil, u, f.op("Mul", nil, f.op("Pow", nil, u, f.scalar(3)), f.scalar(0.044715)))
	gelu := f.op("Mul", nil, f.op("Mul", nil, f.scalar(0.5), u), f.op("Add", nil, f.scalar(1), f.op("Tanh", nil, f.op("Mul", nil, inner, f.scalar(0.7978846)))))
	x = f.op("Add", nil, x, f.linear(gelu, 5, width))
	pooled := f.op("ReduceMean", attrs(onnx.IntsAttr("axes", 1), onnx.IntAttr("keepdims", 0)), x)
	return f.output(f.linear(pooled, width, 3))
}

// tensordot multiplies the last axis by way of two dimensions, as a Dense layer of
// Keras comes out of a converter.
func (f *file) tensordot(x string, in, out int64) string {
	flat := f.op("MatMul", nil, f.op("Reshape", nil, x, f.ints(-1, in)), f.weight(0, in, out))
	batch := f.op("Gather", attrs(onnx.IntAttr("axis", 0)), f.op("Shape", nil, x), f.ints(0))
	shape := f.op("Concat", attrs(onnx.IntAttr("axis", 0)), batch, f.ints(words, out))
	return f.op("Add", nil, f.op("Reshape", nil, flat, shape), f.weight(0, out))
}

// kerasBERT is an encoder layer with embeddings in Keras' style, opset 18: int32
// tokens, the layer norm by moments and a product with the reciprocal root, one
// EinsumDense for queries, keys and values, the mask added as a large number, GELU
// by Erf with its half in front, and padding left out of the mean.
func kerasBERT() *onnx.Model {
	f := newFile(18)
	ids := f.input("token_ids", onnx.Int32, onnx.Named("batch"), onnx.Fixed(words))
	mask := f.input("padding_mask", onnx.Int32, onnx.Named("batch"), onnx.Fixed(words))
	norm := func(x string) string {
		last := attrs(onnx.IntAttr("keepdims", 1))
		mean := f.op("ReduceMean", last, x, f.ints(-1))
		gap := f.op("Sub", nil, x, mean)
		variance := f.op("ReduceMean", last, f.op("Mul", nil, gap, gap), f.ints(-1))
		inverse := f.op("Div", nil, f.scalar(1), f.op("Sqrt", nil, f.op("Add", nil, variance, f.scalar(1e-5))))
		return f.op("Add", nil, f.op("Mul", nil, f.op("Mul", nil, gap, inverse), f.weight(1, width)), f.weight(0, width))
	}
	project := func(x string) string {
		dense := f.op("Einsum", attrs(onnx.StringAttr("equation", "abc,cde->abde")), x, f.weight(0, width, heads, width/heads))
		return f.op("Add", nil, dense, f.weight(0, heads, width/heads))
	}
	x := f.op("Add", nil, f.op("Gather", nil, f.weight(0, 6, width), ids), f.op("Unsqueeze", nil, f.weight(0, words, width), f.ints(0)))
	x = norm(x)
	query := f.op("Mul", nil, project(x), f.scalar(1/math.Sqrt2))
	scores := f.op("Einsum", attrs(onnx.StringAttr("equation", "aecd,abcd->acbe")), project(x), query)
	shown := f.op("Cast", attrs(onnx.IntAttr("to", 1)), f.op("Unsqueeze", nil, mask, f.ints(1, 2)))
	added := f.op("Mul", nil, f.op("Sub", nil, f.scalar(1), shown), f.scalar(-9))
	weights := f.op("Softmax", attrs(onnx.IntAttr("axis", -1)), f.op("Add", nil, scores, added))
	mixed := f.op("Einsum", attrs(onnx.StringAttr("equation", "acbe,aecd->abcd")), weights, project(x))
	out := f.op("Einsum", attrs(onnx.StringAttr("equation", "abcd,cde->abe")), mixed, f.weight(0, heads, width/heads, width))
	x = norm(f.op("Add", nil, x, out))
	u := f.tensordot(x, width, 5)
	half := f.op("Mul", nil, f.scalar(0.5), f.op("Add", nil, f.scalar(1), f.op("Erf", nil, f.op("Mul", nil, u, f.scalar(1/math.Sqrt2)))))
	x = norm(f.op("Add", nil, x, f.tensordot(f.op("Mul", nil, u, half), 5, width)))
	kept := f.op("Unsqueeze", nil, f.op("Cast", attrs(onnx.IntAttr("to", 1)), mask), f.ints(-1))
	sum := f.op("ReduceSum", attrs(onnx.IntAttr("keepdims", 0)), f.op("Mul", nil, x, kept), f.ints(1))
	count := f.op("ReduceSum", attrs(onnx.IntAttr("keepdims", 0)), kept, f.ints(1))
	pooled := f.op("Div", nil, sum, f.op("Add", nil, count, f.scalar(0.5)))
	return f.output(f.linear(pooled, width, 3))
}

func (f *file) conv(x string, in, out, kernel, stride, group int64) string {
	pad := kernel / 2
	return f.op("Conv", attrs(onnx.IntsAttr("kernel_shape", kernel, kernel), onnx.IntsAttr("strides", stride, stride), onnx.IntsAttr("pads", pad, pad, pad, pad), onnx.IntAttr("group", group)),
		x, f.weight(0, out, in/group, kernel, kernel), f.weight(0, out))
}

func (f *file) batchNorm(x string, channels int64) string {
	positive := func() string {
		name := f.name("variance")
		f.Graph.Initializers = append(f.Graph.Initializers, onnx.FloatTensor(name, []int64{channels}, []float32{0.5, 1, 1.5, 2}[:channels]))
		return name
	}
	return f.op("BatchNormalization", attrs(onnx.FloatAttr("momentum", 0.9)), x, f.weight(1, channels), f.weight(0, channels), positive(), positive())
}

// mobileNet is an inverted residual with squeeze and excitation, as MobileNetV3
// and EfficientNet have it; hard swish is spelled out as old exports do.
func mobileNet() *onnx.Model {
	f := newFile(11)
	x := f.input("image", onnx.Float, onnx.Named("N"), onnx.Fixed(3), onnx.Fixed(6), onnx.Fixed(6))
	x = f.batchNorm(f.conv(x, 3, 4, 3, 2, 1), 4)
	clipped := f.op("Clip", nil, f.op("Add", nil, x, f.scalar(3)), f.scalar(0), f.scalar(6))
	x = f.op("Mul", nil, x, f.op("Div", nil, clipped, f.scalar(6)))
	h := f.op("Mul", nil, x, f.op("Sigmoid", nil, x))
	h = f.batchNorm(f.conv(h, 4, 4, 3, 1, 4), 4)
	squeezed := f.conv(f.op("GlobalAveragePool", nil, h), 4, 2, 1, 1, 1)
	excited := f.op("HardSigmoid", nil, f.conv(f.op("LeakyRelu", nil, squeezed), 2, 4, 1, 1, 1))
	h = f.op("Add", nil, x, f.conv(f.op("Mul", nil, h, excited), 4, 4, 1, 1, 1))
	pooled := f.op("Flatten", nil, f.op("GlobalAveragePool", nil, h))
	return f.output(f.op("Gemm", attrs(onnx.IntAttr("transB", 1)), pooled, f.weight(0, 3, 4), f.weight(0, 3)))
}

// resNet is a residual block with a projection behind a strided stem and pool.
func resNet() *onnx.Model {
	f := newFile(9)
	x := f.input("image", onnx.Float, onnx.Named("N"), onnx.Fixed(3), onnx.Fixed(9), onnx.Fixed(9))
	x = f.op("Relu", nil, f.batchNorm(f.conv(x, 3, 4, 3, 2, 1), 4))
	x = f.op("MaxPool", attrs(onnx.IntsAttr("kernel_shape", 3, 3), onnx.IntsAttr("strides", 2, 2), onnx.IntsAttr("pads", 1, 1, 1, 1)), x)
	h := f.batchNorm(f.conv(f.op("Relu", nil, f.batchNorm(f.conv(x, 4, 3, 3, 2, 1), 3)), 3, 4, 3, 1, 1), 4)
	h = f.op("Relu", nil, f.op("Add", nil, h, f.conv(x, 4, 4, 1, 2, 1)))
	pooled := f.op("ReduceMean", attrs(onnx.IntsAttr("axes", 2, 3), onnx.IntAttr("keepdims", 0)), h)
	return f.output(f.linear(pooled, 4, 3))
}

// visionTransformer cuts patches by a convolution, adds a class token and
// resized positions, and attends once with a fused projection that is split.
func visionTransformer() *onnx.Model {
	f := newFile(17)
	x := f.input("image", onnx.Float, onnx.Named("N"), onnx.Fixed(3), onnx.Fixed(4), onnx.Fixed(4))
	patches := f.op("Conv", attrs(onnx.IntsAttr("kernel_shape", 2, 2), onnx.IntsAttr("strides", 2, 2)), x, f.weight(0, width, 3, 2, 2), f.weight(0, width))
	tokens := f.op("Transpose", attrs(onnx.IntsAttr("perm", 0, 2, 1)), f.op("Reshape", nil, patches, f.ints(0, width, -1)))
	batch := f.op("Gather", nil, f.op("Shape", nil, tokens), f.ints(0))
	class := f.op("Expand", nil, f.weight(0, 1, 1, width), f.op("Concat", attrs(onnx.IntAttr("axis", 0)), batch, f.ints(1, width)))
	grid := f.op("Resize", attrs(onnx.StringAttr("mode", "linear")), f.weight(0, 1, width, 3, 3), "", "", f.ints(1, width, 2, 2))
	places := f.op("Transpose", attrs(onnx.IntsAttr("perm", 0, 2, 1)), f.op("Reshape", nil, grid, f.ints(1, width, 4)))
	h := f.op("Concat", attrs(onnx.IntAttr("axis", 1)), class, f.op("Add", nil, tokens, places))
	n := f.op("LayerNormalization", attrs(onnx.IntAttr("axis", -1)), h, f.weight(1, width), f.weight(0, width))
	fused := f.op("Reshape", nil, f.linear(n, width, 3*width), f.ints(0, 0, 3, heads, width/heads))
	parts := f.ops("Split", 3, attrs(onnx.IntAttr("axis", 0)), f.op("Transpose", attrs(onnx.IntsAttr("perm", 2, 0, 3, 1, 4)), fused))
	q, k, v := f.op("Squeeze", nil, parts[0], f.ints(0)), f.op("Squeeze", nil, parts[1], f.ints(0)), f.op("Squeeze", nil, parts[2], f.ints(0))
	scores := f.op("MatMul", nil, f.op("Mul", nil, q, f.scalar(0.7)), f.op("Transpose", attrs(onnx.IntsAttr("perm", 0, 1, 3, 2)), k))
	mixed := f.op("Transpose", attrs(onnx.IntsAttr("perm", 0, 2, 1, 3)), f.op("MatMul", nil, f.op("Softmax", nil, scores), v))
	h = f.op("Add", nil, h, f.linear(f.op("Reshape", nil, mixed, f.ints(0, 0, width)), width, width))
	first := f.op("Slice", nil, h, f.ints(0), f.ints(1), f.ints(1))
	return f.output(f.linear(f.op("Reshape", nil, first, f.ints(-1, width)), width, 3))
}

// TestImportedNetworksDifferentiate: networks in the styles of the usual
// exporters have gradients equal to finite differences in all their weights.
func TestImportedNetworksDifferentiate(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for name, model := range map[string]*onnx.Model{
		"BERT by PyTorch": torchBERT(), "BERT by tf2onnx": tensorflowBERT(), "BERT by Keras": kerasBERT(),
		"MobileNet": mobileNet(), "ResNet": resNet(), "vision transformer": visionTransformer(), "Swin": shiftedWindows(),
	} {
		t.Run(name, func(t *testing.T) { checkOne(t, tuned(model), 0) })
	}
}
