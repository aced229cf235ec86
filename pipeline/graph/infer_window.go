package graph

import (
	"fmt"
	"maps"
	"slices"

	"athanor/inference/onnx"
)

func windowRules() map[string]inferFunc {
	return map[string]inferFunc{
		"Conv": inferConv, "ConvTranspose": inferConvTranspose, "MaxPool": inferPool, "AveragePool": inferPool,
		"GlobalAveragePool": inferGlobalPool, "GlobalMaxPool": inferGlobalPool,
		"LpPool": inferPool,
	}
}

// Geometry is how a window slides over the spatial dimensions.
type Geometry struct {
	Kernel, Stride, Dilation []int
	PadBegin, PadEnd         []int
}

// WindowGeometry reads a convolution's or pooling's attributes. kernel is used
// where the attribute kernel_shape is absent; input is the spatial shape, needed
// for auto_pad.
func WindowGeometry(a Attrs, kernel, input []int) (Geometry, error) {
	if k := a.Ints("kernel_shape"); k != nil {
		kernel = k
	}
	rank := len(kernel)
	g := Geometry{Kernel: kernel, Stride: filled(a.Ints("strides"), rank, 1), Dilation: filled(a.Ints("dilations"), rank, 1)}
	pads := filled(a.Ints("pads"), 2*rank, 0)
	if rank == 0 || len(g.Stride) != rank || len(g.Dilation) != rank || len(pads) != 2*rank || rank != len(input) {
		return g, fmt.Errorf("kernel, strides, dilations and pads do not fit %d spatial dimensions", len(input))
	}
	g.PadBegin, g.PadEnd = pads[:rank], pads[rank:]
	if slices.Min(slices.Concat(kernel, g.Stride, g.Dilation)) < 1 || slices.Min(pads) < 0 {
		return g, fmt.Errorf("kernel %v, strides %v and dilations %v must be positive, pads %v not negative", kernel, g.Stride, g.Dilation, pads)
	}
	switch mode := a.String("auto_pad", "NOTSET"); mode {
	case "NOTSET", "VALID", "":
		return g, nil
	case "SAME_UPPER", "SAME_LOWER":
		return samePadding(g, input, mode)
	default:
		return g, fmt.Errorf("auto_pad %q is unknown", mode)
	}
}

// samePadding pads so that the output is ceil(input / stride).
func samePadding(g Geometry, input []int, mode string) (Geometry, error) {
	g.PadBegin, g.PadEnd = make([]int, len(input)), make([]int, len(input))
	for i, size := range input {
		if size == Unknown {
			return g, fmt.Errorf("auto_pad needs known spatial dimensions")
		}
		out := (size + g.Stride[i] - 1) / g.Stride[i]
		total := max((out-1)*g.Stride[i]+(g.Kernel[i]-1)*g.Dilation[i]+1-size, 0)
		g.PadBegin[i], g.PadEnd[i] = total/2, total-total/2
		if mode == "SAME_LOWER" {
			g.PadBegin[i], g.PadEnd[i] = g.PadEnd[i], g.PadBegin[i]
		}
	}
	return g, nil
}

// Output is the spatial shape the window produces.
func (g Geometry) Output(input []int, ceil bool) ([]int, error) {
	out := make([]int, len(input))
	for i, size := range input {
		if size == Unknown {
			out[i] = Unknown
			continue
		}
		room := size + g.PadBegin[i] + g.PadEnd[i] - ((g.Kernel[i]-1)*g.Dilation[i] + 1)
		if room < 0 {
			return nil, fmt.Errorf("the window of %d does not fit %d", g.Kernel[i], size)
		}
		out[i] = room/g.Stride[i] + 1
		if ceil && room%g.Stride[i] != 0 && out[i]*g.Stride[i] < size+g.PadBegin[i] {
			out[i]++
		}
	}
	return out, nil
}

func filled(list []int, n, value int) []int {
	if list != nil {
		return list
	}
	list = make([]int, n)
	for i := range list {
		list[i] = value
	}
	return list
}

// checkBias refuses a third input that is not one number for each channel.
func checkBias(n *Node, channels int) error {
	if len(n.In) > 2 && n.In[2] != nil && !sameShape(n.In[2].Shape, []int{channels}) {
		return fmt.Errorf("bias %v does not fit %d channels", n.In[2].Shape, channels)
	}
	return nil
}

