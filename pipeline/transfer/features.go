package transfer

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/graph"
)

// Column is the name of the column of features.
const Column = "features"

// scope keeps the network's names apart from those of what is trained on it.
const scope = "base"

// Extractor is the network up to its features as a model: one sample's column
// in, [N, Width] out, for any number of samples.
func (n *Network) Extractor(col dataset.Column, p Pixels) (*onnx.Model, error) {
	return n.extractor(col, p, nil)
}

// extractor standardises the features where statistics are given.
func (n *Network) extractor(col dataset.Column, p Pixels, s *statistics) (*onnx.Model, error) {
	return modelOver(col, false, graph.Unknown, func(b *graph.Builder, x *graph.Value) (*graph.Value, error) {
		y, err := n.features(b, x, p, graph.ImportConfig{})
		if err == nil && s != nil {
			y = s.node(b, y)
		}
		return y, err
	})
}

// modelOver is the model that build makes of so many rows of a column. With kernels
// it may name operators of Athanor's own.
func modelOver(col dataset.Column, kernels bool, rows int, build func(*graph.Builder, *graph.Value) (*graph.Value, error)) (*onnx.Model, error) {
	b := graph.New(Column)
	if kernels {
		b.UseKernels()
	}
	y, err := build(b, b.Input(col.Name, col.Type, append([]int{rows}, col.Shape...)...))
	if err != nil {
		return nil, err
	}
	b.Output(Column, y)
	if kernels {
		b.FuseConvolutions()
		b.FuseDense()
	}
	return b.Model()
}

// features builds the network up to its features, [N, Width]; c may name values
// of the caller's for parts of it.
func (n *Network) features(b *graph.Builder, x *graph.Value, p Pixels, c graph.ImportConfig) (*graph.Value, error) {
	var err error
	if c.Inputs, err = n.inputs(b, x, p); err != nil {
		return nil, err
	}
	c.Batch = x.Shape[0]
	var im *graph.Imported
	b.In(scope, func() { im, err = b.Import(n.model, c) })
	if err != nil && n.Tokens != nil { // which was imported before, with short texts
		return nil, fmt.Errorf("%w: it cannot read %d tokens of a text, choose fewer: %w", ErrInput, x.Shape[1], err)
	}
	if err != nil {
		return nil, err
	}
	y := im.Values[n.Head.Feature]
	if n.Tokens != nil && y.Rank() == 3 {
		y = n.Tokens.mean(b, x, y)
	}
	return b.Reshape(y, graph.Unknown, n.Head.Width), b.Err()
}

// inputs are the values that the network's inputs get of a data set's column.
func (n *Network) inputs(b *graph.Builder, x *graph.Value, p Pixels) (map[string]*graph.Value, error) {
	if n.Tokens != nil {
		return n.Tokens.inputs(b, x)
	}
	in, err := n.adapt(b, x, p)
	return map[string]*graph.Value{n.Input: in}, err
}

// FeatureConfig says how features are computed.
type FeatureConfig struct {
	Pixels  Pixels
	Threads int    // 0 is one for each processor
	Device  string // "" is cpu
	// Progress is called now and then with samples done and in all; it may be nil.
	Progress func(done, total int)
}

// featureBatch is how many samples the extractor sees at once.
const featureBatch = 64

// FeatureSet computes the features of every sample once, of those for the final test
// when they are first asked for, and returns them as a
// table to train a head on, which then takes seconds. The trained head's
// exported model holds the network in front of it. Samples are taken without
// augmentation. It ends with ctx.
func (n *Network) FeatureSet(ctx context.Context, set *dataset.Set, c FeatureConfig) (*dataset.Set, error) {
	n, err := n.fitted(set)
	if err != nil {
		return nil, err
	}
	e, err := n.extract(set, c)
	if err != nil {
		return nil, err
	}
	defer e.close()
	out := *set
	if err := e.all(ctx, &out); err != nil {
		return nil, fmt.Errorf("compute features: %w", err)
	}
	if set.Test != nil {
		how := c
		how.Progress = nil
		out.Test = &later{Feed: set.Test, width: e.width, compute: func(ctx context.Context) (*vectors, error) {
			return n.standardised(ctx, set, set.Test, how, e.statistics)
		}}
	}
	col, err := column(set)
	if err != nil {
		return nil, err
	}
	model, err := n.extractor(col, c.Pixels, &e.statistics)
	if err != nil {
		return nil, err
	}
	out.Task, out.Preprocess = dataset.Table, inFront(set.Preprocess, model.Graph)
	// the model that comes out takes what the network takes, not features
	out.Metadata = append(slices.Clone(set.Metadata), onnx.Pair{Key: "athanor.task", Value: string(set.Task)})
	return &out, nil
}

