package explain

import (
	"fmt"

	"athanor/inference/onnx"
)

// Tables of models of the architecture nb-linear.
const (
	ratiosTable  = "ratios"
	weightsTable = "weights.table"
)

// folded is the width of a bag's embedding. Two n-grams share a place by chance with
// random signs, which disturbs a cosine by about 1/√folded (Weinberger et al. 2009,
// "Feature hashing for large scale multitask learning").
const folded = 1024

// bagEmbedding adds to an nb-linear model what its texts' n-grams add to the answer,
// ratio times weight, scattered over folded places: texts that share telling n-grams
// are near. added is false for other models.
func bagEmbedding(m *onnx.Model) (added bool, err error) {
	ratios, weights := m.Graph.Initializer(ratiosTable), m.Graph.Initializer(weightsTable)
	feeds := m.Graph.Feeds()
	if ratios == nil || weights == nil || len(feeds) != 1 || len(ratios.Dims) != 2 {
		return false, nil
	}
	r, err := ratios.Float32s()
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrNoEmbedding, err)
	}
	w, err := weights.Float32s()
	if err != nil || len(w) != len(r) {
		return false, fmt.Errorf("%w: its two tables do not belong together", ErrNoEmbedding)
	}
	telling, places := make([]float32, len(r)), make([]int64, len(r))
	for i := range r {
		place := uint64(i+1) * 0x9E3779B97F4A7C15
		places[i] = int64(place >> 54) // of 1,024
		telling[i] = r[i] * w[i]
		if place>>53&1 == 1 {
			telling[i] = -telling[i]
		}
	}
	name := func(part string) string { return OutputEmbedding + "." + part }
	g := m.Graph
	g.Initializers = append(g.Initializers,
		onnx.FloatTensor(name("telling"), ratios.Dims, telling), onnx.Int64Tensor(name("places"), ratios.Dims, places),
		onnx.FloatTensor(name("zeros"), []int64{1, folded}, make([]float32, folded)), onnx.Int64Tensor(name("width"), []int64{1}, []int64{folded}))
	node := func(op, out string, attrs []*onnx.Attribute, in ...string) {
		g.Nodes = append(g.Nodes, &onnx.Node{OpType: op, Name: out, Inputs: in, Outputs: []string{out}, Attrs: attrs})
	}
	ids := feeds[0].Name
	for _, part := range []string{"telling", "places"} {
		node("Gather", name(part+".each"), nil, name(part), ids)
		node("Flatten", name(part+".row"), nil, name(part+".each"))
	}
	node("Shape", name("rows"), []*onnx.Attribute{onnx.IntAttr("end", 1)}, ids)
	node("Concat", name("shape"), []*onnx.Attribute{onnx.IntAttr("axis", 0)}, name("rows"), name("width"))
	node("Expand", name("empty"), nil, name("zeros"), name("shape"))
	node("ScatterElements", OutputEmbedding, []*onnx.Attribute{onnx.IntAttr("axis", 1), onnx.StringAttr("reduction", "add")},
		name("empty"), name("places.row"), name("telling.row"))
	g.Outputs = append(g.Outputs, onnx.TensorValue(OutputEmbedding, onnx.Float, onnx.Named("N"), onnx.Fixed(folded)))
	return true, nil
}