func inferConv(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	x, w := n.In[0].Shape, n.In[1].Shape
	if len(x) < 3 || len(w) != len(x) {
		return nil, fmt.Errorf("needs input and weights of one rank, 3 or more")
	}
	group := n.Attrs.Int("group", 1)
	if group < 1 || x[1] != w[1]*group || w[0]%group != 0 || x[1] < 1 {
		return nil, fmt.Errorf("%d channels do not fit weights %v in %d groups", x[1], w, group)
	}
	if err := checkBias(n, w[0]); err != nil {
		return nil, err
	}
	g, err := WindowGeometry(n.Attrs, w[2:], x[2:])
	if err != nil {
		return nil, err
	}
	out, err := g.Output(x[2:], false)
	return one(n.In[0].Type, append([]int{x[0], w[0]}, out...)), err
}

// TransposedGeometry is the window of a ConvTranspose node, its padding worked
// out where auto_pad or output_shape asks for it (the operator's specification,
// total_padding).
func TransposedGeometry(n *Node) (Geometry, error) {
	x, w := n.In[0].Shape[2:], n.In[1].Shape[2:]
	plain := maps.Clone(n.Attrs)
	delete(plain, "auto_pad")
	g, err := WindowGeometry(plain, w, x)
	mode := n.Attrs.String("auto_pad", "NOTSET")
	target := n.Attrs.Ints("output_shape")
	if err != nil || target == nil && mode != "SAME_UPPER" && mode != "SAME_LOWER" {
		return g, err
	}
	extra := filled(n.Attrs.Ints("output_padding"), len(x), 0)
	if len(extra) != len(x) || target != nil && len(target) < len(x) {
		return g, fmt.Errorf("output_padding and output_shape do not fit %d spatial dimensions", len(x))
	}
	g.PadBegin, g.PadEnd = make([]int, len(x)), make([]int, len(x))
	for i, size := range x {
		if size == Unknown {
			return g, fmt.Errorf("auto_pad and output_shape need known spatial dimensions")
		}
		want := size * g.Stride[i]
		if target != nil {
			want = target[len(target)-len(x)+i]
		}
		total := max(0, g.transposed(i, size)+extra[i]-want)
		g.PadBegin[i], g.PadEnd[i] = total-total/2, total/2
		if mode == "SAME_UPPER" {
			g.PadBegin[i], g.PadEnd[i] = total/2, total-total/2
		}
	}
	return g, nil
}

// transposed is how far size windows reach along axis i, padding cut off.
func (g Geometry) transposed(i, size int) int {
	return (size-1)*g.Stride[i] + (g.Kernel[i]-1)*g.Dilation[i] + 1 - g.PadBegin[i] - g.PadEnd[i]
}

func inferConvTranspose(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	x, w := n.In[0].Shape, n.In[1].Shape
	group := n.Attrs.Int("group", 1)
	if len(x) < 3 || len(w) != len(x) || x[1] != w[0] || group < 1 || w[0]%group != 0 {
		return nil, fmt.Errorf("input %v and weights %v do not fit", x, w)
	}
	if err := checkBias(n, w[1]*group); err != nil {
		return nil, err
	}
	g, err := TransposedGeometry(n)
	if err != nil {
		return nil, err
	}
	extra := filled(n.Attrs.Ints("output_padding"), len(x)-2, 0)
	if len(extra) != len(x)-2 {
		return nil, fmt.Errorf("output_padding %v does not fit %d spatial dimensions", extra, len(x)-2)
	}
	out := []int{x[0], w[1] * group}
	for i, size := range x[2:] {
		if size == Unknown {
			out = append(out, Unknown)
			continue
		}
		out = append(out, g.transposed(i, size)+extra[i])
	}
	return one(n.In[0].Type, out), nil
}

func inferPool(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	x := n.In[0].Shape
	if len(x) < 3 {
		return nil, fmt.Errorf("needs a batch, channels and space")
	}
	g, err := WindowGeometry(n.Attrs, nil, x[2:])
	if err != nil {
		return nil, err
	}
	space, err := g.Output(x[2:], n.Attrs.Int("ceil_mode", 0) == 1)
	shape := append([]int{x[0], x[1]}, space...)
	return []result{{n.In[0].Type, shape}, {onnx.Int64, shape}}, err
}

func inferGlobalPool(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	shape := append([]int{}, n.In[0].Shape...)
	if len(shape) < 3 {
		return nil, fmt.Errorf("needs a batch, channels and space")
	}
	for i := 2; i < len(shape); i++ {
		shape[i] = 1
	}
	return one(n.In[0].Type, shape), nil
}
