package quantize

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"athanor/inference/onnx"
)

// stays is an operator that computes in float32 also in a float16 model; which
// of its inputs are floats that the graph now has as float16, and whether its
// output becomes float16. Its other inputs are constants that stay float32.
type stays struct {
	inputs []int
	output bool
}

// staying are the operators whose types do not allow float16 everywhere: Resize
// takes its scales as float32, TfIdfVectorizer gives float32 only.
func staying() map[string]stays {
	return map[string]stays{
		"Resize":          {inputs: []int{0}, output: true},
		"Upsample":        {inputs: []int{0}, output: true},
		"TfIdfVectorizer": {output: true},
		"Range":           {},
	}
}

// largestHalf is the largest number of float16.
const largestHalf = 65504

// half makes every float32 constant and value of the graph float16. Inputs and
// outputs keep their type: a Cast stands behind and before them.
func half(g *onnx.Graph, report *Report) error {
	if err := onlyStandard(g); err != nil {
		return err
	}
	h := &halver{report: report, w: newWriter(g), staying: staying()}
	h.keepConstants(g)
	h.inputs(g)
	for _, n := range g.Nodes {
		h.node(n)
	}
	h.outputs(g)
	g.Nodes = h.w.nodes
	for _, t := range g.Initializers {
		if !h.kept[t.Name] {
			h.tensor(t)
		}
	}
	return nil
}

// onlyStandard refuses what could hide float32: operators whose types are not
// known here, and graphs inside of operators.
func onlyStandard(g *onnx.Graph) error {
	for _, n := range g.Nodes {
		switch {
		case n.Domain != "" && n.Domain != "ai.onnx":
			return fmt.Errorf("%w (float16): types of the operator %s.%s are not known", ErrNothing, n.Domain, n.OpType)
		case len(n.Subgraphs()) > 0:
			return fmt.Errorf("%w (float16): %s has graphs inside", ErrNothing, n.OpType)
		}
	}
	return nil
}

type halver struct {
	report  *Report
	w       *writer
	staying map[string]stays
	kept    map[string]bool   // constants that stay float32
	renamed map[string]string // float32 inputs and their float16
}

// keepConstants finds the constants that only staying operators read.
func (h *halver) keepConstants(g *onnx.Graph) {
	h.kept, h.renamed = map[string]bool{}, map[string]string{}
	for _, n := range g.Nodes {
		rule, ok := h.staying[n.OpType]
		if !ok {
			continue
		}
		for i, in := range n.Inputs {
			if !slices.Contains(rule.inputs, i) {
				h.kept[in] = true
			}
		}
	}
}

func (h *halver) inputs(g *onnx.Graph) {
	for _, in := range g.Feeds() {
		if in.Type != nil && in.Type.Tensor != nil && in.Type.Tensor.Elem == onnx.Float {
			h.renamed[in.Name] = h.w.node("Cast", in.Name+"_float16", []string{in.Name}, onnx.IntAttr("to", int64(onnx.Float16)))
		}
	}
}

// node writes one operator: with float16 inputs, or between two casts.
func (h *halver) node(n *onnx.Node) {
	for i, in := range n.Inputs {
		if other, ok := h.renamed[in]; ok {
			n.Inputs[i] = other
		}
	}
	if rule, ok := h.staying[n.OpType]; ok {
		h.between(n, rule)
		return
	}
	h.attributes(n)
	if n.OpType != "Constant" {
		h.report.Nodes++
	}
	h.w.nodes = append(h.w.nodes, n)
}

// between puts a staying operator between two casts.
func (h *halver) between(n *onnx.Node, rule stays) {
	for _, i := range rule.inputs {
		if i < len(n.Inputs) && n.Inputs[i] != "" {
			n.Inputs[i] = h.w.node("Cast", n.Inputs[i]+"_float32", []string{n.Inputs[i]}, onnx.IntAttr("to", int64(onnx.Float)))
		}
	}
	h.w.nodes = append(h.w.nodes, n)
	if rule.output {
		out := n.Outputs[0]
		n.Outputs[0] = h.w.name(out + "_float32")
		h.w.node("Cast", out, []string{n.Outputs[0]}, onnx.IntAttr("to", int64(onnx.Float16)))
		h.w.into(out)
	}
}

// attributes makes constants and types inside of an operator float16.
func (h *halver) attributes(n *onnx.Node) {
	constant := n.OpType == "Constant"
	for _, a := range n.Attrs {
		if a.T != nil && !(constant && h.kept[n.Outputs[0]]) {
			h.tensor(a.T)
		}
		if (a.Name == "to" || a.Name == "dtype") && a.I == int64(onnx.Float) {
			a.I = int64(onnx.Float16)
		}
	}
	if constant && n.Attr("value_float") != nil {
		v := n.Float("value_float", 0)
		n.Attrs = []*onnx.Attribute{onnx.TensorAttr("value", h.converted(onnx.FloatScalar("", v)))}
	}
}

func (h *halver) converted(t *onnx.Tensor) *onnx.Tensor {
	h.tensor(t)
	return t
}

// outputs gives the graph's float32 outputs back.
func (h *halver) outputs(g *onnx.Graph) {
	for _, o := range g.Outputs {
		if o.Type == nil || o.Type.Tensor == nil || o.Type.Tensor.Elem != onnx.Float {
			continue
		}
		if _, isInput := h.renamed[o.Name]; isInput {
			continue // as it is
		}
		from := h.w.name(o.Name + "_float16")
		h.rename(o.Name, from)
		h.w.node("Cast", o.Name, []string{from}, onnx.IntAttr("to", int64(onnx.Float)))
		h.w.into(o.Name)
	}
}

func (h *halver) rename(old, name string) {
	for _, n := range h.w.nodes {
		for _, list := range [][]string{n.Inputs, n.Outputs} {
			for i, v := range list {
				if v == old {
					list[i] = name
				}
			}
		}
	}
}

// tensor turns a float32 constant into float16; what is too large for it becomes
// its largest number, and is counted.
func (h *halver) tensor(t *onnx.Tensor) {
	if t.Type != onnx.Float {
		return
	}
	values, err := t.Float32s()
	if err != nil {
		return
	}
	raw := make([]byte, 0, 2*len(values))
	for _, v := range values {
		if a := math.Abs(float64(v)); a > largestHalf && !math.IsInf(float64(v), 0) {
			v = float32(math.Copysign(largestHalf, float64(v)))
			h.report.Clipped++
		}
		raw = binary.LittleEndian.AppendUint16(raw, onnx.FloatToFloat16(v))
	}
	t.Type, t.Raw = onnx.Float16, raw
}
