package train

import (
	"context"
	"errors"
	"fmt"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/evaluate"
	"athanor/pipeline/graph"
)

// evalBatch is how many samples are evaluated at once: the plain operators keep
// every layer of all of them in memory.
const evalBatch = 128

// evaluator computes losses and answers without changing the state.
type evaluator struct {
	// sessions are by the number of rows they are for; graph.Unknown is any.
	sessions map[int]*runtime.Session
	rows     int // at once
	network  *network
	inputs   map[int]*evalInputs
}

// evalInputs are the tensors of one batch size.
type evalInputs struct {
	columns      []*runtime.Tensor
	target       *runtime.Tensor
	loss, output *runtime.Tensor
}

func newEvaluator(n *network) (*evaluator, error) {
	e := &evaluator{sessions: map[int]*runtime.Session{}, rows: evalBatch, network: n, inputs: map[int]*evalInputs{}}
	if n.kernels() {
		return e, nil
	}
	_, err := e.session(graph.Unknown)
	return e, err
}

// session is opened when it is first asked for. Athanor's own operators take a
// fixed number of rows, plain ones any.
func (e *evaluator) session(rows int) (*runtime.Session, error) {
	if !e.network.kernels() {
		rows = graph.Unknown
	}
	if s := e.sessions[rows]; s != nil {
		return s, nil
	}
	model, err := e.network.evalModel(rows)
	if err != nil {
		return nil, err
	}
	data, err := model.Encode()
	if err != nil {
		return nil, fmt.Errorf("encode evaluation: %w", err)
	}
	s, err := runtime.NewSession(data, runtime.Options{Threads: e.network.recipe.Threads, Device: e.network.recipe.Device, SpinInRun: true, Kernels: e.network.kernels()})
	if err != nil {
		return nil, fmt.Errorf("open evaluation: %w", err)
	}
	e.sessions[rows] = s
	return s, nil
}

func (e *evaluator) close() {
	if e == nil {
		return
	}
	for _, s := range e.sessions {
		s.Close()
	}
	for _, in := range e.inputs {
		for _, t := range append(in.columns, in.target, in.loss, in.output) {
			t.Close()
		}
	}
}

// answers are an evaluation's raw results, one row a sample.
type answers struct {
	losses  []float32
	outputs []float32 // n × outputs
	labels  []int
	targets []float32
}

// over evaluates the given rows, fewer at once where the device's memory does not
// do.
func (e *evaluator) over(ctx context.Context, state []*runtime.Tensor, feed dataset.Feed, rows []int) (answers, error) {
	for {
		a, err := e.once(ctx, state, feed, rows)
		if !errors.Is(err, runtime.ErrDeviceMemory) || e.rows == 1 {
			return a, err
		}
		e.rows = (e.rows + 1) / 2
	}
}

// once evaluates the given rows of a feed with the state's tensors.
func (e *evaluator) once(ctx context.Context, state []*runtime.Tensor, feed dataset.Feed, rows []int) (answers, error) {
	var a answers
	for start := 0; start < len(rows); start += e.rows {
		part := rows[start:min(start+e.rows, len(rows))]
		in, err := e.forBatch(len(part))
		if err != nil {
			return a, err
		}
		if err := in.load(ctx, feed, part, e.network.classes > 0); err != nil {
			return a, err
		}
		all := append(append(append([]*runtime.Tensor{}, state...), in.columns...), in.target)
		session, err := e.session(len(part))
		if err != nil {
			return a, err
		}
		if err := session.Run(ctx, all, []*runtime.Tensor{in.loss, in.output}); err != nil {
			return a, err
		}
		a.losses = append(a.losses, data(in.loss)...)
		a.outputs = append(a.outputs, data(in.output)...)
		for _, row := range part {
			if e.network.classes > 0 {
				a.labels = append(a.labels, feed.Class(row))
			} else {
				a.targets = append(a.targets, feed.Target(row))
			}
		}
	}
	return a, nil
}

func (e *evaluator) forBatch(n int) (*evalInputs, error) {
	if in := e.inputs[n]; in != nil {
		return in, nil
	}
	in := &evalInputs{}
	var err error
	tensor := func(kind onnx.DataType, shape ...int64) *runtime.Tensor {
		t, e := runtime.NewZeros(kind, shape)
		if err == nil {
			err = e
		}
		return t
	}
	for _, col := range e.network.columns {
		in.columns = append(in.columns, tensor(col.Type, shape64(n, col.Shape)...))
	}
	kind := onnx.Int64
	if e.network.classes == 0 {
		kind = onnx.Float
	}
	in.target = tensor(kind, int64(n))
	in.loss, in.output = tensor(onnx.Float, int64(n), 1), tensor(onnx.Float, int64(n), int64(e.network.outputs()))
	e.inputs[n] = in
	return in, err
}

func (in *evalInputs) load(ctx context.Context, feed dataset.Feed, rows []int, classes bool) error {
	dst := make([][]byte, len(in.columns))
	for i, t := range in.columns {
		dst[i] = t.Bytes()
	}
	if err := feed.Fill(ctx, dst, -1, rows); err != nil {
		return fmt.Errorf("read samples: %w", err)
	}
	for i, row := range rows {
		if classes {
			runtime.Data[int64](in.target)[i] = int64(feed.Class(row))
		} else {
			data(in.target)[i] = feed.Target(row)
		}
	}
	return nil
}

// validation is what an epoch's end measures.
type validation struct {
	loss, accuracy, r2 float64
	confusion          [][]int
	predicted          []int32
}

func (e *evaluator) validate(ctx context.Context, n *network, s *state, feed dataset.Feed) (validation, error) {
	a, err := e.over(ctx, s.evaluated(len(n.buffers) > 0), feed, upTo(feed.Len()))
	if err != nil {
		return validation{}, err
	}
	v := validation{loss: mean(a.losses)}
	if n.classes == 0 {
		r, err := evaluate.Regress(a.outputs, a.targets)
		v.r2 = r.R2
		return v, err
	}
	c, err := evaluate.Classify(evaluate.Predictions{Classes: n.classes, Scores: a.outputs, Labels: a.labels, Losses: a.losses}, nil)
	v.accuracy, v.confusion, v.predicted = c.Accuracy, c.Confusion, largest(a.outputs, n.classes)
	return v, err
}

// largest is the class with the highest score of every sample.
func largest(scores []float32, classes int) []int32 {
	out := make([]int32, len(scores)/classes)
	for i := range out {
		row := scores[i*classes : (i+1)*classes]
		for k, x := range row {
			if x > row[out[i]] {
				out[i] = int32(k)
			}
		}
	}
	return out
}

func upTo(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

func mean(values []float32) float64 {
	total := 0.0
	for _, v := range values {
		total += float64(v)
	}
	return total / float64(max(len(values), 1))
}
