package graph

import (
	"errors"
	"fmt"
	"slices"

	"athanor/inference/onnx"
)

// Errors of Import.
var (
	ErrUnsupported = errors.New("not supported in a graph that is built here")
	ErrInvalid     = errors.New("invalid model")
)

// The opsets of ai.onnx that Import reads; it rewrites all to Opset.
const (
	oldestOpset = 7
	newestOpset = 22
)

// ImportConfig says how a model becomes part of a graph.
type ImportConfig struct {
	// Batch, where not 0, is the size of every input's first dimension, also where
	// the file fixes another one. Unknown leaves it open.
	Batch int
	// Sizes are the sizes of named dimensions.
	Sizes map[string]int
	// Inputs are values to use in place of the model's inputs of that name.
	Inputs map[string]*Value
	// Variable may give a value of its own for an initializer, such as a
	// parameter to train; nil keeps the constant.
	Variable func(name string, t *onnx.Tensor) *Value
	// BatchNorm may build a BatchNormalization in its own way, from the node and
	// its five inputs x, scale, bias, mean and variance; nil keeps the operator.
	BatchNorm func(n *onnx.Node, in []*Value, epsilon float64) *Value
}

// Imported is a model inside a graph.
type Imported struct {
	// Inputs and Outputs are the model's own, in file order. Outputs are not yet
	// outputs of the graph.
	Inputs, Outputs []*Value
	// Values are all values of the file by their names there.
	Values map[string]*Value
}

// Import makes a graph of a model: opset 7 to 22 rewritten to Opset, constants
// folded, shapes inferred. See Builder.Import.
func Import(m *onnx.Model, c ImportConfig) (*Builder, *Imported, error) {
	if m == nil || m.Graph == nil {
		return nil, nil, fmt.Errorf("import: %w: it has no graph", ErrInvalid)
	}
	b := New(m.Graph.Name)
	im, err := b.Import(m, c)
	return b, im, err
}

// Import adds a model's nodes to b. Values keep their names from the file,
// behind the scope. The model is not changed; its constants are shared. Errors
// name the node.
func (b *Builder) Import(m *onnx.Model, c ImportConfig) (*Imported, error) {
	if m == nil || m.Graph == nil {
		return nil, fmt.Errorf("import: %w: it has no graph", ErrInvalid)
	}
	if err := onnx.Check(m); err != nil {
		return nil, fmt.Errorf("import %s: %w: %w", m.Graph.Name, ErrInvalid, err)
	}
	opset, err := coreOpset(m)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", m.Graph.Name, err)
	}
	im := &importer{Builder: b, config: c, opset: opset, values: map[string]*Value{}, declared: map[string]*onnx.TensorType{}, sizes: map[string]int{}}
	out, err := im.graph(m.Graph)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", m.Graph.Name, err)
	}
	return out, nil
}

// coreOpset is the version of ai.onnx that m uses.
func coreOpset(m *onnx.Model) (int, error) {
	version := 0
	for _, o := range m.Opsets {
		if o.Domain == "" || o.Domain == "ai.onnx" {
			version = int(o.Version)
		}
	}
	if version < oldestOpset || version > newestOpset {
		return 0, fmt.Errorf("%w: opset %d (from %d to %d is): export the model again with another opset_version", ErrUnsupported, version, oldestOpset, newestOpset)
	}
	if len(m.Functions) > 0 {
		return 0, fmt.Errorf("%w: model-local functions such as %s: export the model with its functions inlined", ErrUnsupported, m.Functions[0].Name)
	}
	return version, nil
}

// importer is one import under way.
type importer struct {
	*Builder
	config   ImportConfig
	opset    int
	values   map[string]*Value
	declared map[string]*onnx.TensorType // types the file states for inner values
	sizes    map[string]int              // sizes of named dimensions, as far as decided
	rebatch  [2]int                      // the batch in the file and the one wanted, where they differ
}

func (im *importer) graph(g *onnx.Graph) (*Imported, error) {
	if len(g.SparseInitializers) > 0 {
		return nil, fmt.Errorf("%w: sparse initializers", ErrUnsupported)
	}
	im.reserve(g)
	out := &Imported{Values: im.values}
	for _, v := range g.Feeds() {
		in, err := im.input(v)
		if err != nil {
			return nil, err
		}
		out.Inputs = append(out.Inputs, in)
	}
	for _, t := range g.Initializers {
		if err := im.initializer(t); err != nil {
			return nil, err
		}
	}
	for _, n := range g.Nodes {
		if err := im.node(n); err != nil {
			return nil, fmt.Errorf("%s (node %s): %w", n.OpType, nodeName(n), err)
		}
	}
	for _, v := range g.Outputs {
		out.Outputs = append(out.Outputs, im.values[v.Name])
	}
	return out, nil
}

