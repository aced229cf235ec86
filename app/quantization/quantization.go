// Package quantization makes smaller copies of a model and measures each beside
// the original, on the same samples: what a person needs to choose.
package quantization

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"athanor/app/evaluation"
	"athanor/app/training"
	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/quantize"
)

// Request says what to try.
type Request struct {
	evaluation.Request
	Methods []quantize.Method // empty: all
	Samples int               // that ranges are measured on; 0: 512
	Dir     string            // where the copies are written, METHOD.onnx
}

// Row is one candidate; the first is the original.
type Row struct {
	Method     quantize.Method `json:"method,omitempty"` // "" is the original
	Path       string          `json:"path,omitempty"`
	Bytes      int64           `json:"bytes"`
	Score      float64         `json:"score"` // accuracy, or R² of a regression
	Low        float64         `json:"low"`   // of the accuracy's 95 % interval
	High       float64         `json:"high"`
	Latency    float64         `json:"latency_ms"` // median of one answer
	Throughput float64         `json:"throughput"` // answers a second in batches
	Failed     string          `json:"failed,omitempty"`
	Report     quantize.Report `json:"report"`
}

// Outcome is what was measured.
type Outcome struct {
	Data    string `json:"data"`
	Part    string `json:"part"`
	Samples int    `json:"samples"`
	Measure string `json:"measure"` // accuracy or R²
	Rows    []Row  `json:"rows"`
}

// Loss is how much of the score a candidate loses; negative is a gain.
func (o Outcome) Loss(r Row) float64 { return o.Rows[0].Score - r.Score }

// defaultSamples is how many samples ranges are measured on.
const defaultSamples = 512

// Run measures the original, makes each copy and measures it. progress tells
// which method is being worked on and how far; it may be nil. A method that does
// not suit the model is a row that says why.
func Run(ctx context.Context, q Request, progress func(method quantize.Method, done, total int)) (Outcome, error) {
	if len(q.Methods) == 0 {
		q.Methods = quantize.Methods()
	}
	tell := func(method quantize.Method) func(done, total int) {
		return func(done, total int) {
			if progress != nil {
				progress(method, done, total)
			}
		}
	}
	var o Outcome
	first, err := o.measure(ctx, q, "", q.Model, tell(""))
	if err != nil {
		return o, err
	}
	o.Rows = append(o.Rows, first)
	feed, err := calibration(ctx, q)
	if err != nil {
		return o, err
	}
	original, err := onnx.Load(q.Model)
	if err != nil {
		return o, err
	}
	if err := original.LoadExternal(filepath.Dir(q.Model)); err != nil {
		return o, err
	}
	for _, method := range q.Methods {
		row, err := o.try(ctx, q, original, method, feed, tell(method))
		if ctx.Err() != nil {
			return o, ctx.Err()
		}
		if err != nil {
			row = Row{Method: method, Failed: err.Error()}
		}
		o.Rows = append(o.Rows, row)
	}
	return o, nil
}

func (o *Outcome) try(ctx context.Context, q Request, original *onnx.Model, method quantize.Method, feed quantize.Samples, tell func(done, total int)) (Row, error) {
	tell(0, 1)
	small, report, err := quantize.Apply(ctx, original, method, feed)
	if err != nil {
		return Row{}, err
	}
	path := filepath.Join(q.Dir, string(method)+".onnx")
	if err := small.Save(path); err != nil {
		return Row{}, err
	}
	row, err := o.measure(ctx, q, method, path, tell)
	row.Report = report
	return row, err
}

