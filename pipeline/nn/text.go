package nn

import (
	"fmt"
	"math"

	"athanor/pipeline/graph"
)

const (
	defaultEmbed   = 16
	defaultBuckets = 1 << 15
)

func orDefault(v, fallback int) int {
	if v > 0 {
		return v
	}
	return fallback
}

// ngram is a bag of hashed n-grams: the mean of embeddings, then one dense layer
// (Joulin et al. 2016, fastText).
func ngram(c *Context, x []*graph.Value, cfg Config) *graph.Value {
	width := orDefault(cfg.Embed, defaultEmbed)
	e := c.Embedding("embedding", x[0], orDefault(cfg.Buckets, defaultBuckets), width, 0.1)
	h := c.Dropout(c.meanPresent(e, c.Present(x[0])), cfg.Dropout)
	return c.Dense("output", h, cfg.Outputs, GlorotUniform)
}

// meanPresent averages e [N, L, D] over the positions that are present.
func (c *Context) meanPresent(e, present *graph.Value) *graph.Value {
	total := c.ReduceSum(c.Mul(e, present), false, 1)
	count := c.Op("Max", nil, c.ReduceSum(present, false, 1), c.Scalar(e, 1))
	return c.Div(total, count)
}

// textCNN convolves over words with several widths and keeps each filter's
// maximum (Kim 2014).
func textCNN(c *Context, x []*graph.Value, cfg Config) *graph.Value {
	width, filters := orDefault(cfg.Embed, 64), 64
	if len(cfg.Channels) > 0 {
		filters = cfg.Channels[0]
	}
	e := c.Embedding("embedding", x[0], orDefault(cfg.Buckets, defaultBuckets), width, 0.1)
	e = c.Mul(e, c.Present(x[0]))
	rows := c.Unsqueeze(c.Transpose(e, 0, 2, 1), 2) // [N, D, 1, L]
	var pooled []*graph.Value
	for _, k := range []int{2, 3, 4} {
		pooled = append(pooled, c.filterMax(fmt.Sprintf("conv%d", k), rows, filters, k))
	}
	h := c.Dropout(c.Concat(1, pooled...), cfg.Dropout)
	return c.Dense("output", h, cfg.Outputs, GlorotUniform)
}

// filterMax is the maximum over positions of a convolution of one width.
func (c *Context) filterMax(name string, rows *graph.Value, filters, kernel int) *graph.Value {
	in := rows.Shape[1]
	w := c.Param(Parameter{
		Name: name + ".weight", Shape: []int{filters, in, 1, kernel}, Init: Init{Kind: HeUniform, FanIn: in * kernel}, Decay: true,
	})
	b := c.Param(Parameter{Name: name + ".bias", Shape: []int{filters}})
	h := c.Relu(c.Op("Conv", graph.Attrs{"kernel_shape": []int{1, kernel}, "pads": []int{0, kernel - 1, 0, kernel - 1}}, rows, w, b))
	return c.ReduceMax(h, false, 2, 3)
}

// attention is a small transformer encoder (Vaswani et al. 2017, normalised
// before each part) over embeddings with learnt positions, averaged at the end.
func attention(c *Context, x []*graph.Value, cfg Config) *graph.Value {
	width, heads := orDefault(cfg.Embed, 64), orDefault(cfg.Heads, 4)
	ids := x[0]
	length := ids.Shape[1]
	h := c.Embedding("embedding", ids, orDefault(cfg.Buckets, defaultBuckets), width, 0.1)
	positions := c.Param(Parameter{Name: "positions", Shape: []int{1, length, width}, Init: Init{Kind: Normal, Value: 0.02}})
	h = c.Add(h, positions)
	present := c.Present(ids)
	for i := range orDefault(cfg.Layers, 2) {
		h = c.encoder(fmt.Sprintf("layer%d", i+1), h, present, heads, cfg.Dropout)
	}
	h = c.meanPresent(c.LayerNorm("norm", h), present)
	return c.Dense("output", c.Dropout(h, cfg.Dropout), cfg.Outputs, GlorotUniform)
}

// encoder is self-attention and a feed-forward part, each beside a shortcut.
func (c *Context) encoder(name string, x, present *graph.Value, heads int, dropout float64) *graph.Value {
	mixed := c.selfAttention(name+".attention", c.LayerNorm(name+".norm1", x), present, heads)
	x = c.Add(x, c.Dropout(mixed, dropout))
	width := x.Shape[2]
	h := c.Linear(name+".up", c.LayerNorm(name+".norm2", x), 4*width)
	h = c.Linear(name+".down", c.Gelu(h), width)
	return c.Add(x, c.Dropout(h, dropout))
}

// selfAttention is softmax(QKᵀ/√d + mask)·V over several heads; padding, where
// present tells of any, is never looked at.
func (c *Context) selfAttention(name string, x, present *graph.Value, heads int) *graph.Value {
	n, length, width := x.Shape[0], x.Shape[1], x.Shape[2]
	size := width / heads
	split := func(part string, perm ...int) *graph.Value {
		return c.Transpose(c.Reshape(c.Linear(name+"."+part, x, width), n, length, heads, size), perm...)
	}
	scores := c.MatMul(split("query", 0, 2, 1, 3), split("key", 0, 2, 3, 1)) // [N, heads, L, L]
	scores = c.MulBy(scores, 1/math.Sqrt(float64(size)))
	if present != nil {
		absent := c.MulBy(c.Sub(c.Scalar(present, 1), present), -1e9)
		scores = c.Add(scores, c.Reshape(absent, n, 1, 1, length))
	}
	weights := c.Op("Softmax", graph.Attrs{"axis": -1}, scores)
	mixed := c.Transpose(c.MatMul(weights, split("value", 0, 2, 1, 3)), 0, 2, 1, 3)
	return c.Linear(name+".out", c.Reshape(mixed, n, length, width), width)
}
