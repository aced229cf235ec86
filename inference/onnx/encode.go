package onnx

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxFile is the largest message protobuf readers accept.
const maxFile = math.MaxInt32

// Encode writes the model as protobuf bytes. It does not check the model. The
// only error is a result over 2 GiB, which no ONNX reader accepts.
func (m *Model) Encode() ([]byte, error) {
	size := m.rawBytes()
	if size > maxFile {
		return nil, fmt.Errorf("encode model: %d bytes of weights: %w (limit 2 GiB)", size, ErrTooLarge)
	}
	w := &writer{b: make([]byte, 0, size+size/64+4096)}
	w.model(m)
	if len(w.b) > maxFile {
		return nil, fmt.Errorf("encode model: %d bytes: %w (limit 2 GiB)", len(w.b), ErrTooLarge)
	}
	return w.b, nil
}

// rawBytes is the size of the main graph's weights, to allocate once.
func (m *Model) rawBytes() (n int) {
	if m.Graph == nil {
		return 0
	}
	for _, t := range m.Graph.Initializers {
		n += len(t.Raw)
	}
	return n
}

func list[T any](w *writer, num protowire.Number, items []T, write func(T)) {
	for _, v := range items {
		w.message(num, func() { write(v) })
	}
}

func (w *writer) texts(num protowire.Number, items []string) {
	for _, s := range items {
		w.text(num, s)
	}
}

func (w *writer) model(m *Model) {
	w.num(1, m.IRVersion)
	w.str(2, m.ProducerName)
	w.str(3, m.ProducerVersion)
	w.str(4, m.Domain)
	w.num(5, m.ModelVersion)
	w.str(6, m.Doc)
	if m.Graph != nil {
		w.message(7, func() { w.graph(m.Graph) })
	}
	list(w, 8, m.Opsets, w.opset)
	list(w, 14, m.Metadata, w.pair)
	list(w, 25, m.Functions, w.function)
	w.unknown(m.Unknown)
}

func (w *writer) graph(g *Graph) {
	list(w, 1, g.Nodes, w.node)
	w.str(2, g.Name)
	list(w, 5, g.Initializers, w.tensor)
	w.str(10, g.Doc)
	list(w, 11, g.Inputs, w.valueInfo)
	list(w, 12, g.Outputs, w.valueInfo)
	list(w, 13, g.Values, w.valueInfo)
	list(w, 14, g.Quantization, w.annotation)
	list(w, 15, g.SparseInitializers, w.sparse)
	list(w, 16, g.Metadata, w.pair)
	w.unknown(g.Unknown)
}

func (w *writer) node(n *Node) {
	w.texts(1, n.Inputs)
	w.texts(2, n.Outputs)
	w.str(3, n.Name)
	w.str(4, n.OpType)
	list(w, 5, n.Attrs, w.attribute)
	w.str(6, n.Doc)
	w.str(7, n.Domain)
	w.str(8, n.Overload)
	list(w, 9, n.Metadata, w.pair)
	w.unknown(n.Unknown)
}

func (w *writer) function(f *Function) {
	w.str(1, f.Name)
	w.texts(4, f.Inputs)
	w.texts(5, f.Outputs)
	w.texts(6, f.AttrNames)
	list(w, 7, f.Nodes, w.node)
	w.str(8, f.Doc)
	list(w, 9, f.Opsets, w.opset)
	w.str(10, f.Domain)
	list(w, 11, f.AttrDefaults, w.attribute)
	list(w, 12, f.Values, w.valueInfo)
	w.str(13, f.Overload)
	list(w, 14, f.Metadata, w.pair)
	w.unknown(f.Unknown)
}

func (w *writer) opset(o Opset) {
	w.text(1, o.Domain)
	w.int(2, o.Version)
}

func (w *writer) pair(p Pair) {
	w.text(1, p.Key)
	w.text(2, p.Value)
}

func (w *writer) annotation(q QuantizationAnnotation) {
	w.str(1, q.Tensor)
	list(w, 2, q.Params, w.pair)
}