// standardised are the features of one part by the statistics of another.
func (n *Network) standardised(ctx context.Context, set *dataset.Set, feed dataset.Feed, c FeatureConfig, s statistics) (*vectors, error) {
	e, err := n.extract(set, c)
	if err != nil {
		return nil, err
	}
	defer e.close()
	v, err := e.run(ctx, feed)
	if err != nil {
		return nil, fmt.Errorf("compute features: %w", err)
	}
	s.standardise(v)
	return v, nil
}

// extract opens the network up to its features. The caller closes it.
func (n *Network) extract(set *dataset.Set, c FeatureConfig) (*extraction, error) {
	return open(set, n.Head.Width, c, func(b *graph.Builder, x *graph.Value) (*graph.Value, error) {
		return n.features(b, x, c.Pixels, graph.ImportConfig{})
	})
}

// open opens what build makes of the set's column, so many numbers for each sample.
// The caller closes it.
func open(set *dataset.Set, width int, c FeatureConfig, build func(*graph.Builder, *graph.Value) (*graph.Value, error)) (*extraction, error) {
	col, err := column(set)
	if err != nil {
		return nil, err
	}
	kernels := runtime.OnCPU(c.Device)
	model, err := modelOver(col, kernels, featureBatch, build)
	if err != nil {
		return nil, err
	}
	raw, err := model.Encode()
	if err != nil {
		return nil, fmt.Errorf("encode the feature network: %w", err)
	}
	e := &extraction{width: width, progress: c.Progress}
	shape := []int64{featureBatch}
	for _, d := range col.Shape {
		shape = append(shape, int64(d))
	}
	if e.x, err = runtime.NewZeros(col.Type, shape); err != nil {
		return nil, err
	}
	if e.session, err = runtime.NewSession(raw, runtime.Options{Threads: c.Threads, Device: c.Device, Spin: true, Kernels: kernels}); err != nil {
		e.x.Close()
		return nil, fmt.Errorf("open the feature network: %w", err)
	}
	return e, nil
}

// sampledRows is how many training samples tell how features are spread.
const sampledRows = 1024

// sampled measures the features of training samples that are spread evenly.
func (n *Network) sampled(ctx context.Context, set *dataset.Set, c FeatureConfig) (*statistics, error) {
	e, err := n.extract(set, c)
	if err != nil {
		return nil, err
	}
	defer e.close()
	v, err := e.run(ctx, spread{Feed: set.Train, rows: min(sampledRows, set.Train.Len())})
	if err != nil {
		return nil, fmt.Errorf("measure features: %w", err)
	}
	s := measure(v)
	return &s, nil
}

// spread is some of a feed's samples, evenly from its first to its last.
type spread struct {
	dataset.Feed
	rows int
}

// Len is how many there are.
func (s spread) Len() int { return s.rows }

// Fill reads those samples.
func (s spread) Fill(ctx context.Context, dst [][]byte, epoch int, rows []int) error {
	among := make([]int, len(rows))
	for i, row := range rows {
		among[i] = row * s.Feed.Len() / s.rows
	}
	return s.Feed.Fill(ctx, dst, epoch, among)
}

// inFront joins two preparing graphs; the first may be nil. Its outputs carry
// the names of the second one's inputs.
func inFront(first, second *onnx.Graph) *onnx.Graph {
	if first == nil {
		return second
	}
	joined := *second
	joined.Inputs = first.Inputs
	joined.Nodes = append(append([]*onnx.Node{}, first.Nodes...), second.Nodes...)
	joined.Initializers = append(append([]*onnx.Tensor{}, first.Initializers...), second.Initializers...)
	return &joined
}

