package nn

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"athanor/pipeline/graph"
)

// ErrArchitecture says that no architecture has the name asked for, or that it
// does not take the data.
var ErrArchitecture = errors.New("architecture cannot be built")

// Config holds an architecture's sizes. Zero values take the architecture's own
// defaults.
type Config struct {
	Outputs  int // classes, or 1 for regression
	Hidden   []int
	Channels []int
	Dropout  float64
	Embed    int // width of embeddings
	Buckets  int // rows of the embedding table
	Layers   int
	Heads    int
	// Guesses asks an architecture that reads in order to guess in training what
	// stands next to places of its texts, too (Context.Guesses).
	Guesses bool
	// Weights are what each token id tells of the classes, for architectures that
	// start from there (dataset.Set.Weights).
	Weights []float32
	// Categories are the stretches of a table's inputs that stand for one category
	// each: first input and number (dataset.Set.Categories).
	Categories [][2]int
}

// Architecture builds the forward part: from the sample's columns to [N, Outputs].
type Architecture struct {
	Name string
	// Takes is image, text or table.
	Takes string
	// Build returns logits, or values for regression.
	Build func(c *Context, x []*graph.Value, cfg Config) *graph.Value
	// Usual is what to expect of it.
	Usual Usual
}

// Usual is what an architecture reached with its defaults, for people who choose:
// networks for pictures on the embedded digits, networks for texts on 7,766 hotel
// reviews. `go run ./bench -only cards` measures both anew. Zero: not measured.
type Usual struct {
	Accuracy float64 // of the test part, for texts of the validation part, in [0,1]
	Speed    int     // samples a second in training on two cores of a processor
}

// Architectures lists all, sorted by name.
func Architectures() []Architecture {
	all := architectures()
	list := make([]Architecture, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[name])
	}
	return list
}

func architectures() map[string]Architecture {
	list := []Architecture{
		{"mlp", "image", imageMLP, Usual{0.983, 140_000}},
		{"cnn", "image", cnn, Usual{0.993, 10_000}},
		{"resnet", "image", residual, Usual{0.996, 1_400}},
		{"separable", "image", separable, Usual{0.996, 450}},
		{"vit", "image", vit, Usual{0.952, 950}},
		{"table-mlp", "table", tableMLP, Usual{}}, // tables differ too much
		{"ngram", "text", ngram, Usual{0.907, 6_000}},
		{"nb-linear", "text", nbLinear, Usual{0.911, 170_000}},
		{"textcnn", "text", textCNN, Usual{0.885, 1_700}},
		{"gru", "text", gru, Usual{0.902, 600}},
		{"attention", "text", attention, Usual{0.861, 1_200}},
	}
	all := map[string]Architecture{}
	for _, a := range list {
		all[a.Name] = a
	}
	return all
}

// Find returns the architecture called name that takes the given kind of sample.
func Find(name, takes string) (Architecture, error) {
	if name == "mlp" && takes == "table" {
		name = "table-mlp"
	}
	a, ok := architectures()[name]
	if !ok || a.Takes != takes {
		var fitting []string
		for _, a := range Architectures() {
			if a.Takes == takes {
				fitting = append(fitting, a.Name)
			}
		}
		return a, fmt.Errorf("%w: %q for %s; choose one of %s", ErrArchitecture, name, takes, strings.Join(fitting, ", "))
	}
	return a, nil
}

// imageMLP is the founding article's network: dense layers with ReLU over the pixels.
func imageMLP(c *Context, x []*graph.Value, cfg Config) *graph.Value {
	h := c.unit(c.Flatten(x[0]))
	return c.dense(h, cfg, []int{128, 128})
}

func tableMLP(c *Context, x []*graph.Value, cfg Config) *graph.Value {
	return c.dense(c.embedCategories(c.Flatten(x[0]), cfg), cfg, []int{64, 64})
}