func (w *writer) attribute(a *Attribute) {
	w.str(1, a.Name)
	if a.RefName == "" {
		w.attributeScalar(a)
		w.attributeLists(a)
	}
	w.str(13, a.Doc)
	w.num(20, int64(a.Type))
	w.str(21, a.RefName)
	w.unknown(a.Unknown)
}

// attributeScalar writes a number even when it is zero: its presence is the value.
func (w *writer) attributeScalar(a *Attribute) {
	switch a.Type {
	case AttrFloat:
		w.float(2, a.F)
	case AttrInt:
		w.int(3, a.I)
	case AttrString:
		w.bytes(4, a.S)
	}
	if a.T != nil {
		w.message(5, func() { w.tensor(a.T) })
	}
	if a.G != nil {
		w.message(6, func() { w.graph(a.G) })
	}
	if a.TP != nil {
		w.message(14, func() { w.typeProto(a.TP) })
	}
	if a.Sparse != nil {
		w.message(22, func() { w.sparse(a.Sparse) })
	}
}

func (w *writer) attributeLists(a *Attribute) {
	for _, v := range a.Floats {
		w.float(7, v)
	}
	for _, v := range a.Ints {
		w.int(8, v)
	}
	for _, v := range a.Strings {
		w.bytes(9, v)
	}
	list(w, 10, a.Tensors, w.tensor)
	list(w, 11, a.Graphs, w.graph)
	list(w, 15, a.Types, w.typeProto)
	list(w, 23, a.SparseTensors, w.sparse)
}

func (w *writer) valueInfo(v *ValueInfo) {
	w.str(1, v.Name)
	if v.Type != nil {
		w.message(2, func() { w.typeProto(v.Type) })
	}
	w.str(3, v.Doc)
	list(w, 4, v.Metadata, w.pair)
	w.unknown(v.Unknown)
}

func (w *writer) typeProto(t *Type) {
	elem := func(e *Type) func() {
		return func() { w.message(1, func() { w.typeProto(e) }) }
	}
	switch {
	case t.Tensor != nil:
		w.message(1, func() { w.tensorType(t.Tensor) })
	case t.Sequence != nil:
		w.message(4, elem(t.Sequence))
	case t.Map != nil:
		w.message(5, func() { w.mapType(t.Map) })
	case t.Sparse != nil:
		w.message(8, func() { w.tensorType(t.Sparse) })
	case t.Optional != nil:
		w.message(9, elem(t.Optional))
	}
	w.str(6, t.Denotation)
	w.unknown(t.Unknown)
}

func (w *writer) mapType(m *MapType) {
	w.int(1, int64(m.Key))
	if m.Value != nil {
		w.message(2, func() { w.typeProto(m.Value) })
	}
}

func (w *writer) tensorType(t *TensorType) {
	w.int(1, int64(t.Elem))
	if t.HasShape || len(t.Shape) > 0 {
		w.message(2, func() { list(w, 1, t.Shape, w.dim) })
	}
}

func (w *writer) dim(d Dim) {
	if d.Known {
		w.int(1, d.Value)
	} else {
		w.str(2, d.Param)
	}
	w.str(3, d.Denotation)
}

func (w *writer) tensor(t *Tensor) {
	for _, v := range t.Dims {
		w.int(1, v)
	}
	w.int(2, int64(t.Type))
	if t.Segment != nil {
		w.message(3, func() {
			w.num(1, t.Segment.Begin)
			w.num(2, t.Segment.End)
		})
	}
	for _, s := range t.Strings {
		w.bytes(6, s)
	}
	w.str(8, t.Name)
	if len(t.Raw) > 0 {
		w.bytes(9, t.Raw)
	}
	w.str(12, t.Doc)
	if t.IsExternal() {
		list(w, 13, t.External, w.pair)
		w.int(14, 1)
	}
	list(w, 16, t.Metadata, w.pair)
	w.unknown(t.Unknown)
}

func (w *writer) sparse(s *SparseTensor) {
	if s.Values != nil {
		w.message(1, func() { w.tensor(s.Values) })
	}
	if s.Indices != nil {
		w.message(2, func() { w.tensor(s.Indices) })
	}
	for _, v := range s.Dims {
		w.int(3, v)
	}
}
