// Package attribution says why a model answered as it did: which pixels, words
// or columns spoke for the answer. Gradients come from an attribution graph that
// lies beside the model, so that no training code is needed.
package attribution

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
)

// ErrNoGraph says that there is no attribution graph for the model.
var ErrNoGraph = errors.New("no attribution graph")

// Metadata of an attribution graph.
const (
	// KeyOf is the SHA-256 of the model file the graph belongs to.
	KeyOf = "athanor.attribution.of"
	// KeyKind is image or text.
	KeyKind = "athanor.attribution.kind"
)

// Values of an attribution graph. For pictures: x float32 [S,H,W,C] in the
// model's own pixel values, seed [S,K] → logits [S,K], gradient [S,H,W,C] of
// Σ seed·logits, and where the network has maps of features, maps [S,C,h,w] and
// their gradient. For texts: x int64 [S,L], scale [S,1,1] of the embeddings →
// gradient [S,L], the gradient times the embedding of each token.
const (
	InputX            = "x"
	InputScale        = "scale"
	InputSeed         = "seed"
	OutputLogits      = "logits"
	OutputGradient    = "gradient"
	OutputMaps        = "maps"
	OutputMapGradient = "maps.gradient"
)

// Path is where the attribution graph of a model file lies.
func Path(modelPath string) string { return strings.TrimSuffix(modelPath, ".onnx") + ".attribution" }

// Fingerprint identifies a model file.
func Fingerprint(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// Graph is an open attribution graph. Its methods may not be called at the same
// time; Close frees it.
type Graph struct {
	session *runtime.Session
	text    bool
	batch   int
	sample  []int64 // shape of x without the batch
	classes int
	maps    []int64 // shape of one sample's maps, nil without
}

// Open opens the graph beside a model, as Read finds it.
func Open(modelPath string, o model.Options) (*Graph, error) {
	m, err := Read(modelPath)
	if err != nil {
		return nil, err
	}
	return New(m, o)
}

// Read reads the graph beside a model. ErrNoGraph says that there is none, or one
// of another model.
func Read(modelPath string) (*onnx.Model, error) {
	of, err := os.ReadFile(modelPath)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	file, err := os.ReadFile(Path(modelPath))
	if err != nil {
		return nil, fmt.Errorf("%w beside %s", ErrNoGraph, modelPath)
	}
	m, err := onnx.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrNoGraph, Path(modelPath), err)
	}
	if sum, _ := m.Meta(KeyOf); sum != Fingerprint(of) {
		return nil, fmt.Errorf("%w: %s belongs to another model", ErrNoGraph, Path(modelPath))
	}
	return m, nil
}

// New opens an attribution graph.
func New(m *onnx.Model, o model.Options) (*Graph, error) {
	x, seed := m.Graph.Input(InputX), m.Graph.Input(InputSeed)
	if x == nil || seed == nil {
		return nil, fmt.Errorf("%w: it has no inputs %s and %s", ErrNoGraph, InputX, InputSeed)
	}
	raw, err := m.Encode()
	if err != nil {
		return nil, err
	}
	kind, _ := m.Meta(KeyKind)
	sizes := x.Type.Tensor.Sizes()
	g := &Graph{text: kind == string(model.Text), batch: int(sizes[0]), sample: sizes[1:], classes: int(seed.Type.Tensor.Sizes()[1])}
	if maps := m.Graph.Output(OutputMaps); maps != nil {
		g.maps = maps.Type.Tensor.Sizes()[1:]
	}
	g.session, err = runtime.NewSession(raw, runtime.Options{Threads: o.Threads, Device: o.Device, Kernels: hasKernels(m)})
	return g, err
}

// hasKernels tells whether a model names operators of onnx.KernelDomain.
func hasKernels(m *onnx.Model) bool {
	return slices.ContainsFunc(m.Graph.Nodes, func(n *onnx.Node) bool { return n.Domain == onnx.KernelDomain })
}

// Close frees the graph.
func (g *Graph) Close() {
	if g != nil {
		g.session.Close()
	}
}

// HasMaps tells whether Grad-CAM is possible.
func (g *Graph) HasMaps() bool { return g.maps != nil }

// size is the number of elements of one sample.
func (g *Graph) size() int { return product(g.sample) }

func product(shape []int64) int {
	n := 1
	for _, d := range shape {
		n *= int(d)
	}
	return n
}

// result is what one run gives, a row a sample.
type result struct{ logits, gradient, maps, mapGradient []float32 }

// run asks for up to batch pictures, each with the class whose logit is looked at.
func (g *Graph) run(ctx context.Context, x []float32, class int) (result, error) {
	n := len(x) / g.size()
	full := make([]float32, g.batch*g.size())
	copy(full, x)
	in, err := runtime.NewTensor(append([]int64{int64(g.batch)}, g.sample...), full)
	if err != nil {
		return result{}, err
	}
	defer in.Close()
	return g.finish(ctx, n, class, in)
}

// runText asks for one text's ids with its embeddings at several scales.
func (g *Graph) runText(ctx context.Context, ids []int64, scales []float32, class int) (result, error) {
	full := make([]int64, 0, g.batch*len(ids))
	for range g.batch {
		full = append(full, ids...)
	}
	in, err := runtime.NewTensor([]int64{int64(g.batch), int64(len(ids))}, full)
	if err != nil {
		return result{}, err
	}
	defer in.Close()
	by := make([]float32, g.batch)
	copy(by, scales)
	scale, err := runtime.NewTensor([]int64{int64(g.batch), 1, 1}, by)
	if err != nil {
		return result{}, err
	}
	defer scale.Close()
	return g.finish(ctx, len(scales), class, in, scale)
}

func (g *Graph) finish(ctx context.Context, n, class int, in ...*runtime.Tensor) (result, error) {
	seeds := make([]float32, g.batch*g.classes)
	for i := range n {
		seeds[i*g.classes+class] = 1
	}
	seed, err := runtime.NewTensor([]int64{int64(g.batch), int64(g.classes)}, seeds)
	if err != nil {
		return result{}, err
	}
	defer seed.Close()
	out := make([]*runtime.Tensor, len(g.session.Outputs()))
	if err := g.session.Run(ctx, append(in, seed), out); err != nil {
		return result{}, fmt.Errorf("explain: %w", err)
	}
	var r result
	for i, p := range g.session.Outputs() {
		all := runtime.Data[float32](out[i])
		part := append([]float32(nil), all[:len(all)/g.batch*n]...)
		out[i].Close()
		switch p.Name {
		case OutputLogits:
			r.logits = part
		case OutputGradient:
			r.gradient = part
		case OutputMaps:
			r.maps = part
		case OutputMapGradient:
			r.mapGradient = part
		}
	}
	return r, nil
}