// measure evaluates one file on the request's samples.
func (o *Outcome) measure(ctx context.Context, q Request, method quantize.Method, path string, tell func(done, total int)) (Row, error) {
	request := q.Request
	request.Quick = true
	// The original's path stays: what its recipe names is seen from there.
	request.Open = func(context.Context) (*model.Model, error) {
		return model.Open(path, model.Options{Threads: q.Threads})
	}
	e, err := evaluation.Run(ctx, request, tell)
	if err != nil {
		return Row{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Row{}, fmt.Errorf("measure %s: %w", path, err)
	}
	row := Row{Method: method, Path: path, Bytes: info.Size(), Latency: e.Efficiency.LatencyP50, Throughput: e.Efficiency.Throughput}
	o.Data, o.Part, o.Samples = e.Data, e.Part, e.Samples
	switch {
	case e.Classification != nil:
		o.Measure = "accuracy"
		row.Score, row.Low, row.High = e.Classification.Accuracy, e.Classification.Low, e.Classification.High
	case e.Regression != nil:
		o.Measure, row.Score = "R²", e.Regression.R2
	}
	return row, nil
}

// calibration gives samples of the training part, so that the part that is
// measured on stays unseen.
func calibration(ctx context.Context, q Request) (quantize.Samples, error) {
	m, err := model.Open(q.Model, model.Options{Threads: 1})
	if err != nil {
		return nil, err
	}
	defer m.Close()
	recipe, err := evaluation.Recipe(m, q.Request)
	if err != nil {
		return nil, err
	}
	set, err := training.Open(ctx, recipe, nil)
	if err != nil {
		return nil, err
	}
	most := q.Samples
	if most <= 0 {
		most = defaultSamples
	}
	return batches(set.Train, min(most, set.Train.Len())), nil
}

// together is how many samples go through the model at once.
const together = 64

// batches gives most samples of a feed, spread evenly over it.
func batches(feed dataset.Feed, most int) quantize.Samples {
	return func(ctx context.Context, yield func([]*runtime.Tensor) error) error {
		for from := 0; from < most; from += together {
			rows := make([]int, min(together, most-from))
			for i := range rows {
				rows[i] = (from + i) * feed.Len() / most
			}
			in, err := load(ctx, feed, rows)
			if err == nil {
				err = yield(in)
			}
			for _, t := range in {
				t.Close()
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func load(ctx context.Context, feed dataset.Feed, rows []int) (in []*runtime.Tensor, err error) {
	var memory [][]byte
	for _, c := range feed.Columns() {
		shape := []int64{int64(len(rows))}
		for _, d := range c.Shape {
			shape = append(shape, int64(d))
		}
		t, err := runtime.NewZeros(c.Type, shape)
		if err != nil {
			return in, err
		}
		in, memory = append(in, t), append(memory, t.Bytes())
	}
	if err := feed.Fill(ctx, memory, -1, rows); err != nil {
		return in, fmt.Errorf("read samples: %w", err)
	}
	return in, nil
}

// ErrLoss says that a copy loses more than was allowed.
var ErrLoss = errors.New("the copy loses more than is allowed")

// Choose returns the row of a method, and ErrLoss where it loses more than most
// of the score.
func (o Outcome) Choose(method quantize.Method, most float64) (Row, error) {
	for _, r := range o.Rows[1:] {
		switch {
		case r.Method != method:
		case r.Failed != "":
			return r, errors.New(r.Failed)
		case o.Loss(r) > most:
			return r, fmt.Errorf("%w: %s went from %.4f to %.4f; allow it with --max-loss", ErrLoss, o.Measure, o.Rows[0].Score, r.Score)
		default:
			return r, nil
		}
	}
	return Row{}, fmt.Errorf("%w: %q was not tried", quantize.ErrMethod, method)
}

// Keep moves a candidate to its place, which must be free.
func Keep(r Row, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("keep %s: %s: %w; choose another name", r.Method, to, os.ErrExist)
	}
	raw, err := os.ReadFile(r.Path)
	if err != nil {
		return fmt.Errorf("keep %s: %w", r.Method, err)
	}
	m, err := onnx.Decode(raw)
	if err != nil {
		return fmt.Errorf("keep %s: %w", r.Method, err)
	}
	return m.Save(to)
}
