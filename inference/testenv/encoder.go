package testenv

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"athanor/inference/onnx"
)

// Sizes of Encoder.
const (
	encoderWidth = 16
	encoderHeads = 2
)

// Positions is how many tokens of a text Encoder reads: the rows of its position table.
const Positions = 40

// Vocabulary is the vocab.txt of Encoder.
func Vocabulary() string {
	words := strings.Fields("[PAD] [UNK] [CLS] [SEP] good great fine happy love bad awful poor sad hate not very the a this it is was product phone book ##ly ##s . ! 好 很 不 坏 差 满 意 的")
	return strings.Join(words, "\n") + "\n"
}

// Encoder is a small network of the BERT family with drawn weights, as PyTorch's
// exporter writes them with dynamic axes: ids, mask and types [batch, sequence] in,
// two logits out. Without classes the output is a vector for each token.
func Encoder(classes bool) *onnx.Model {
	e := &encoder{r: rand.New(rand.NewPCG(5, 8)), g: &onnx.Graph{Name: "encoder"}}
	for _, name := range []string{"input_ids", "attention_mask", "token_type_ids"} {
		e.g.Inputs = append(e.g.Inputs, onnx.TensorValue(name, onnx.Int64, onnx.Named("batch"), onnx.Named("sequence")))
	}
	x := e.layer(e.embed(), e.bias())
	if classes {
		first := e.op("Gather", []*onnx.Attribute{onnx.IntAttr("axis", 1)}, x, e.constant(onnx.Int64Scalar("", 0)))
		pooled := e.op("Tanh", nil, e.linear("pooler", first, encoderWidth, encoderWidth))
		x = e.op("Gemm", nil, pooled, e.weight("classifier.weight", 0, encoderWidth, 2), e.weight("classifier.bias", 0, 2))
	}
	e.g.Outputs = []*onnx.ValueInfo{{Name: x, Type: &onnx.Type{Tensor: &onnx.TensorType{Elem: onnx.Float}}}}
	return &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 13}}, Graph: e.g}
}

// Opinions is a table of 400 sentences of Encoder's words in the columns stars and
// review, whose class is that of their two telling words.
func Opinions() string {
	r := rand.New(rand.NewPCG(4, 2))
	telling := [][]string{{"good", "great", "fine", "happy", "love"}, {"bad", "awful", "poor", "sad", "hate"}}
	others := []string{"the", "a", "this", "it", "is", "was", "product", "phone", "book", "very", "."}
	var b strings.Builder
	b.WriteString("stars,review\n")
	for i := range 400 {
		words := make([]string, 6+r.IntN(6))
		for k := range words {
			words[k] = others[r.IntN(len(others))]
		}
		for range 2 {
			words[r.IntN(len(words))] = telling[i%2][r.IntN(5)]
		}
		fmt.Fprintf(&b, "%s,%s\n", []string{"love it", "send back"}[i%2], strings.Join(words, " "))
	}
	return b.String()
}

// encoder writes the network node by node.
type encoder struct {
	r *rand.Rand
	g *onnx.Graph
	n int
}

func (e *encoder) op(op string, attrs []*onnx.Attribute, in ...string) string {
	e.n++
	out := fmt.Sprintf("/%s_%d", op, e.n)
	e.g.Nodes = append(e.g.Nodes, &onnx.Node{Name: out, OpType: op, Inputs: in, Outputs: []string{out + "_output"}, Attrs: attrs})
	return out + "_output"
}

func (e *encoder) constant(t *onnx.Tensor) string {
	return e.op("Constant", []*onnx.Attribute{onnx.TensorAttr("value", t)})
}

func (e *encoder) scalar(v float32) string { return e.constant(onnx.FloatScalar("", v)) }

func (e *encoder) ints(v ...int64) string {
	return e.constant(onnx.Int64Tensor("", []int64{int64(len(v))}, v))
}

func (e *encoder) weight(name string, centre float32, shape ...int64) string {
	count := int64(1)
	for _, d := range shape {
		count *= d
	}
	values := make([]float32, count)
	for i := range values {
		values[i] = centre + float32(e.r.NormFloat64())*0.2
	}
	e.g.Initializers = append(e.g.Initializers, onnx.FloatTensor(name, shape, values))
	return name
}

func (e *encoder) linear(name, x string, in, out int64) string {
	return e.op("Add", nil, e.op("MatMul", nil, x, e.weight(name+".weight", 0, in, out)), e.weight(name+".bias", 0, out))
}

