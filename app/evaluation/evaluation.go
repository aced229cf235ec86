// Package evaluation measures a model file on a data set.
package evaluation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"athanor/app/training"
	"athanor/inference/model"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/evaluate"
)

// ErrMismatch says that a model and a data set do not fit each other.
var ErrMismatch = errors.New("model and data do not fit")

// Request says what to measure.
type Request struct {
	Model   string // path, or the name of a model that Open opens
	Data    string // path, as training takes it; empty is the data the model was trained on
	Test    string
	Label   string // column, where the data is a table
	Part    string // test, validation, train; empty is test where there is one, else everything
	Threads int
	// Open opens the model where it is no file of this machine; nil opens the path.
	Open func(ctx context.Context) (*model.Model, error)
	// Recipe is the path of the recipe to prepare the samples by, instead of the
	// one inside the model.
	Recipe string
}

// Outcome is what was measured.
type Outcome struct {
	Model          string                   `json:"model"`
	Data           string                   `json:"data"`
	Part           string                   `json:"part"`
	Samples        int                      `json:"samples"`
	Classification *evaluate.Classification `json:"classification,omitempty"`
	Regression     *evaluate.Regression     `json:"regression,omitempty"`
	Efficiency     evaluate.Efficiency      `json:"efficiency"`
}

// batch is how many samples go through the model at once.
const batch = 256

// Run measures the model; progress may be nil.
func Run(ctx context.Context, q Request, progress func(done, total int)) (Outcome, error) {
	m, err := q.open(ctx)
	if err != nil {
		return Outcome{}, err
	}
	defer m.Close()
	recipe, err := recipeOf(m, q)
	if err != nil {
		return Outcome{}, err
	}
	set, err := training.Open(ctx, recipe, progress)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Model: q.Model, Data: recipe.Data.Path}
	feeds, err := parts(set, q.Part, &out)
	if err != nil {
		return out, err
	}
	e := evaluator{model: m, set: set}
	if e.classes, err = classMap(set.Classes, m.Info().Labels); err != nil {
		return out, err
	}
	if err := e.checkInputs(feeds[0]); err != nil {
		return out, err
	}
	for _, feed := range feeds {
		if err := e.over(ctx, feed, progress); err != nil {
			return out, err
		}
	}
	return out, e.finish(ctx, feeds[0], &out)
}

// parts picks the feeds to measure.
func parts(set *dataset.Set, part string, out *Outcome) ([]dataset.Feed, error) {
	hasTest := set.Test != nil && set.Test.Len() > 0
	if part == "" && hasTest {
		part = "test"
	}
	out.Part = part
	switch {
	case part == "test" && hasTest:
		return []dataset.Feed{set.Test}, nil
	case part == "validation":
		return []dataset.Feed{set.Validation}, nil
	case part == "train":
		return []dataset.Feed{set.Train}, nil
	case part == "":
		out.Part = "all"
		return []dataset.Feed{set.Train, set.Validation}, nil
	}
	return nil, fmt.Errorf("%w: the data has no part %q; choose test, validation or train", ErrMismatch, part)
}

// classMap finds for each class of the data its number in the model.
func classMap(data, labels []string) ([]int, error) {
	classes := make([]int, len(data))
	for i, name := range data {
		if classes[i] = slices.Index(labels, name); classes[i] < 0 {
			return nil, fmt.Errorf("%w: the data has the class %q, the model knows %v", ErrMismatch, name, labels)
		}
	}
	return classes, nil
}

// evaluator gathers a model's answers.
type evaluator struct {
	model   *model.Model
	set     *dataset.Set
	classes []int
	scores  []float32
	labels  []int
	targets []float32
}

func (e *evaluator) checkInputs(feed dataset.Feed) error {
	inputs := e.model.Inputs()
	columns := feed.Columns()
	if len(inputs) != len(columns) {
		return fmt.Errorf("%w: the model takes %d inputs, the data has %d", ErrMismatch, len(inputs), len(columns))
	}
	for i, col := range columns {
		if err := inputs[i].Accepts(col.Type, shape(1, col.Shape)); err != nil {
			return fmt.Errorf("%w: %w", ErrMismatch, err)
		}
	}
	return nil
}

