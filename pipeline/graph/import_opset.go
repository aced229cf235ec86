package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"athanor/inference/onnx"
)

// modernise rewrites a call from the file's opset to Opset, after the change
// notes of the operators in ONNX's own Changelog. It returns an error where the
// old meaning cannot be told in the new form.
func (im *importer) modernise(c *call) error {
	if strings.HasPrefix(c.op, "Reduce") {
		return im.reduce(c)
	}
	rewrite := map[string]func(*importer, *call) error{
		"Squeeze": (*importer).axesAsInput, "Unsqueeze": (*importer).axesAsInput, "Clip": (*importer).clipBounds,
		"Slice": (*importer).sliceInputs, "Pad": (*importer).padInputs, "Split": (*importer).splitSizes,
		"Upsample": (*importer).upsample, "Resize": (*importer).resize, "Scatter": (*importer).scatter,
		"TopK": (*importer).topK, "Cast": (*importer).cast, "CastLike": (*importer).castLike, "AveragePool": (*importer).averagePool,
		"BatchNormalization": (*importer).batchNorm, "Reshape": (*importer).reshape, "Dropout": (*importer).dropout,
		"Softmax": (*importer).softmaxAxis, "LogSoftmax": (*importer).softmaxAxis, "Hardmax": (*importer).softmaxAxis,
	}[c.op]
	if rewrite == nil {
		return nil
	}
	return rewrite(im, c)
}

// intsInput moves an integer list from an attribute to the input at place i.
func (im *importer) intsInput(c *call, name string, i int) {
	if list, ok := c.attrs[name].([]int); ok {
		c.set(i, im.Ints(list...))
	}
	delete(c.attrs, name)
}

// axesAsInput: axes became an input in opset 13 (Squeeze, Unsqueeze,
// ReduceSum) and 18 (the other Reduce operators).
func (im *importer) axesAsInput(c *call) error {
	im.intsInput(c, "axes", 1)
	return nil
}

// reduce: without axes a node reduces all, unless it says that it does nothing.
func (im *importer) reduce(c *call) error {
	im.intsInput(c, "axes", 1)
	idle := c.attrs.Int("noop_with_empty_axes", 0) == 1
	delete(c.attrs, "noop_with_empty_axes")
	if idle && (c.input(1) == nil || c.in[1].Size() == 0) {
		c.op, c.attrs, c.in = "Identity", Attrs{}, c.in[:1]
	}
	return nil
}

// clipBounds: min and max became inputs in opset 11.
func (im *importer) clipBounds(c *call) error {
	for i, name := range []string{"min", "max"} {
		if bound, ok := c.attrs[name].(float64); ok && im.opset < 11 {
			c.set(1+i, im.Const(c.in[0].Type, []int{}, bound))
		}
		delete(c.attrs, name)
	}
	return nil
}

// sliceInputs: starts, ends and axes became inputs in opset 10.
func (im *importer) sliceInputs(c *call) error {
	for i, name := range []string{"starts", "ends", "axes"} {
		im.intsInput(c, name, 1+i)
	}
	return nil
}

// padInputs: pads and value became inputs in opset 11.
func (im *importer) padInputs(c *call) error {
	im.intsInput(c, "pads", 1)
	if value, ok := c.attrs["value"].(float64); ok {
		c.set(2, im.Const(c.in[0].Type, []int{}, value))
	}
	delete(c.attrs, "value")
	return im.padAxes(c)
}

// padAxes spreads the pads of some axes (opset 18) over all.
func (im *importer) padAxes(c *call) error {
	if c.input(3) == nil {
		return nil
	}
	rank := c.in[0].Rank()
	pads, ok1 := ConstInts(c.in[1])
	axes, ok2 := ConstInts(c.in[3])
	if !ok1 || !ok2 || len(pads) != 2*len(axes) {
		return fmt.Errorf("%w: Pad whose pads or axes are not constant", ErrUnsupported)
	}
	all := make([]int, 2*rank)
	for i, a := range axes {
		a, err := axis(a, rank)
		if err != nil {
			return err
		}
		all[a], all[rank+a] = pads[i], pads[len(axes)+i]
	}
	c.set(1, im.Ints(all...))
	c.in = trim(c.in[:3])
	return nil
}

// splitSizes: split became an input in opset 13; without it the pieces are
// equal, but for a smaller last one.
func (im *importer) splitSizes(c *call) error {
	im.intsInput(c, "split", 1)
	delete(c.attrs, "num_outputs")
	if c.input(1) != nil {
		return nil
	}
	at, err := axis(c.attrs.Int("axis", 0), c.in[0].Rank())
	if err != nil {
		return err
	}
	size := c.in[0].Shape[at]
	if size == Unknown {
		return fmt.Errorf("%w: splitting a dimension of unknown size", ErrUnsupported)
	}
	var sizes []int
	chunk := (size + c.count - 1) / c.count
	for range c.count {
		sizes = append(sizes, min(chunk, size))
		size -= min(chunk, size)
	}
	c.set(1, im.Ints(sizes...))
	return nil
}

