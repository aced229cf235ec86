package reviews

import (
	"encoding/binary"
	"fmt"
	"math"

	"athanor/inference/onnx"
)

// narrow is the width up to which a table keeps 16 bits: a scale a column would
// lose the small weights among few columns.
const narrow = 4

// shrinkTables makes the tables of the graph's Gathers small and widens what is
// gathered.
func shrinkTables(g *onnx.Graph) error {
	var nodes []*onnx.Node
	found := false
	for _, n := range g.Nodes {
		nodes = append(nodes, n)
		if n.OpType != "Gather" {
			continue
		}
		table := g.Initializer(n.Inputs[0])
		if table == nil || table.Type != onnx.Float || len(table.Dims) != 2 {
			continue
		}
		found = true
		if table.Dims[1] <= narrow {
			half, err := halve(n, table)
			if err != nil {
				return err
			}
			nodes = append(nodes, half)
			continue
		}
		rescaled, err := quantize(g, n, table)
		if err != nil {
			return err
		}
		nodes = append(nodes, rescaled...)
	}
	if !found {
		return fmt.Errorf("%w: it has no embedding table", ErrPack)
	}
	g.Nodes = nodes
	return nil
}

// halve stores a table in 16 bits.
func halve(n *onnx.Node, table *onnx.Tensor) (*onnx.Node, error) {
	values, err := table.Float32s()
	if err != nil {
		return nil, err
	}
	raw := make([]byte, 0, 2*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint16(raw, onnx.FloatToFloat16(v))
	}
	table.Type, table.Raw = onnx.Float16, raw
	out := n.Outputs[0]
	n.Outputs[0] = out + ".half"
	return widen(out, out+".half", out), nil
}

func widen(name, in, out string) *onnx.Node {
	return &onnx.Node{
		Name: name + ".widen", OpType: "Cast", Inputs: []string{in}, Outputs: []string{out},
		Attrs: []*onnx.Attribute{onnx.IntAttr("to", int64(onnx.Float))},
	}
}

// quantize stores a table in 8 bits, each column with its scale.
func quantize(g *onnx.Graph, n *onnx.Node, table *onnx.Tensor) ([]*onnx.Node, error) {
	values, err := table.Float32s()
	if err != nil {
		return nil, err
	}
	width := int(table.Dims[1])
	scale := make([]float32, width)
	for j, v := range values {
		scale[j%width] = max(scale[j%width], float32(math.Abs(float64(v)))/127)
	}
	raw := make([]byte, len(values))
	for j, v := range values {
		if s := scale[j%width]; s > 0 {
			raw[j] = byte(int8(math.RoundToEven(float64(v / s))))
		}
	}
	table.Type, table.Raw = onnx.Int8, raw
	g.Initializers = append(g.Initializers, onnx.FloatTensor(table.Name+".scale", []int64{int64(width)}, scale))
	out := n.Outputs[0]
	n.Outputs[0] = out + ".int8"
	return []*onnx.Node{
		widen(out, out+".int8", out+".wide"),
		{Name: out + ".rescale", OpType: "Mul", Inputs: []string{out + ".wide", table.Name + ".scale"}, Outputs: []string{out}},
	}, nil
}
