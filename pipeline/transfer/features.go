package transfer

import (
	"context"
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
		out.Test = &later{Feed: set.Test, width: e.width, compute: func(ctx context.Context) (*stored, error) {
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
func (n *Network) standardised(ctx context.Context, set *dataset.Set, feed dataset.Feed, c FeatureConfig, s statistics) (*stored, error) {
	e, err := n.extract(set, c)
	if err != nil {
		return nil, err
	}
	defer e.close()
	v, err := e.run(ctx, feed)
	if err != nil {
		return nil, fmt.Errorf("compute features: %w", err)
	}
	return s.standardised(v), nil
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
		*side = e.statistics.standardised(v)
	}
	return nil
}

func (e *extraction) run(ctx context.Context, feed dataset.Feed) (*vectors, error) {
	f := &vectors{Feed: feed, width: e.width, data: make([]float32, feed.Len()*e.width)}
	for start := 0; start < feed.Len(); start += featureBatch {
		rows := make([]int, min(featureBatch, feed.Len()-start))
		for i := range rows {
			rows[i] = start + i
		}
		if err := e.batch(ctx, feed, rows, f.data[start*e.width:]); err != nil {
			return nil, err
		}
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

// batch fills the first rows of the input and writes what they give to dst; what
// its others hold is not asked for.
func (e *extraction) batch(ctx context.Context, feed dataset.Feed, rows []int, dst []float32) error {
	bytes := e.x.Bytes()
	if err := feed.Fill(ctx, [][]byte{bytes[:len(bytes)/featureBatch*len(rows)]}, -1, rows); err != nil {
		return err
	}
	out := make([]*runtime.Tensor, 1)
	if err := e.session.Run(ctx, []*runtime.Tensor{e.x}, out); err != nil {
		return err
	}
	defer out[0].Close()
	values := runtime.Data[float32](out[0])[:len(rows)*e.width]
	if at := beyond(values); at >= 0 {
		return fmt.Errorf("%w: sample %d has the feature %v; check scale, mean and deviation", ErrInput, feed.Row(rows[at/e.width]), values[at])
	}
	copy(dst, values)
	return nil
}

// beyond is where the first value lies that is not a number, or as large as numbers
// get: what is not a number leaves some poolings as the least one. It is -1 where all
// are less.
func beyond(values []float32) int {
	const sign = 1 << 31
	largest := uint32(0)
	for _, v := range values {
		largest = max(largest, math.Float32bits(v)&^sign)
	}
	if largest < math.Float32bits(math.MaxFloat32) {
		return -1
	}
	return slices.IndexFunc(values, func(v float32) bool { return !(math.Abs(float64(v)) < math.MaxFloat32) })
}

// later is a feed whose features are computed when they are first asked for.
type later struct {
	dataset.Feed
	width   int
	compute func(ctx context.Context) (*stored, error)
	lock    sync.Mutex
	got     *stored
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

// vectors are computed features of the samples of a feed.
type vectors struct {
	dataset.Feed
	width int
	data  []float32
}

// stored is a feed of features over the samples of another, as bytes.
type stored struct {
	dataset.Feed
	width int
	raw   []byte
}

// Columns is the one column of features.
func (s *stored) Columns() []dataset.Column { return featureColumns(s.width) }

// Cheap tells that Fill only copies memory.
func (*stored) Cheap() bool { return true }

// Fill copies the features of rows.
func (s *stored) Fill(ctx context.Context, dst [][]byte, _ int, rows []int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	long := s.width * 4
	for i, row := range rows {
		copy(dst[0][i*long:(i+1)*long], s.raw[row*long:])
	}
	return nil
}