// extraction runs the extractor over feeds.
type extraction struct {
	width       int
	session     *runtime.Session
	x           *runtime.Tensor // so many samples as go in at once
	progress    func(done, total int)
	done, total int
	statistics  statistics
}

// all replaces what a set is trained with by its features, standardised by the
// training part.
func (e *extraction) all(ctx context.Context, set *dataset.Set) error {
	sides := []*dataset.Feed{&set.Train, &set.Validation}
	for _, side := range sides {
		if *side != nil {
			e.total += (*side).Len()
		}
	}
	for i, side := range sides {
		if *side == nil {
			continue
		}
		v, err := e.run(ctx, *side)
		if err != nil {
			return err
		}
		if i == 0 {
			e.statistics = measure(v)
		}
		e.statistics.standardise(v)
		*side = v
	}
	return nil
}

func (e *extraction) run(ctx context.Context, feed dataset.Feed) (*vectors, error) {
	f := &vectors{Feed: feed, width: e.width}
	f.data = make([]float32, 0, feed.Len()*f.width)
	for start := 0; start < feed.Len(); start += featureBatch {
		rows := make([]int, min(featureBatch, feed.Len()-start))
		for i := range rows {
			rows[i] = start + i
		}
		part, err := e.batch(ctx, feed, rows)
		if err != nil {
			return nil, err
		}
		f.data = append(f.data, part...)
		e.done += len(rows)
		if e.progress != nil {
			e.progress(e.done, e.total)
		}
	}
	return f, nil
}

func (e *extraction) close() {
	e.session.Close()
	e.x.Close()
}

// batch fills the first rows of the input; what its others hold is not asked for.
func (e *extraction) batch(ctx context.Context, feed dataset.Feed, rows []int) ([]float32, error) {
	bytes := e.x.Bytes()
	if err := feed.Fill(ctx, [][]byte{bytes[:len(bytes)/featureBatch*len(rows)]}, -1, rows); err != nil {
		return nil, err
	}
	out := make([]*runtime.Tensor, 1)
	if err := e.session.Run(ctx, []*runtime.Tensor{e.x}, out); err != nil {
		return nil, err
	}
	defer out[0].Close()
	values := runtime.Data[float32](out[0])[:len(rows)*e.width]
	for i, v := range values {
		if !(math.Abs(float64(v)) < math.MaxFloat32) { // what is not a number leaves some poolings as the least one
			return nil, fmt.Errorf("%w: sample %d has the feature %v; check scale, mean and deviation", ErrInput, feed.Row(rows[i/e.width]), v)
		}
	}
	return slices.Clone(values), nil
}

// later is a feed whose features are computed when they are first asked for.
type later struct {
	dataset.Feed
	width   int
	compute func(ctx context.Context) (*vectors, error)
	lock    sync.Mutex
	got     *vectors
}

// Columns is the one column of features.
func (l *later) Columns() []dataset.Column { return featureColumns(l.width) }

// Fill computes the features of all samples at the first call.
func (l *later) Fill(ctx context.Context, dst [][]byte, epoch int, rows []int) error {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.got == nil {
		var err error
		if l.got, err = l.compute(ctx); err != nil {
			return err
		}
	}
	return l.got.Fill(ctx, dst, epoch, rows)
}

func featureColumns(width int) []dataset.Column {
	return []dataset.Column{{Name: Column, Type: onnx.Float, Shape: []int{width}}}
}

// vectors is a feed of computed features over the samples of another.
type vectors struct {
	dataset.Feed
	width int
	data  []float32
}

// Columns is the one column of features.
func (v *vectors) Columns() []dataset.Column {
	return featureColumns(v.width)
}

// Fill copies the features of rows.
func (v *vectors) Fill(ctx context.Context, dst [][]byte, _ int, rows []int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	out := dst[0][:0]
	for _, row := range rows {
		for _, x := range v.data[row*v.width : (row+1)*v.width] {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
		}
	}
	return nil
}
