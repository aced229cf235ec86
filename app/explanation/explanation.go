// Package explanation explains a model's answers with what lies beside it: the
// attribution graph, and the samples it was trained on.
package explanation

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"athanor/app/evaluation"
	"athanor/app/store"
	"athanor/inference/attribution"
	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/explain"
)

// Explainer is a model that can say why.
type Explainer struct {
	Model *model.Model
	Graph *attribution.Graph // nil for rows
	path  string
	near  *neighbours
}

// Prepare builds the attribution graph of a model file and leaves it beside the
// file. Models of rows need none.
func Prepare(path string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	m, err := explain.Attribution(file)
	if err != nil {
		return err
	}
	raw, err := m.Encode()
	if err != nil {
		return err
	}
	return store.WriteFile(attribution.Path(path), raw)
}

// Open opens a model and its attribution graph, which is made where it is
// missing or belongs to another state of the model.
func Open(path string, o model.Options) (*Explainer, error) {
	m, err := model.Open(path, o)
	if err != nil {
		return nil, err
	}
	e := &Explainer{Model: m, path: path}
	if m.Info().Task == model.Table {
		return e, nil
	}
	e.Graph, err = openGraph(path, o)
	if err != nil && !errors.Is(err, explain.ErrUnexplainable) {
		m.Close()
		return nil, err
	}
	return e, nil
}

// openGraph opens the graph beside a model, which is made where it is missing. On
// the CPU its faster form takes its place, which tells the same.
func openGraph(path string, o model.Options) (*attribution.Graph, error) {
	m, err := attribution.Read(path)
	if errors.Is(err, attribution.ErrNoGraph) {
		if err = Prepare(path); err == nil {
			m, err = attribution.Read(path)
		}
	}
	if err == nil && runtime.OnCPU(o.Device) {
		m, err = fast(path)
	}
	if err != nil {
		return nil, err
	}
	return attribution.New(m, o)
}

func fast(path string) (*onnx.Model, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	return explain.FastAttribution(file)
}

// Close frees model and graph.
func (e *Explainer) Close() {
	e.Graph.Close()
	e.Model.Close()
	if e.near != nil {
		e.near.model.Close()
	}
}

// backgroundRows is how many rows a row is compared with.
const backgroundRows = 100

// Background are rows of the data a model was trained on.
func (e *Explainer) Background(ctx context.Context) ([]attribution.Row, error) {
	s, err := evaluation.OpenSamples(ctx, e.Model, evaluation.Request{Model: e.path, Part: "train"}, nil)
	if err != nil {
		return nil, err
	}
	var rows []attribution.Row
	stride := max(s.Len()/backgroundRows, 1)
	for i := 0; i < s.Len() && len(rows) < backgroundRows; i += stride {
		rows = append(rows, s.Row(i))
	}
	return rows, nil
}

// Neighbour is a training sample that is alike to the model.
type Neighbour struct {
	Sample     int     `json:"sample"`
	Name       string  `json:"name"`
	Label      string  `json:"label"`
	Text       string  `json:"text,omitempty"`
	Similarity float64 `json:"similarity"` // cosine of the embeddings
}

// neighbours are the embeddings of training samples.
type neighbours struct {
	model   *model.Model
	samples *evaluation.Samples
	at      int // the embedding among the outputs
	width   int
	vectors []float32 // each of length one
}

// embedBatch is how many are embedded at once: few, for the memory's sake.
const embedBatch = 64

// mostNeighbours is how many training samples are searched.
const mostNeighbours = 20_000

// Samples are those that Nearest searches; nil before it was called.
func (e *Explainer) Samples() *evaluation.Samples {
	if e.near == nil {
		return nil
	}
	return e.near.samples
}

// Embed reads and embeds up to 20,000 training samples for Nearest, once; progress
// may be nil.
func (e *Explainer) Embed(ctx context.Context, progress func(done, total int)) error {
	if e.near != nil {
		return nil
	}
	n, err := e.embedAll(ctx, progress)
	if err != nil {
		return err
	}
	e.near = n
	return nil
}

