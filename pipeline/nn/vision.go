package nn

import (
	"fmt"

	"athanor/pipeline/graph"
)

// separable is a network of depth-wise separable convolutions (Howard et al.
// 2017, MobileNet), with shortcuts where the size stays (Sandler et al. 2018):
// a stem, then stages that halve the picture after the first.
func separable(c *Context, x []*graph.Value, cfg Config) *graph.Value {
	channels := cfg.Channels
	if len(channels) == 0 {
		channels = []int{32, 64, 128}
	}
	h := c.Relu(c.convNorm("stem", c.Pixels(x[0]), ConvConfig{Channels: channels[0], Kernel: 3, Stride: stemStride(x[0].Shape)}))
	return c.stages(h, cfg, channels, orDefault(cfg.Layers, 2), c.separableBlock)
}

// stemStride halves pictures [N, H, W, C] that have the room for it.
func stemStride(shape []int) int {
	if min(shape[1], shape[2]) < 64 {
		return 1
	}
	return 2
}

// separableBlock filters each channel by itself, then mixes the channels.
func (c *Context) separableBlock(name string, x *graph.Value, channels, stride int) *graph.Value {
	in := x.Shape[1]
	h := c.Relu(c.convNorm(name+".depth", x, ConvConfig{Channels: in, Kernel: 3, Stride: stride, Groups: in}))
	h = c.convNorm(name+".point", h, ConvConfig{Channels: channels, Kernel: 1})
	if stride == 1 && in == channels {
		h = c.Add(h, x)
	}
	return c.Relu(h)
}

// vit is a small vision transformer (Dosovitskiy et al. 2021): patches become
// tokens with learnt positions, an encoder mixes them, and their mean decides.
func vit(c *Context, x []*graph.Value, cfg Config) *graph.Value {
	width, heads := orDefault(cfg.Embed, 64), orDefault(cfg.Heads, 4)
	pixels := c.Pixels(x[0])
	h := c.patches("patches", pixels, width, patchSize(x[0].Shape))
	positions := c.Param(Parameter{
		Name: "positions", Shape: []int{1, h.Shape[1], width}, Init: Init{Kind: Normal, Value: 0.02},
	})
	h = c.Dropout(c.Add(h, positions), cfg.Dropout)
	for i := range orDefault(cfg.Layers, 4) {
		h = c.encoder(fmt.Sprintf("layer%d", i+1), h, nil, heads, cfg.Dropout)
	}
	h = c.ReduceMean(c.LayerNorm("norm", h), false, 1)
	return c.Dense("output", h, cfg.Outputs, GlorotUniform)
}

// patchSize gives pictures [N, H, W, C] at most 14 patches along the longer side.
func patchSize(shape []int) int {
	size := 4
	for max(shape[1], shape[2])/size > 14 {
		size *= 2
	}
	return size
}

// patches are side-by-side squares of x [N, C, H, W], each mapped to a token:
// [N, L, width]. What is left over at the right and below is not looked at.
func (c *Context) patches(name string, x *graph.Value, width, size int) *graph.Value {
	in := x.Shape[1]
	w := c.Param(Parameter{
		Name: name + ".weight", Shape: []int{width, in, size, size},
		Init: Init{Kind: GlorotUniform, FanIn: in * size * size, FanOut: width}, Decay: true,
	})
	b := c.Param(Parameter{Name: name + ".bias", Shape: []int{width}})
	h := c.Op("Conv", graph.Attrs{"kernel_shape": []int{size, size}, "strides": []int{size, size}}, x, w, b)
	tokens := h.Shape[2] * h.Shape[3]
	return c.Transpose(c.Reshape(h, h.Shape[0], width, tokens), 0, 2, 1)
}