// embedCategories replaces categories of more than cfg.Embed inputs, one of which
// is 1, by that many learnt numbers for each value (Guo and Berkhahn 2016). With
// Embed 0 all stay one-hot.
func (c *Context) embedCategories(x *graph.Value, cfg Config) *graph.Value {
	if cfg.Embed <= 0 {
		return x
	}
	var parts []*graph.Value
	done, width := 0, x.Shape[1]
	keep := func(end int) {
		if end > done {
			parts = append(parts, c.Slice(x, graph.Window{Axis: 1, Start: done, End: end}))
		}
	}
	for i, at := range cfg.Categories {
		if at[1] <= cfg.Embed {
			continue
		}
		keep(at[0])
		done = at[0] + at[1]
		table := c.Param(Parameter{
			Name: fmt.Sprintf("category%d.table", i+1), Shape: []int{at[1], cfg.Embed}, Init: Init{Kind: Normal, Value: 0.3}, Decay: true,
		})
		parts = append(parts, c.MatMul(c.Slice(x, graph.Window{Axis: 1, Start: at[0], End: done}), table))
	}
	keep(width)
	return c.Concat(1, parts...)
}

func (c *Context) dense(h *graph.Value, cfg Config, hidden []int) *graph.Value {
	if len(cfg.Hidden) > 0 {
		hidden = cfg.Hidden
	}
	for i, units := range hidden {
		h = c.Dropout(c.Relu(c.Dense(fmt.Sprintf("dense%d", i+1), h, units, HeUniform)), cfg.Dropout)
	}
	return c.Dense("output", h, cfg.Outputs, GlorotUniform)
}

// cnn is two or more blocks of convolution, ReLU and 2×2 pooling, then dense.
func cnn(c *Context, x []*graph.Value, cfg Config) *graph.Value {
	channels := cfg.Channels
	if len(channels) == 0 {
		channels = []int{32, 64}
	}
	h := c.Pixels(x[0])
	for i, n := range channels {
		// Pooling first gives the same numbers, as ReLU keeps order, on a quarter
		// of the elements.
		h = c.MaxPool(c.Conv(fmt.Sprintf("conv%d", i+1), h, ConvConfig{Channels: n, Kernel: 3, Bias: true}), 2)
		h = c.Relu(h)
	}
	h = c.Dropout(c.Flatten(h), cfg.Dropout)
	for i, units := range cfg.Hidden {
		h = c.Dropout(c.Relu(c.Dense(fmt.Sprintf("dense%d", i+1), h, units, HeUniform)), cfg.Dropout)
	}
	return c.Dense("output", h, cfg.Outputs, GlorotUniform)
}

// residual is a small ResNet (He et al. 2016): one block a stage, each stage
// after the first halving the picture.
func residual(c *Context, x []*graph.Value, cfg Config) *graph.Value {
	channels := cfg.Channels
	if len(channels) == 0 {
		channels = []int{16, 32, 64}
	}
	h := c.convNorm("stem", c.Pixels(x[0]), ConvConfig{Channels: channels[0], Kernel: 3})
	return c.stages(c.Relu(h), cfg, channels, max(cfg.Layers, 1), c.block)
}

// stages repeats a block so often a stage, each stage after the first halving
// the picture, and decides by the average over what is left of it.
func (c *Context) stages(h *graph.Value, cfg Config, channels []int, layers int,
	block func(name string, x *graph.Value, channels, stride int) *graph.Value,
) *graph.Value {
	for i, n := range channels {
		stride := 1
		if i > 0 {
			stride = 2
		}
		for j := range layers {
			h = block(fmt.Sprintf("stage%d.%d", i+1, j+1), h, n, stride)
			stride = 1
		}
	}
	h = c.Dropout(c.Flatten(c.Op("GlobalAveragePool", nil, h)), cfg.Dropout)
	return c.Dense("output", h, cfg.Outputs, GlorotUniform)
}

// block is two convolutions beside a shortcut.
func (c *Context) block(name string, x *graph.Value, channels, stride int) *graph.Value {
	h := c.Relu(c.convNorm(name+".a", x, ConvConfig{Channels: channels, Kernel: 3, Stride: stride}))
	h = c.convNorm(name+".b", h, ConvConfig{Channels: channels, Kernel: 3})
	shortcut := x
	if stride != 1 || x.Shape[1] != channels {
		shortcut = c.convNorm(name+".short", x, ConvConfig{Channels: channels, Kernel: 1, Stride: stride})
	}
	return c.Relu(c.Add(h, shortcut))
}

func (c *Context) convNorm(name string, x *graph.Value, cfg ConvConfig) *graph.Value {
	return c.BatchNorm(name+".norm", c.Conv(name, x, cfg))
}