func (e *encoder) norm(name, x string) string {
	last := []*onnx.Attribute{onnx.IntsAttr("axes", -1)}
	centred := e.op("Sub", nil, x, e.op("ReduceMean", last, x))
	variance := e.op("ReduceMean", last, e.op("Pow", nil, centred, e.scalar(2)))
	scaled := e.op("Div", nil, centred, e.op("Sqrt", nil, e.op("Add", nil, variance, e.scalar(1e-5))))
	return e.op("Add", nil, e.op("Mul", nil, scaled, e.weight(name+".weight", 1, encoderWidth)), e.weight(name+".bias", 0, encoderWidth))
}

// size is a dimension of the ids as they come.
func (e *encoder) size(axis int64) string {
	got := e.op("Gather", []*onnx.Attribute{onnx.IntAttr("axis", 0)}, e.op("Shape", nil, "input_ids"), e.constant(onnx.Int64Scalar("", axis)))
	return e.op("Unsqueeze", nil, got, e.ints(0))
}

// embed adds the embeddings of words, positions and types.
func (e *encoder) embed() string {
	words := int64(len(strings.Fields(Vocabulary())))
	numbers := make([]int64, Positions)
	for i := range numbers {
		numbers[i] = int64(i)
	}
	positions := e.op("Slice", nil, e.constant(onnx.Int64Tensor("", []int64{1, Positions}, numbers)), e.ints(0), e.size(1), e.ints(1))
	x := e.op("Add", nil, e.op("Gather", nil, e.weight("embeddings.word", 0, words, encoderWidth), "input_ids"),
		e.op("Gather", nil, e.weight("embeddings.type", 0, 2, encoderWidth), "token_type_ids"))
	x = e.op("Add", nil, x, e.op("Gather", nil, e.weight("embeddings.position", 0, Positions, encoderWidth), positions))
	return e.norm("embeddings.norm", x)
}

// bias is what the mask adds to attention: much below zero for padding.
func (e *encoder) bias() string {
	shown := e.op("Cast", []*onnx.Attribute{onnx.IntAttr("to", int64(onnx.Float))}, e.op("Unsqueeze", nil, "attention_mask", e.ints(1, 2)))
	return e.op("Mul", nil, e.op("Sub", nil, e.scalar(1), shown), e.scalar(-10000))
}

func (e *encoder) heads(name, x string, perm ...int64) string {
	shape := e.op("Concat", []*onnx.Attribute{onnx.IntAttr("axis", 0)}, e.size(0), e.size(1), e.ints(encoderHeads), e.ints(encoderWidth/encoderHeads))
	split := e.op("Reshape", nil, e.linear(name, x, encoderWidth, encoderWidth), shape)
	return e.op("Transpose", []*onnx.Attribute{onnx.IntsAttr("perm", perm...)}, split)
}

// layer is self-attention and a feed-forward part, each normalised behind a shortcut.
func (e *encoder) layer(x, bias string) string {
	q, k, v := e.heads("query", x, 0, 2, 1, 3), e.heads("key", x, 0, 2, 3, 1), e.heads("value", x, 0, 2, 1, 3)
	scores := e.op("Div", nil, e.op("MatMul", nil, q, k), e.scalar(float32(math.Sqrt(encoderWidth/encoderHeads))))
	weights := e.op("Softmax", []*onnx.Attribute{onnx.IntAttr("axis", -1)}, e.op("Add", nil, scores, bias))
	mixed := e.op("Transpose", []*onnx.Attribute{onnx.IntsAttr("perm", 0, 2, 1, 3)}, e.op("MatMul", nil, weights, v))
	shape := e.op("Concat", []*onnx.Attribute{onnx.IntAttr("axis", 0)}, e.size(0), e.size(1), e.ints(encoderWidth))
	x = e.norm("attention.norm", e.op("Add", nil, e.linear("attention.output", e.op("Reshape", nil, mixed, shape), encoderWidth, encoderWidth), x))
	up := e.linear("up", x, encoderWidth, 2*encoderWidth)
	erf := e.op("Erf", nil, e.op("Div", nil, up, e.scalar(math.Sqrt2)))
	gelu := e.op("Mul", nil, e.op("Mul", nil, up, e.op("Add", nil, erf, e.scalar(1))), e.scalar(0.5))
	return e.norm("output.norm", e.op("Add", nil, e.linear("down", gelu, 2*encoderWidth, encoderWidth), x))
}