// upsample is the older name of Resize: scales of opset 7 are an attribute, of
// 9 an input.
func (im *importer) upsample(c *call) error {
	scales := c.input(1)
	if list, ok := c.attrs["scales"].([]float64); ok {
		scales = im.Const(onnx.Float, nil, list...)
	}
	mode := c.attrs.String("mode", "nearest")
	c.op, c.in = "Resize", []*Value{c.in[0], nil, scales}
	c.attrs = Attrs{"mode": mode, "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
	return nil
}

// resize: opset 10 had scales as second input and one way of finding
// coordinates; an empty list of later opsets means absent.
func (im *importer) resize(c *call) error {
	if im.opset < 11 {
		return im.upsample(c)
	}
	for i := 1; i < len(c.in); i++ {
		if v := c.in[i]; v != nil && v.Size() == 0 {
			c.in[i] = nil
		}
	}
	c.in = trim(c.in)
	return nil
}

// scatter was renamed ScatterElements in opset 11.
func (im *importer) scatter(c *call) error {
	c.op = "ScatterElements"
	return nil
}

// topK: k became an input in opset 10.
func (im *importer) topK(c *call) error {
	if k, ok := c.attrs["k"].(int); ok {
		c.set(1, im.Ints(k))
	}
	delete(c.attrs, "k")
	return nil
}

func (im *importer) cast(c *call) error {
	c.attrs = Attrs{"to": c.attrs.Int("to", 0)}
	return nil
}

func (im *importer) castLike(c *call) error {
	if c.input(1) == nil {
		return fmt.Errorf("%w: CastLike without a type to follow", ErrInvalid)
	}
	c.op, c.attrs, c.in = "Cast", Attrs{"to": int(c.in[1].Type)}, c.in[:1]
	return nil
}

// averagePool: opset 19 gave it dilations.
func (im *importer) averagePool(c *call) error {
	for _, d := range c.attrs.Ints("dilations") {
		if d != 1 {
			return fmt.Errorf("%w: AveragePool with dilations", ErrUnsupported)
		}
	}
	delete(c.attrs, "dilations")
	return nil
}

// batchNorm is taken in its inference form, whatever mode the file was saved in.
func (im *importer) batchNorm(c *call) error {
	if c.attrs.Int("spatial", 1) == 0 {
		return fmt.Errorf("%w: BatchNormalization with statistics for every position", ErrUnsupported)
	}
	c.attrs = Attrs{"epsilon": c.attrs.Float("epsilon", 1e-5)}
	c.count = 1
	c.names = c.names[:1]
	return nil
}

// dropout is taken in its inference form.
func (im *importer) dropout(c *call) error {
	if c.count > 1 {
		return fmt.Errorf("%w: Dropout whose mask is used", ErrUnsupported)
	}
	c.op, c.attrs, c.in = "Identity", Attrs{}, c.in[:1]
	return nil
}

// softmaxAxis: before opset 13 the axis was 1 by default and all dimensions
// from it on were one.
func (im *importer) softmaxAxis(c *call) error {
	if im.opset >= 13 {
		return nil
	}
	at, err := axis(c.attrs.Int("axis", 1), c.in[0].Rank())
	if err != nil {
		return err
	}
	c.attrs = Attrs{"axis": at}
	if at != c.in[0].Rank()-1 {
		c.op = "Flattened" + c.op
	}
	return nil
}

// reshape follows a change of the batch size: a constant shape that names the
// file's batch is given the wanted one.
func (im *importer) reshape(c *call) error {
	if list, ok := c.attrs["shape"].([]int); ok {
		c.set(1, im.Ints(list...))
		delete(c.attrs, "shape")
	}
	want, ok := ConstInts(c.input(1))
	if !ok || len(want) == 0 || im.rebatch[1] == 0 || want[0] != im.rebatch[0] {
		return nil
	}
	size, rest := c.in[0].Size(), product(want[1:])
	switch {
	case c.in[0].Rank() > 0 && c.in[0].Shape[0] == Unknown:
		if want[0] = Unknown; hasHole(want[1:]) {
			want[0] = 0 // as the input has it
		}
	case size != Unknown && (hasHole(want[1:]) || rest > 0 && rest*im.rebatch[1] == size):
		want[0] = im.rebatch[1]
	default:
		return nil
	}
	c.set(1, im.Ints(want...))
	return nil
}

func hasHole(shape []int) bool {
	return slices.Contains(shape, Unknown)
}

// Rewritten lists the operators that Import builds from others, sorted; their
// gradients are those of their parts.
func Rewritten() []string {
	return []string{"CastLike", "Dropout", "GRU", "Gelu", "GroupNormalization", "Scatter", "Upsample"}
}

// Folded lists the operators that Import computes when their inputs are known,
// sorted; of these, Constant, ConstantOfShape and Range must be.
func Folded() []string {
	list := append(slices.Collect(maps.Keys(folders())), "Constant", "Shape", "Size")
	slices.Sort(list)
	return list
}