func nodeName(n *onnx.Node) string {
	if n.Name != "" || len(n.Outputs) == 0 {
		return n.Name
	}
	return n.Outputs[0]
}

// reserve keeps the file's names free for the file's values and nodes.
func (im *importer) reserve(g *onnx.Graph) {
	taken := map[string]bool{}
	for _, v := range g.Feeds() {
		taken[v.Name] = true
	}
	for _, t := range g.Initializers {
		taken[t.Name] = true
	}
	for _, n := range g.Nodes {
		if !taken[n.Name] && n.Name != "" {
			im.used[im.scope+n.Name] = true
		}
		for _, name := range n.Outputs {
			im.used[im.scope+name] = true
		}
	}
	for _, list := range [][]*onnx.ValueInfo{g.Values, g.Outputs} {
		for _, v := range list {
			if v.Type != nil && v.Type.Tensor != nil && v.Type.Tensor.HasShape {
				im.declared[v.Name] = v.Type.Tensor
			}
		}
	}
}

// input declares one of the model's inputs, or takes the caller's value for it.
func (im *importer) input(v *onnx.ValueInfo) (*Value, error) {
	if v.Type == nil || v.Type.Tensor == nil || !v.Type.Tensor.HasShape {
		return nil, fmt.Errorf("%w: input %s is not a tensor of known rank", ErrUnsupported, v.Name)
	}
	dims := slices.Clone(v.Type.Tensor.Shape)
	im.decide(dims)
	shape := im.shape(dims)
	if im.config.Batch != 0 && len(shape) > 0 {
		if dims[0].Known && dims[0].Value > 0 && int(dims[0].Value) != im.config.Batch {
			im.rebatch = [2]int{int(dims[0].Value), im.config.Batch}
		}
		shape[0] = im.config.Batch
	}
	in := im.config.Inputs[v.Name]
	if in == nil {
		in = im.Input(im.scope+v.Name, v.Type.Tensor.Elem, shape...)
	} else if in.Type != v.Type.Tensor.Elem || !fits(in.Shape, shape) {
		return nil, fmt.Errorf("%w: input %s takes %v %v, not %v %v", ErrInvalid, v.Name, v.Type.Tensor.Elem, shape, in.Type, in.Shape)
	}
	im.values[v.Name] = in
	return in, im.Err()
}

// decide settles the name of the batch dimension.
func (im *importer) decide(dims []onnx.Dim) {
	if im.config.Batch != 0 && len(dims) > 0 && dims[0].Param != "" {
		im.sizes[dims[0].Param] = im.config.Batch
	}
}

// shape reads declared dimensions with the sizes known for named ones.
func (im *importer) shape(dims []onnx.Dim) []int {
	shape := make([]int, len(dims))
	for i, d := range dims {
		shape[i] = Unknown
		if size, ok := im.config.Sizes[d.Param]; ok && d.Param != "" {
			shape[i] = size
		} else if size, ok := im.sizes[d.Param]; ok && d.Param != "" {
			shape[i] = size
		} else if d.Known && d.Value >= 0 {
			shape[i] = int(d.Value)
		}
	}
	return shape
}

func fits(got, want []int) bool {
	return len(got) == len(want) && everyPair(got, want, agree)
}

func everyPair(x, y []int, ok func(a, b int) bool) bool {
	for i := range x {
		if !ok(x[i], y[i]) {
			return false
		}
	}
	return true
}

func (im *importer) initializer(t *onnx.Tensor) error {
	if t.IsExternal() {
		return fmt.Errorf("%w: initializer %s lies in another file that was not read", ErrInvalid, t.Name)
	}
	if im.config.Variable != nil {
		if v := im.config.Variable(t.Name, t); v != nil {
			if v.Type != t.Type || !sameShape(v.Shape, dims(t.Dims)) {
				return fmt.Errorf("%w: the value for %s is %v %v, the file has %v %v", ErrInvalid, t.Name, v.Type, v.Shape, t.Type, t.Dims)
			}
			im.values[t.Name] = v
			return nil
		}
	}
	im.values[t.Name] = im.Initializer(im.scope+t.Name, t)
	return im.Err()
}
