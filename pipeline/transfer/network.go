// Package transfer teaches networks that others made: it finds the features in
// front of a classifier's last layer, trains a new head on them, and rebuilds
// the network itself so that its layers can be trained too.
package transfer

import (
	"errors"
	"fmt"
	"slices"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

// Errors of this package.
var (
	// ErrNoHead: no dense layer was found at the model's end.
	ErrNoHead = errors.New("the model's last layer was not found")
	// ErrInput: the model's input is not one this package can feed.
	ErrInput = errors.New("the model's input does not fit")
)

// Network is a model somebody made, opened for transfer. It is not changed and
// may be used from many goroutines.
type Network struct {
	model *onnx.Model
	bytes bool // the input is bytes, as of models made here
	// Input is the name of the model's input and Shape one sample of it. Networks
	// that read tokens have several inputs, and no Input.
	Input string
	Shape []int
	// Tokens are the inputs of a network of the BERT family, nil of any other.
	Tokens *Tokens
	// Head is the layer that new classes replace.
	Head Head
}

// Head is a classifier's last layer.
type Head struct {
	Node    string // its name in the file
	Feature string // the value it reads
	Width   int    // features of one sample
	Outputs int    // classes it tells apart
}

// Open finds input, features and head of a classifier. The model stays the
// caller's and must not change afterwards. Errors name what was found instead.
//
// A model in float16 is opened as float32, in which its layers are trained.
func Open(m *onnx.Model) (*Network, error) { return OpenAt(m, 0) }

// OpenAt is Open where height and width that the file leaves open are side.
func OpenAt(m *onnx.Model, side int) (*Network, error) {
	m, err := widened(sized(m, side))
	if err != nil {
		return nil, fmt.Errorf("open model for transfer: %w", err)
	}
	n := &Network{model: m, Tokens: findTokens(m)}
	b := graph.New("transfer")
	im, err := b.Import(m, n.trial(b, 1))
	if err != nil {
		return nil, fmt.Errorf("open model for transfer: %w", err)
	}
	if err := n.findInput(im); err != nil {
		return nil, fmt.Errorf("open model for transfer: %w", err)
	}
	if n.Head, err = n.findHead(b, im); err != nil {
		return nil, fmt.Errorf("open model for transfer: %w", err)
	}
	return n, nil
}

func (n *Network) findInput(im *graph.Imported) error {
	if n.Tokens != nil {
		return nil
	}
	if len(im.Inputs) != 1 {
		return fmt.Errorf("%w: it has %d inputs; models with one can be taught", ErrInput, len(im.Inputs))
	}
	x := im.Inputs[0]
	n.bytes = x.Type == onnx.Uint8 && x.Rank() == 4
	if x.Rank() == 4 && x.Size() == graph.Unknown {
		return fmt.Errorf("%w: %s is %v: the file leaves the size of its pictures open, so say one (--size)", ErrInput, x.Name, x.Shape)
	}
	if x.Rank() < 2 || x.Size() == graph.Unknown || x.Type != onnx.Float && !n.bytes {
		return fmt.Errorf("%w: %s is %v %v; it must be float32, or pixels of bytes, of known size", ErrInput, x.Name, x.Type, x.Shape)
	}
	n.Input, n.Shape = x.Name, slices.Clone(x.Shape[1:])
	return nil
}

// findHead walks from the first output back over what only shapes or scales
// scores, to the layer that makes them.
func (n *Network) findHead(b *graph.Builder, im *graph.Imported) (Head, error) {
	if len(im.Outputs) == 0 {
		return Head{}, fmt.Errorf("%w: the model has no output", ErrNoHead)
	}
	if n.Tokens != nil && im.Outputs[0].Rank() == 3 {
		return n.encoder(im.Outputs[0])
	}
	for v := im.Outputs[0]; ; {
		p := b.Producer(v)
		if p == nil {
			return Head{}, fmt.Errorf("%w: the output comes straight from %s", ErrNoHead, v.Name)
		}
		if isDense(b, p) {
			return headAt(p, im)
		}
		if v = passed(b, p); v == nil {
			return Head{}, fmt.Errorf("%w: the output is made by %s (node %s), which is no layer of weights", ErrNoHead, p.Op, p.Name)
		}
	}
}

// isDense tells whether p multiplies features by weights: Gemm, MatMul, or a
// convolution over a single position.
func isDense(b *graph.Builder, p *graph.Node) bool {
	switch p.Op {
	case "Gemm", "MatMul":
		return isWeight(b, p.In[1])
	case "Conv":
		return isWeight(b, p.In[1]) && p.In[0].Size() == p.In[0].Shape[1]
	}
	return false
}

// isWeight tells whether v depends on constants only.
func isWeight(b *graph.Builder, v *graph.Value) bool {
	if v == nil || v.Const != nil {
		return true
	}
	p := b.Producer(v)
	return p != nil && !slices.ContainsFunc(p.In, func(in *graph.Value) bool { return !isWeight(b, in) })
}

// passed is the input whose scores p hands on, nil where p does more than that.
func passed(b *graph.Builder, p *graph.Node) *graph.Value {
	switch p.Op {
	case "Softmax", "LogSoftmax", "Sigmoid", "Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze":
		return p.In[0]
	case "Add", "Sub", "Mul", "Div":
		if isWeight(b, p.In[1]) {
			return p.In[0]
		}
		if isWeight(b, p.In[0]) {
			return p.In[1]
		}
	}
	return nil
}

func headAt(p *graph.Node, im *graph.Imported) (Head, error) {
	x, y := p.In[0], p.Out[0]
	if im.Values[x.Name] != x {
		return Head{}, fmt.Errorf("%w: what %s (node %s) reads has no name in the file", ErrNoHead, p.Op, p.Name)
	}
	return Head{Node: p.Name, Feature: x.Name, Width: x.Size(), Outputs: y.Size()}, nil
}
