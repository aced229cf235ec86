package evaluation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"athanor/app/store"
	"athanor/inference/model"
	"athanor/pipeline/dataset"
	"athanor/pipeline/evaluate"
	"athanor/pipeline/train"
)

// Doubt is a sample whose label looks wrong, in words a person understands.
type Doubt struct {
	evaluate.Suspect
	Name      string `json:"name"` // what operations call it
	Labelled  string `json:"labelled"`
	LooksLike string `json:"looks_like"`
	Text      string `json:"text,omitempty"`
}

// suspectFolds is how many models judge: each learns from the samples of the
// others' folds.
const suspectFolds = 4

// suspectEpochs bounds the training of a fold: models that are trained to the
// end learn wrong labels by heart.
const suspectEpochs = 3

// Suspects ranks the training and validation samples of a model's data by how
// likely their labels are wrong (see evaluate.Suspects). Each sample is judged
// by a model that did not learn from it: small trainings with the model's own
// recipe, one a fold. Progress may be nil and counts epochs.
func Suspects(ctx context.Context, q Request, progress func(done, total int)) ([]Doubt, *Samples, error) {
	m, err := q.open(ctx, &notes{})
	if err != nil {
		return nil, nil, err
	}
	defer m.Close()
	q.Part = learning
	s, err := OpenSamples(ctx, m, q, nil)
	if err != nil {
		return nil, nil, err
	}
	if len(s.names) == 0 {
		return nil, nil, fmt.Errorf("%w: values cannot be mislabelled as classes can; look at the worst mistakes", ErrMismatch)
	}
	recipe, err := recipeOf(m, q)
	if err != nil {
		return nil, nil, err
	}
	j := jury{s: s, recipe: recipe, progress: progress, p: evaluate.Predictions{Classes: len(s.names), Labels: s.truth}}
	if err := j.judge(ctx); err != nil {
		return nil, nil, err
	}
	list, err := evaluate.Suspects(j.p)
	if err != nil {
		return nil, nil, err
	}
	doubts := make([]Doubt, len(list))
	for i, d := range list {
		doubts[i] = Doubt{Suspect: d, Name: s.Name(d.Sample), Labelled: s.names[d.Label], LooksLike: s.names[d.Likely], Text: cut(s.Text(d.Sample), 200)}
	}
	return doubts, s, nil
}

// jury trains the folds' models and gathers what they say of the others.
type jury struct {
	s        *Samples
	recipe   train.Recipe
	progress func(done, total int)
	done     int
	p        evaluate.Predictions
}

func (j *jury) judge(ctx context.Context) error {
	j.recipe.Train.Epochs = min(j.recipe.Train.Epochs, suspectEpochs)
	j.recipe.Train.Patience, j.recipe.Train.CheckpointSeconds = 0, 0
	j.p.Scores = make([]float32, j.s.Len()*j.p.Classes)
	order := rand.New(rand.NewPCG(j.recipe.Seed, 31)).Perm(j.s.Len())
	for k := range suspectFolds {
		var learn, held []int
		for i, sample := range order {
			if i%suspectFolds == k {
				held = append(held, sample)
			} else {
				learn = append(learn, sample)
			}
		}
		if err := j.fold(ctx, learn, held); err != nil {
			return err
		}
	}
	return nil
}

func (j *jury) fold(ctx context.Context, learn, held []int) error {
	dir, err := os.MkdirTemp("", "athanor-suspects-*")
	if err != nil {
		return fmt.Errorf("look for wrong labels: %w", err)
	}
	defer os.RemoveAll(dir)
	run, err := store.OpenRun(dir)
	if err != nil {
		return err
	}
	set := *j.s.set
	set.Train, set.Validation, set.Test = &picked{j.s, learn}, &picked{j.s, held[:min(len(held), 1000)]}, nil
	recipe := j.recipe
	recipe.Distill = nil // the labels themselves are in question
	result, err := train.Run(ctx, recipe, train.Deps{Set: &set, Store: run}, func(e train.Event) {
		if _, ok := e.(train.Epoch); ok && j.progress != nil {
			j.done++
			j.progress(j.done, suspectFolds*j.recipe.Train.Epochs)
		}
	})
	if closed := run.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("train a model to look for wrong labels: %w", err)
	}
	return j.ask(ctx, result.Model, held)
}

// ask keeps what a fold's model says of the samples it did not see.
func (j *jury) ask(ctx context.Context, path string, held []int) error {
	m, err := model.Open(path, model.Options{Threads: j.recipe.Threads})
	if err != nil {
		return err
	}
	defer m.Close()
	a, err := newAsker(m, j.s)
	if err != nil {
		return err
	}
	for from := 0; from < len(held); from += batch {
		rows := held[from:min(from+batch, len(held))]
		scores, err := a.ask(ctx, rows, nil)
		if err != nil {
			return err
		}
		for i, r := range rows {
			copy(j.p.Scores[r*j.p.Classes:(r+1)*j.p.Classes], scores[i*j.p.Classes:])
		}
	}
	return nil
}

// picked is a feed of some of the samples.
type picked struct {
	s    *Samples
	rows []int
}

var _ dataset.Feed = (*picked)(nil)

// Len implements dataset.Feed.
func (p *picked) Len() int { return len(p.rows) }

// Columns implements dataset.Feed.
func (p *picked) Columns() []dataset.Column { return p.s.at[0].feed.Columns() }

// Class implements dataset.Feed.
func (p *picked) Class(row int) int { return p.s.truth[p.rows[row]] }

// Target implements dataset.Feed.
func (p *picked) Target(row int) float32 {
	at := p.s.at[p.rows[row]]
	return at.feed.Target(at.row)
}

// Row implements dataset.Feed.
func (p *picked) Row(row int) int { return p.s.Number(p.rows[row]) }

// Fill implements dataset.Feed.
func (p *picked) Fill(ctx context.Context, dst [][]byte, epoch int, rows []int) error {
	columns := p.Columns()
	for i, row := range rows {
		at := p.s.at[p.rows[row]]
		memory := make([][]byte, len(dst))
		for k, col := range columns {
			each := sampleBytes(col)
			memory[k] = dst[k][i*each : (i+1)*each]
		}
		if err := at.feed.Fill(ctx, memory, epoch, []int{at.row}); err != nil {
			return err
		}
	}
	return nil
}
