package onnx

import "fmt"

// Decode reads an ONNX model from its protobuf bytes. Tensor contents alias
// data where the file's layout allows it, so data must not change while the
// model is in use. Memory stays proportional to len(data). Errors wrap
// ErrMalformed. Decode checks the encoding only; Check judges the model.
func Decode(data []byte) (*Model, error) {
	d := &decoder{budget: freeMessages + len(data)/minMessageBytes}
	m := d.model(data)
	if d.err != nil {
		return nil, fmt.Errorf("decode model: %w", d.err)
	}
	if m.Graph == nil {
		return nil, fmt.Errorf("decode model: %w: it has no graph", ErrMalformed)
	}
	return m, nil
}

func (d *decoder) model(b []byte) *Model {
	m := &Model{}
	m.Unknown = d.message("model", b, func(f field) bool {
		switch f.num {
		case 1:
			m.IRVersion = f.int64()
		case 2:
			m.ProducerName = f.str()
		case 3:
			m.ProducerVersion = f.str()
		case 4:
			m.Domain = f.str()
		case 5:
			m.ModelVersion = f.int64()
		case 6:
			m.Doc = f.str()
		case 7:
			m.Graph = d.graph(f.raw())
		case 8:
			m.Opsets = append(m.Opsets, d.opset(f.raw()))
		case 14:
			m.Metadata = append(m.Metadata, d.pair(f.raw()))
		case 25:
			m.Functions = append(m.Functions, d.function(f.raw()))
		default:
			return false
		}
		return true
	})
	return m
}

func (d *decoder) graph(b []byte) *Graph {
	g := &Graph{}
	g.Unknown = d.message("graph", b, func(f field) bool {
		switch f.num {
		case 1:
			g.Nodes = append(g.Nodes, d.node(f.raw()))
		case 2:
			g.Name = f.str()
		case 5:
			g.Initializers = append(g.Initializers, d.tensor(f.raw()))
		case 10:
			g.Doc = f.str()
		case 11:
			g.Inputs = append(g.Inputs, d.valueInfo(f.raw()))
		case 12:
			g.Outputs = append(g.Outputs, d.valueInfo(f.raw()))
		case 13:
			g.Values = append(g.Values, d.valueInfo(f.raw()))
		case 14:
			g.Quantization = append(g.Quantization, d.annotation(f.raw()))
		case 15:
			g.SparseInitializers = append(g.SparseInitializers, d.sparse(f.raw()))
		case 16:
			g.Metadata = append(g.Metadata, d.pair(f.raw()))
		default:
			return false
		}
		return true
	})
	return g
}

func (d *decoder) node(b []byte) *Node {
	n := &Node{}
	n.Unknown = d.message("node", b, func(f field) bool {
		switch f.num {
		case 1:
			n.Inputs = append(n.Inputs, f.str())
		case 2:
			n.Outputs = append(n.Outputs, f.str())
		case 3:
			n.Name = f.str()
		case 4:
			n.OpType = f.str()
		case 5:
			n.Attrs = append(n.Attrs, d.attribute(f.raw()))
		case 6:
			n.Doc = f.str()
		case 7:
			n.Domain = f.str()
		case 8:
			n.Overload = f.str()
		case 9:
			n.Metadata = append(n.Metadata, d.pair(f.raw()))
		default:
			return false
		}
		return true
	})
	return n
}

func (d *decoder) function(b []byte) *Function {
	fn := &Function{}
	fn.Unknown = d.message("function", b, func(f field) bool {
		switch f.num {
		case 1:
			fn.Name = f.str()
		case 4:
			fn.Inputs = append(fn.Inputs, f.str())
		case 5:
			fn.Outputs = append(fn.Outputs, f.str())
		case 6:
			fn.AttrNames = append(fn.AttrNames, f.str())
		case 7:
			fn.Nodes = append(fn.Nodes, d.node(f.raw()))
		case 8:
			fn.Doc = f.str()
		case 9:
			fn.Opsets = append(fn.Opsets, d.opset(f.raw()))
		case 10:
			fn.Domain = f.str()
		case 11:
			fn.AttrDefaults = append(fn.AttrDefaults, d.attribute(f.raw()))
		case 12:
			fn.Values = append(fn.Values, d.valueInfo(f.raw()))
		case 13:
			fn.Overload = f.str()
		case 14:
			fn.Metadata = append(fn.Metadata, d.pair(f.raw()))
		default:
			return false
		}
		return true
	})
	return fn
}

func (d *decoder) opset(b []byte) (o Opset) {
	d.message("opset", b, func(f field) bool {
		switch f.num {
		case 1:
			o.Domain = f.str()
		case 2:
			o.Version = f.int64()
		}
		return true
	})
	return o
}

func (d *decoder) pair(b []byte) (p Pair) {
	d.message("metadata", b, func(f field) bool {
		switch f.num {
		case 1:
			p.Key = f.str()
		case 2:
			p.Value = f.str()
		}
		return true
	})
	return p
}

func (d *decoder) annotation(b []byte) (q QuantizationAnnotation) {
	d.message("quantization annotation", b, func(f field) bool {
		switch f.num {
		case 1:
			q.Tensor = f.str()
		case 2:
			q.Params = append(q.Params, d.pair(f.raw()))
		}
		return true
	})
	return q
}