func shape(rows int, sample []int) []int64 {
	s := []int64{int64(rows)}
	for _, d := range sample {
		s = append(s, int64(d))
	}
	return s
}

func (e *evaluator) over(ctx context.Context, feed dataset.Feed, progress func(done, total int)) error {
	rows := make([]int, feed.Len())
	for i := range rows {
		rows[i] = i
	}
	for part := range slices.Chunk(rows, batch) {
		scores, err := e.run(ctx, feed, part)
		if err != nil {
			return err
		}
		e.scores = append(e.scores, scores...)
		for _, row := range part {
			if len(e.set.Classes) > 0 {
				e.labels = append(e.labels, e.classes[feed.Class(row)])
			} else {
				e.targets = append(e.targets, feed.Target(row))
			}
		}
		if progress != nil {
			progress(part[len(part)-1]+1, feed.Len())
		}
	}
	return nil
}

// run predicts one batch.
func (e *evaluator) run(ctx context.Context, feed dataset.Feed, rows []int) ([]float32, error) {
	in, err := load(ctx, feed, rows)
	defer closeAll(in)
	if err != nil {
		return nil, err
	}
	out, err := e.model.Run(ctx, in)
	if err != nil {
		return nil, err
	}
	defer closeAll(out)
	return append([]float32(nil), runtime.Data[float32](out[0])...), nil
}

func load(ctx context.Context, feed dataset.Feed, rows []int) ([]*runtime.Tensor, error) {
	var in []*runtime.Tensor
	var memory [][]byte
	for _, col := range feed.Columns() {
		t, err := runtime.NewZeros(col.Type, shape(len(rows), col.Shape))
		if err != nil {
			return in, err
		}
		in = append(in, t)
		memory = append(memory, t.Bytes())
	}
	if err := feed.Fill(ctx, memory, -1, rows); err != nil {
		return in, fmt.Errorf("read samples: %w", err)
	}
	return in, nil
}

func closeAll(tensors []*runtime.Tensor) {
	for _, t := range tensors {
		t.Close()
	}
}

// finish turns answers into metrics and times the model.
func (e *evaluator) finish(ctx context.Context, feed dataset.Feed, out *Outcome) error {
	labels := e.model.Info().Labels
	if len(e.set.Classes) > 0 {
		c, err := evaluate.Classify(evaluate.Predictions{Classes: len(labels), Scores: e.scores, Labels: e.labels}, labels)
		if err != nil {
			return err
		}
		out.Classification, out.Samples = &c, c.Samples
	} else {
		r, err := evaluate.Regress(e.scores, e.targets)
		if err != nil {
			return err
		}
		out.Regression, out.Samples = &r, r.Samples
	}
	return e.cost(ctx, feed, out)
}

// cost times single samples and batches.
func (e *evaluator) cost(ctx context.Context, feed dataset.Feed, out *Outcome) error {
	one, err := load(ctx, feed, []int{0})
	defer closeAll(one)
	if err != nil {
		return err
	}
	predict := func(in []*runtime.Tensor) func() error {
		return func() error {
			answer, err := e.model.Run(ctx, in)
			closeAll(answer)
			return err
		}
	}
	if out.Efficiency.LatencyP50, out.Efficiency.LatencyP99, err = evaluate.Latency(200, predict(one)); err != nil {
		return err
	}
	rows := make([]int, min(batch, feed.Len()))
	for i := range rows {
		rows[i] = i
	}
	many, err := load(ctx, feed, rows)
	defer closeAll(many)
	if err != nil {
		return err
	}
	p50, _, err := evaluate.Latency(10, predict(many))
	out.Efficiency.Throughput = float64(len(rows)) / max(p50/1000, 1e-9)
	out.Efficiency.Size = e.model.Info().Size
	out.Efficiency.PeakRSS = evaluate.PeakRSS()
	return err
}