// Nearest are the k training samples whose embeddings are nearest to a sample's.
// It embeds them where Embed did not.
func (e *Explainer) Nearest(ctx context.Context, sample []model.Sample, k int, progress func(done, total int)) ([]Neighbour, error) {
	if err := e.Embed(ctx, progress); err != nil {
		return nil, err
	}
	n := e.near
	v, err := n.embed(ctx, [][]model.Sample{sample})
	if err != nil {
		return nil, err
	}
	type scored struct {
		i int
		s float64
	}
	all := make([]scored, len(n.vectors)/n.width)
	for i := range all {
		dot := 0.0
		for j, x := range n.vectors[i*n.width : (i+1)*n.width] {
			dot += float64(x) * float64(v[j])
		}
		all[i] = scored{i, dot}
	}
	slices.SortFunc(all, func(a, b scored) int { return int(math.Copysign(1, b.s-a.s)) })
	var out []Neighbour
	for _, s := range all[:min(k, len(all))] {
		out = append(out, Neighbour{s.i, n.samples.Name(s.i), n.samples.Label(s.i, e.Model.Info().Labels), n.samples.Text(s.i), s.s})
	}
	return out, nil
}

func (e *Explainer) embedAll(ctx context.Context, progress func(done, total int)) (*neighbours, error) {
	m, err := onnx.Load(e.path)
	if err != nil {
		return nil, err
	}
	if err := explain.Embedding(m); err != nil {
		return nil, err
	}
	raw, err := m.Encode()
	if err != nil {
		return nil, err
	}
	n := &neighbours{}
	if n.model, err = model.New(raw, model.Options{}); err != nil {
		return nil, err
	}
	n.at = slices.IndexFunc(n.model.Outputs(), func(p model.Port) bool { return p.Name == explain.OutputEmbedding })
	if n.samples, err = evaluation.OpenSamples(ctx, e.Model, evaluation.Request{Model: e.path, Part: "train"}, progress); err != nil {
		n.model.Close()
		return nil, err
	}
	total := min(n.samples.Len(), mostNeighbours)
	for from := 0; from < total; from += embedBatch {
		var part [][]model.Sample
		for i := from; i < min(from+embedBatch, total); i++ {
			s, err := n.samples.Encode(ctx, n.model, i)
			if err != nil {
				n.model.Close()
				return nil, err
			}
			part = append(part, s)
		}
		v, err := n.embed(ctx, part)
		if err != nil {
			n.model.Close()
			return nil, err
		}
		n.vectors = append(n.vectors, v...)
		if progress != nil {
			progress(from+len(part), total)
		}
	}
	return n, nil
}

// embed returns embeddings of length one, a row a sample.
func (n *neighbours) embed(ctx context.Context, samples [][]model.Sample) ([]float32, error) {
	var in []*runtime.Tensor
	defer func() {
		for _, t := range in {
			t.Close()
		}
	}()
	for i, s := range samples[0] {
		shape := append([]int64{int64(len(samples))}, s.Shape...)
		if s.Type == onnx.String {
			var all []string
			for _, row := range samples {
				all = append(all, row[i].Texts...)
			}
			t, err := runtime.NewStrings(shape, all)
			if err != nil {
				return nil, err
			}
			in = append(in, t)
			continue
		}
		t, err := runtime.NewZeros(s.Type, shape)
		if err != nil {
			return nil, err
		}
		in = append(in, t)
		for k, row := range samples {
			copy(t.Bytes()[k*len(s.Data):], row[i].Data)
		}
	}
	out, err := n.model.Run(ctx, in)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, t := range out {
			t.Close()
		}
	}()
	v := slices.Clone(runtime.Data[float32](out[n.at]))
	n.width = len(v) / len(samples)
	for i := range samples {
		unit(v[i*n.width : (i+1)*n.width])
	}
	return v, nil
}

func unit(v []float32) {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / max(math.Sqrt(sum), 1e-20))
	}
}
