// Package nn holds layers and architectures: short functions that build the
// forward part of a network and read like their papers. It knows no optimizers.
package nn

import (
	"fmt"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

// Parameter is a trained tensor.
type Parameter struct {
	Name  string
	Shape []int
	Init  Init
	// Decay says that weight decay applies: to weights, not to biases and norms.
	Decay bool
}

// Buffer is a tensor that training keeps up to date without gradients, such as
// a running mean.
type Buffer struct {
	Name  string
	Shape []int
	Fill  float64 // initial value
}

// Mask is a dropout mask that the training loop draws for every step: elements
// are 0 with probability Rate, else 1/(1−Rate).
type Mask struct {
	Value *graph.Value
	Rate  float64
}

// Context builds one network. In training it normalises with batch statistics
// and asks for dropout masks; otherwise it uses running statistics.
type Context struct {
	*graph.Builder
	Training bool

	parameters []Parameter
	buffers    []Buffer
	masks      []Mask
	guesses    []Ahead
	updates    map[string]*graph.Value
	lookup     func(name string, shape []int) *graph.Value
}

// NewContext builds with values found by lookup for parameters and buffers; a
// nil lookup declares each as an input of the graph.
func NewContext(b *graph.Builder, training bool, lookup func(name string, shape []int) *graph.Value) *Context {
	if lookup == nil {
		lookup = func(name string, shape []int) *graph.Value { return b.Input(name, onnx.Float, shape...) }
	}
	return &Context{Builder: b, Training: training, lookup: lookup, updates: map[string]*graph.Value{}}
}

// Parameters are those declared so far, in order.
func (c *Context) Parameters() []Parameter { return c.parameters }

// Buffers are those declared so far, in order.
func (c *Context) Buffers() []Buffer { return c.buffers }

// Masks are the dropout masks the graph wants as inputs, in order.
func (c *Context) Masks() []Mask { return c.masks }

// Update is the new value of a buffer after this step, nil when it stays.
func (c *Context) Update(name string) *graph.Value { return c.updates[name] }

// Param declares a trained tensor.
func (c *Context) Param(p Parameter) *graph.Value {
	c.parameters = append(c.parameters, p)
	return c.lookup(p.Name, p.Shape)
}

// Running declares a buffer.
func (c *Context) Running(buf Buffer) *graph.Value {
	c.buffers = append(c.buffers, buf)
	return c.lookup(buf.Name, buf.Shape)
}

// Dropout zeroes elements at rate while training and scales the others up.
func (c *Context) Dropout(x *graph.Value, rate float64) *graph.Value {
	return c.dropoutOf(x, rate, x.Shape...)
}

// dropoutOf is Dropout by a mask of a shape that spreads over x; its first side is the
// number of samples.
func (c *Context) dropoutOf(x *graph.Value, rate float64, shape ...int) *graph.Value {
	if !c.Training || rate <= 0 {
		return x
	}
	mask := c.Input(fmt.Sprintf("mask%d", len(c.masks)), onnx.Float, shape...)
	c.masks = append(c.masks, Mask{Value: mask, Rate: rate})
	return c.Mul(x, mask)
}
