// Package evaluation measures a model file on a data set: it asks the model as
// its users do, and leaves what it found as JSON and as one page.
package evaluation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"athanor/app/training"
	"athanor/inference/model"
	"athanor/pipeline/evaluate"
)

// ErrMismatch says that a model and a data set do not fit each other.
var ErrMismatch = errors.New("model and data do not fit")

// Request says what to measure.
type Request struct {
	Model string // path, or the name of a model that Open opens
	Data  string // path, as training takes it; empty is the data the model was trained on
	Test  string
	Label string // column, where the data is a table
	// Part is test, validation, train or all; empty is test where there is one,
	// else validation, and of data given in Data everything.
	Part    string
	Threads int
	// Device is auto, cpu, webgpu[:n] or cuda[:n]; empty is cpu. Where it cannot run
	// the model the processor does, and a note says why.
	Device string
	// Open opens the model where it is no file of this machine; nil opens the path.
	Open func(ctx context.Context) (*model.Model, error)
	// Recipe is the path of the recipe to prepare the samples by, instead of the
	// one inside the model.
	Recipe string
	// Slices are columns (or traits: brightness, length, language) to slice by;
	// column=value asks for one value even where no sample has it. Empty slices
	// by the traits, and by all columns of a table.
	Slices []string
	// Quick leaves out what asks the model again: baseline and robustness.
	Quick bool
}

// Outcome is what was measured.
type Outcome struct {
	Model          string                   `json:"model"`
	Data           string                   `json:"data"`
	Part           string                   `json:"part"`
	Task           string                   `json:"task"`
	Samples        int                      `json:"samples"`
	Classification *evaluate.Classification `json:"classification,omitempty"`
	Regression     *evaluate.Regression     `json:"regression,omitempty"`
	Baseline       *evaluate.Baseline       `json:"baseline,omitempty"`
	Slices         []Grouping               `json:"slices,omitempty"`
	Gaps           []evaluate.Gap           `json:"fairness_gaps,omitempty"`
	Robustness     []Disturbed              `json:"robustness,omitempty"`
	Worst          []Mistake                `json:"worst,omitempty"`
	Efficiency     evaluate.Efficiency      `json:"efficiency"`
	// Unseen counts samples of classes the model does not know: it cannot be
	// right on them, and they are in no other number.
	Unseen map[string]int `json:"unseen_classes,omitempty"`
	Notes  []Note         `json:"notes,omitempty"`

	labels     []string
	parameters int64
	samples    *Samples
	asked      answers
}

// Labels are the model's class names; nil for a regression.
func (o *Outcome) Labels() []string { return o.labels }

// Set is the samples that were measured, for showing them.
func (o *Outcome) Set() *Samples { return o.samples }

// Predictions are the model's answers for the samples of Set, in their order; nil
// for a regression.
func (o *Outcome) Predictions() *evaluate.Predictions {
	if len(o.labels) == 0 {
		return nil
	}
	return &evaluate.Predictions{Classes: len(o.labels), Scores: o.asked.scores, Labels: o.samples.Labels}
}

// Run measures the model; progress may be nil and is told samples done and in all.
func Run(ctx context.Context, q Request, progress func(done, total int)) (Outcome, error) {
	var told notes
	m, err := q.open(ctx, &told)
	if err != nil {
		return Outcome{}, err
	}
	defer m.Close()
	samples, err := OpenSamples(ctx, m, q, progress)
	if err != nil {
		return Outcome{}, err
	}
	out, err := measure(ctx, m, samples, q, progress)
	out.Notes = append(out.Notes, told.all()...)
	return out, err
}

// Measure measures a further model on samples that are open already.
func Measure(ctx context.Context, path string, samples *Samples, q Request, progress func(done, total int)) (Outcome, error) {
	q.Model = path
	var told notes
	options, err := q.options(ctx, &told)
	if err != nil {
		return Outcome{}, err
	}
	m, err := model.Open(path, options)
	if err != nil {
		return Outcome{}, err
	}
	defer m.Close()
	fitted, err := samples.forLabels(m.Info().Labels)
	if err != nil {
		return Outcome{}, err
	}
	out, err := measure(ctx, m, fitted, q, progress)
	out.Notes = append(out.Notes, told.all()...)
	return out, err
}

func measure(ctx context.Context, m *model.Model, s *Samples, q Request, progress func(done, total int)) (Outcome, error) {
	out := Outcome{
		Model: q.Model, Data: s.data, Part: s.Part, Task: string(m.Info().Task), Samples: s.Len(), Unseen: s.Unseen,
		labels: m.Info().Labels, parameters: m.Info().Parameters, samples: s,
	}
	out.Notes = append(out.Notes, s.Notes...)
	ask, err := newAsker(m, s)
	if err != nil {
		return out, err
	}
	evaluate.ForgetPeak()
	if out.asked, err = ask.all(ctx, progress); err != nil {
		return out, err
	}
	if err := out.score(); err != nil {
		return out, err
	}
	if out.Slices, out.Gaps, err = slice(ctx, &out, q); err != nil {
		return out, err
	}
	if !q.Quick {
		if err := out.beside(ctx, ask); err != nil {
			return out, err
		}
	}
	out.Worst = out.mistakes(worstShown)
	if out.Efficiency, err = ask.cost(ctx); err != nil {
		return out, err
	}
	spent, err := training.ReadCost(filepath.Dir(q.Model))
	out.Efficiency.TrainSeconds, out.Efficiency.TrainJoules = spent.Seconds, spent.Joules
	return out, err
}

// beside measures what the model is compared with: a baseline, and itself on
// disturbed samples.
func (o *Outcome) beside(ctx context.Context, ask *asker) error {
	base, err := baseline(ctx, o.samples)
	if err != nil {
		return fmt.Errorf("train the baseline: %w", err)
	}
	o.Baseline = base
	o.Robustness, err = ask.robustness(ctx, o)
	return err
}

// score turns answers into metrics.
func (o *Outcome) score() error {
	if len(o.labels) == 0 {
		r, err := evaluate.Regress(o.asked.scores, o.samples.Targets)
		if err != nil {
			return err
		}
		r.Rank(o.asked.scores, o.samples.Targets)
		o.Regression = &r
		return nil
	}
	made, err := evaluate.Probabilities(o.asked.scores, len(o.labels))
	if err != nil {
		return err
	}
	switch made {
	case evaluate.Normalised:
		o.Notes = append(o.Notes, Note{format: unevenNote})
	case evaluate.Softmaxed:
		o.Notes = append(o.Notes, Note{format: logitsNote})
	}
	p := o.Predictions()
	c, err := evaluate.Classify(*p, o.labels)
	if err != nil {
		return err
	}
	c.Rank(*p)
	o.Classification = &c
	return nil
}
