package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
)

// ErrParity says that an exported model does not answer like the trained one.
var ErrParity = errors.New("the exported model disagrees with the trained one")

// ModelName is the model's file in a run's folder.
const ModelName = "model.onnx"

const (
	// paritySamples is how many real samples the proof compares.
	paritySamples = 256
	// parityTolerance is the largest allowed difference relative to the range of
	// the outputs.
	parityTolerance = 1e-5
)

// networkModel is the trained network with its weights stored inside, for any
// number of samples: the feed's columns in, probabilities or values out.
func (n *network) networkModel(parts [][]byte) (*onnx.Model, error) {
	b := graph.New("athanor")
	stored := n.stored(b, parts)
	c := nn.NewContext(b, false, func(name string, _ []int) *graph.Value { return stored[name] })
	y := n.answer(b, n.forward(c, n.inputs(b, graph.Unknown)))
	b.Output(n.outputName(), y)
	return b.Model()
}

func (n *network) outputName() string {
	if n.classes == 0 {
		return "value"
	}
	return "probabilities"
}

// stored cuts the flat vectors into the model's initializers.
func (n *network) stored(b *graph.Builder, parts [][]byte) map[string]*graph.Value {
	named := map[string]*graph.Value{}
	put := func(raw []byte, name string, shape []int) []byte {
		k := 4 * size(shape)
		named[name] = b.Initializer(name, &onnx.Tensor{Type: onnx.Float, Dims: dims64(shape), Raw: raw[:k]})
		return raw[k:]
	}
	raw := parts[0]
	for _, p := range n.parameters {
		raw = put(raw, p.Name, p.Shape)
	}
	if len(n.buffers) > 0 {
		raw = parts[1]
		for _, buf := range n.buffers {
			raw = put(raw, buf.Name, buf.Shape)
		}
	}
	return named
}

func dims64(shape []int) []int64 {
	out := make([]int64, len(shape))
	for i, d := range shape {
		out[i] = int64(d)
	}
	return out
}

// export writes the model file after it has proved itself on real samples.
func (r *run) export(ctx context.Context) (path string, worst float64, err error) {
	path = filepath.Join(r.deps.Store.Dir(), ModelName)
	worst, err = r.exportTo(ctx, path)
	return path, worst, err
}

func (r *run) exportTo(ctx context.Context, path string) (worst float64, err error) {
	model, err := r.net.networkModel(r.best)
	if err != nil {
		return 0, fmt.Errorf("export: %w", err)
	}
	if worst, err = r.prove(ctx, model); err != nil {
		return worst, err
	}
	if r.deps.Set.Preprocess != nil {
		if model, err = joinPreprocess(r.deps.Set.Preprocess, model); err != nil {
			return worst, fmt.Errorf("export: %w", err)
		}
	}
	if err := r.describe(model, worst); err != nil {
		return worst, err
	}
	raw, err := model.Encode()
	if err != nil {
		return worst, fmt.Errorf("export: %w", err)
	}
	return worst, writeAtomic(path, func(w io.Writer) error { _, err := w.Write(raw); return err })
}

// prove compares the exported network with the trained state on real samples.
func (r *run) prove(ctx context.Context, model *onnx.Model) (float64, error) {
	raw, err := model.Encode()
	if err != nil {
		return 0, fmt.Errorf("export: %w", err)
	}
	session, err := runtime.NewSession(raw, runtime.Options{Threads: r.recipe.Threads})
	if err != nil {
		return 0, fmt.Errorf("open the exported model: %w", err)
	}
	defer session.Close()
	feed := r.deps.Set.Validation
	rows := upTo(min(paritySamples, feed.Len()))
	trained, err := r.answersOnCPU(ctx, feed, rows)
	if err != nil {
		return 0, err
	}
	exported, err := r.predict(ctx, session, feed, rows)
	if err != nil {
		return 0, err
	}
	worst := relativeDifference(trained.outputs, exported)
	if !(worst <= parityTolerance) { // also refuses NaN
		return worst, fmt.Errorf("%w: by %.2g of the outputs' range on %d samples, allowed is %.0g", ErrParity, worst, len(rows), parityTolerance)
	}
	return worst, nil
}

