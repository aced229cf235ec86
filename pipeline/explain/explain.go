// Package explain builds what explanations need beside a model: the attribution
// graph, made by the gradient engine, and a copy that gives a sample's
// embedding.
package explain

import (
	"errors"
	"fmt"
	"slices"

	"athanor/inference/attribution"
	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// ErrUnexplainable says that a model has no input to differentiate by.
var ErrUnexplainable = errors.New("the model cannot be explained by gradients")

// ErrNoEmbedding says that samples cannot be compared as the model sees them.
var ErrNoEmbedding = errors.New("the model has no embedding")

// mostElements bounds the memory of one run, samples at once times their size: maps
// and their gradients are some hundred times that. More at once is no faster.
const mostElements = 1 << 18

// Attribution builds the attribution graph of a model file (see
// attribution.Graph). Pictures and texts have one; rows are explained without.
// It is plain ONNX and runs on any device.
func Attribution(file []byte) (*onnx.Model, error) { return attributionOf(file, false) }

// FastAttribution is Attribution for sessions on the CPU alone: it computes
// convolutions and dense layers by operators of onnx.KernelDomain.
func FastAttribution(file []byte) (*onnx.Model, error) { return attributionOf(file, true) }

func attributionOf(file []byte, kernels bool) (*onnx.Model, error) {
	m, err := onnx.Decode(file)
	if err != nil {
		return nil, err
	}
	task, _ := m.Meta(model.KeyTask)
	feeds := m.Graph.Feeds()
	if len(feeds) != 1 || feeds[0].Type == nil || feeds[0].Type.Tensor == nil {
		return nil, fmt.Errorf("%w: it has %d inputs, one is needed", ErrUnexplainable, len(feeds))
	}
	b := builder{m: m, in: feeds[0], kernels: kernels}
	var out *onnx.Model
	if task == string(model.Text) {
		out, err = b.text()
	} else {
		out, err = b.picture()
	}
	if err != nil {
		return nil, err
	}
	out.SetMeta(attribution.KeyOf, attribution.Fingerprint(file))
	out.SetMeta(attribution.KeyKind, task)
	return out, nil
}

type builder struct {
	m       *onnx.Model
	in      *onnx.ValueInfo
	kernels bool
}

// fuse puts operators of onnx.KernelDomain into an imported graph, if asked to.
func (b builder) fuse(g *graph.Builder) {
	if b.kernels {
		g.UseKernels()
		g.FuseConvolutions()
		g.FuseDense()
	}
}

// batch is how many samples a run takes: all steps of an integration, the
// sample and its baseline, or fewer of large samples.
func batch(size int) int {
	n := attribution.Steps + 2
	for n > 2 && n*size > mostElements {
		n = (n + 1) / 2
	}
	return n
}

// picture takes the pixels as real numbers in place of bytes.
func (b builder) picture() (*onnx.Model, error) {
	t := b.in.Type.Tensor
	if t.Elem != onnx.Uint8 && t.Elem != onnx.Float || len(t.Shape) != 4 {
		return nil, fmt.Errorf("%w: it takes %s, not pictures", ErrUnexplainable, t)
	}
	size := 1
	shape := []int{0}
	for _, d := range t.Shape[1:] {
		if !d.Known || d.Value < 1 {
			return nil, fmt.Errorf("%w: it takes pictures of any size; fix one", ErrUnexplainable)
		}
		size *= int(d.Value)
		shape = append(shape, int(d.Value))
	}
	shape[0] = batch(size)
	t.Elem = onnx.Float
	g := graph.New("attribution")
	x := g.Input(attribution.InputX, onnx.Float, shape...)
	im, err := g.Import(b.m, graph.ImportConfig{Batch: shape[0], Inputs: map[string]*graph.Value{b.in.Name: x}})
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	y, err := logits(g, b.m, im)
	if err != nil {
		return nil, err
	}
	g.Output(attribution.OutputLogits, y)
	b.fuse(g)
	seed := g.Input(attribution.InputSeed, onnx.Float, y.Shape...)
	maps := lastMaps(g)
	wrt := []*graph.Value{x}
	if maps != nil {
		wrt = append(wrt, maps)
	}
	gradients, err := grad.Backward(g, y, seed, wrt)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	g.Output(attribution.OutputGradient, gradients[0])
	if maps != nil {
		g.Output(attribution.OutputMaps, maps)
		g.Output(attribution.OutputMapGradient, gradients[1])
	}
	return g.Model()
}

// logits is the answer before it becomes probabilities: its gradient does not
// vanish where the model is sure.
func logits(g *graph.Builder, m *onnx.Model, im *graph.Imported) (*graph.Value, error) {
	at := 0
	for i, o := range m.Graph.Outputs {
		if o.Name == model.OutputProbabilities || o.Name == model.OutputValue {
			at = i
		}
	}
	y := im.Outputs[at]
	for n := g.Producer(y); n != nil && slices.Contains([]string{"Softmax", "Sigmoid", "Identity"}, n.Op); n = g.Producer(y) {
		y = n.In[0]
	}
	if y.Type != onnx.Float || y.Rank() != 2 || y.Size() == graph.Unknown {
		return nil, fmt.Errorf("%w: its answer is %v%v, not a row of numbers a sample", ErrUnexplainable, y.Type, y.Shape)
	}
	return y, nil
}

// lastMaps is the last value that still is a set of maps over the picture, after
// a convolution.
func lastMaps(g *graph.Builder) *graph.Value {
	var last *graph.Value
	convolved := false
	for _, n := range g.Nodes() {
		convolved = convolved || n.Op == "Conv" || n.Op == graph.ConvKernel
		if v := n.Out[0]; convolved && v.Rank() == 4 && v.Type == onnx.Float && v.Shape[2] > 1 && v.Shape[3] > 1 {
			last = v
		}
	}
	return last
}

// scaled names the embeddings after they were scaled.
const scaled = "athanor.scaled"

// text scales the embeddings of the tokens, so that a path from nothing to the
// text can be walked.
func (b builder) text() (*onnx.Model, error) {
	t := b.in.Type.Tensor
	if len(t.Shape) != 2 || !t.Shape[1].Known {
		return nil, fmt.Errorf("%w: it takes %s, not token ids of one length", ErrUnexplainable, t)
	}
	found := b.embed()
	if found == "" {
		return nil, fmt.Errorf("%w: no table of embeddings is looked up with its input", ErrUnexplainable)
	}
	length := int(t.Shape[1].Value)
	n := attribution.Steps + 2
	g := graph.New("attribution")
	ids := g.Input(attribution.InputX, t.Elem, n, length)
	scale := g.Input(attribution.InputScale, onnx.Float, n, 1, 1)
	im, err := g.Import(b.m, graph.ImportConfig{Batch: n, Inputs: map[string]*graph.Value{b.in.Name: ids, attribution.InputScale: scale}})
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	y, err := logits(g, b.m, im)
	if err != nil {
		return nil, err
	}
	seed := g.Input(attribution.InputSeed, onnx.Float, y.Shape...)
	gradients, err := grad.Backward(g, y, seed, []*graph.Value{im.Values[scaled]})
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	terms := g.ReduceSum(g.Mul(gradients[0], im.Values[found]), false, 2)
	g.Output(attribution.OutputLogits, y)
	g.Output(attribution.OutputGradient, terms)
	return g.Model()
}

// embed puts a scaling behind the look-up of the input's embeddings and returns
// the look-up's name.
func (b builder) embed() string {
	at := b.lookup()
	if at < 0 {
		return ""
	}
	from := b.m.Graph.Nodes[at].Outputs[0]
	for _, later := range b.m.Graph.Nodes {
		for k, in := range later.Inputs {
			if in == from {
				later.Inputs[k] = scaled
			}
		}
	}
	mul := &onnx.Node{OpType: "Mul", Name: scaled, Inputs: []string{from, attribution.InputScale}, Outputs: []string{scaled}}
	b.m.Graph.Nodes = slices.Insert(b.m.Graph.Nodes, at+1, mul)
	b.m.Graph.Inputs = append(b.m.Graph.Inputs, onnx.TensorValue(attribution.InputScale, onnx.Float, b.in.Type.Tensor.Shape[0], onnx.Fixed(1), onnx.Fixed(1)))
	return from
}

// lookup is the node that looks up the embeddings of the input, -1 without one. Of
// several, such as the ratios and weights of nb-linear, it is the one that is read
// the least: what also divides by its own length does not change along the path,
// and would explain nothing.
func (b builder) lookup() int {
	at, fewest := -1, 0
	for i, n := range b.m.Graph.Nodes {
		if n.OpType != "Gather" || n.Inputs[1] != b.in.Name || b.m.Graph.Initializer(n.Inputs[0]) == nil {
			continue
		}
		if reads := b.reads(n.Outputs[0]); at < 0 || reads < fewest {
			at, fewest = i, reads
		}
	}
	return at
}

// reads is how often nodes take a value.
func (b builder) reads(name string) (n int) {
	for _, node := range b.m.Graph.Nodes {
		for _, in := range node.Inputs {
			if in == name {
				n++
			}
		}
	}
	return n
}

// OutputEmbedding is the output that Embedding adds.
const OutputEmbedding = "athanor.embedding"

// Embedding adds to a model what its last layer sees: two samples whose
// embeddings are near are alike to the model. Of a linear model of n-grams it is what
// each n-gram adds, folded (see bagEmbedding). ErrNoEmbedding says that there is neither.
func Embedding(m *onnx.Model) error {
	if added, err := bagEmbedding(m); added || err != nil {
		return err
	}
	for _, n := range slices.Backward(m.Graph.Nodes) {
		if (n.OpType == "Gemm" || n.OpType == "MatMul") && m.Graph.Initializer(n.Inputs[1]) != nil {
			m.Graph.Nodes = append(m.Graph.Nodes, &onnx.Node{OpType: "Identity", Name: OutputEmbedding, Inputs: []string{n.Inputs[0]}, Outputs: []string{OutputEmbedding}})
			m.Graph.Outputs = append(m.Graph.Outputs, onnx.TensorValue(OutputEmbedding, onnx.Float, onnx.Named("N"), onnx.Named("embedding")))
			return nil
		}
	}
	return fmt.Errorf("%w: no dense layer is at its end", ErrNoEmbedding)
}