// answersOnCPU is what the trainer answers with the best epoch's state, computed
// where the exported model is computed: devices round differently, and a proof
// is about the file.
func (r *run) answersOnCPU(ctx context.Context, feed dataset.Feed, rows []int) (answers, error) {
	if runtime.OnCPU(r.recipe.Device) {
		return r.eval.bestOver(ctx, r.best, feed, rows)
	}
	network := *r.net
	network.recipe.Device = runtime.CPU
	eval, err := newEvaluator(&network)
	if err != nil {
		return answers{}, err
	}
	defer eval.close()
	return eval.bestOver(ctx, r.best, feed, rows)
}

// bestOver evaluates with the tensors of the best epoch.
func (e *evaluator) bestOver(ctx context.Context, parts [][]byte, feed dataset.Feed, rows []int) (answers, error) {
	var state []*runtime.Tensor
	for _, part := range parts {
		t, err := runtime.NewZeros(onnx.Float, []int64{int64(len(part) / 4)})
		if err != nil {
			return answers{}, err
		}
		defer t.Close()
		copy(t.Bytes(), part)
		state = append(state, t)
	}
	return e.over(ctx, state, feed, rows)
}

// predict runs a network model over rows of a feed.
func (r *run) predict(ctx context.Context, session *runtime.Session, feed dataset.Feed, rows []int) ([]float32, error) {
	var outputs []float32
	for start := 0; start < len(rows); start += evalBatch {
		part := rows[start:min(start+evalBatch, len(rows))]
		in, err := r.eval.forBatch(len(part))
		if err != nil {
			return nil, err
		}
		if err := in.load(ctx, feed, part, r.net.classes > 0); err != nil {
			return nil, err
		}
		if err := session.Run(ctx, in.columns, []*runtime.Tensor{in.output}); err != nil {
			return nil, err
		}
		outputs = append(outputs, data(in.output)...)
	}
	return outputs, nil
}

func relativeDifference(a, b []float32) float64 {
	low, high, worst := math.Inf(1), math.Inf(-1), 0.0
	for i := range a {
		low, high = min(low, float64(a[i])), max(high, float64(a[i]))
		if d := math.Abs(float64(a[i]) - float64(b[i])); d > worst || math.IsNaN(d) {
			worst = d
		}
	}
	return worst / max(high-low, 1e-12)
}

// describe writes into the model what its users need to know.
func (r *run) describe(m *onnx.Model, parity float64) error {
	labels, err := json.Marshal(r.deps.Set.Classes)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	recipe, err := r.recipe.Text()
	if err != nil {
		return err
	}
	m.ProducerName, m.ProducerVersion = "athanor", r.deps.Version
	for _, p := range append([]onnx.Pair{
		{Key: "athanor.task", Value: r.recipe.Task},
		{Key: "athanor.labels", Value: string(labels)},
		{Key: "athanor.recipe", Value: string(recipe)},
		{Key: "athanor.fingerprint", Value: r.deps.Set.Fingerprint},
		{Key: "athanor.version", Value: r.deps.Version},
		{Key: "athanor.parity", Value: fmt.Sprintf("%.3g", parity)},
	}, r.deps.Set.Metadata...) {
		m.SetMeta(p.Key, p.Value)
	}
	return nil
}

// joinPreprocess puts a preparing graph in front of the network: its outputs
// become the network's inputs of the same name.
func joinPreprocess(front *onnx.Graph, model *onnx.Model) (*onnx.Model, error) {
	joined := *model.Graph
	given := map[string]bool{}
	for _, v := range front.Outputs {
		given[v.Name] = true
	}
	joined.Inputs = append([]*onnx.ValueInfo{}, front.Inputs...)
	for _, v := range model.Graph.Inputs {
		if !given[v.Name] {
			joined.Inputs = append(joined.Inputs, v)
		}
	}
	joined.Nodes = append(append([]*onnx.Node{}, front.Nodes...), model.Graph.Nodes...)
	joined.Initializers = append(append([]*onnx.Tensor{}, front.Initializers...), model.Graph.Initializers...)
	out := *model
	out.Graph = &joined
	if err := onnx.Check(&out); err != nil {
		return nil, fmt.Errorf("join preprocessing: %w", err)
	}
	return &out, nil
}
