// Package labelling asks a trained model what samples without a label could be,
// so that a person only has to agree.
package labelling

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"athanor/inference/model"
	"athanor/inference/vision"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
)

// ErrModel says that a model gives no labels for these samples.
var ErrModel = errors.New("the model cannot label these samples")

// Suggestion is what a model takes a sample for.
type Suggestion struct {
	source.Unlabelled

	Label string
	Score float64 // the model's probability, in [0,1]
}

// Suggest asks m about every sample of c that has no label and calls emit with the
// answers, in the samples' order, on the caller's goroutine. Pictures that cannot
// be decoded are passed over; health names them.
func Suggest(ctx context.Context, m *model.Model, c source.Config, emit func(Suggestion) error) error {
	return source.EachUnlabelled(ctx, c, func(u source.Unlabelled) error {
		answer, err := ask(ctx, m, u)
		if errors.Is(err, errUnreadable) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("ask about %s: %w", u.Name, err)
		}
		best := answer.Top(1)
		if len(best) == 0 {
			return fmt.Errorf("%w: it answers with a number", ErrModel)
		}
		return emit(Suggestion{Unlabelled: u, Label: best[0].Label, Score: float64(best[0].Probability)})
	})
}

var errUnreadable = errors.New("unreadable")

func ask(ctx context.Context, m *model.Model, u source.Unlabelled) (model.Prediction, error) {
	if u.Path != "" && u.Text == "" {
		picture, err := vision.ReadPicture(u.Path)
		if err != nil {
			return model.Prediction{}, errUnreadable
		}
		return only(m.Images(ctx, picture))
	}
	return only(m.Texts(ctx, u.Text))
}

func only(list []model.Prediction, err error) (model.Prediction, error) {
	if err != nil {
		return model.Prediction{}, err
	}
	if len(list) != 1 {
		return model.Prediction{}, fmt.Errorf("%w: %d answers for one sample", ErrModel, len(list))
	}
	return list[0], nil
}

// Operations are the suggestions as changes: one for each label, sorted.
func Operations(list []Suggestion) operation.List {
	by := map[string][]string{}
	for _, s := range list {
		by[s.Label] = append(by[s.Label], s.Name)
	}
	labels := make([]string, 0, len(by))
	for label := range by {
		labels = append(labels, label)
	}
	slices.Sort(labels)
	var out operation.List
	for _, label := range labels {
		out = append(out, operation.Operation{Kind: operation.Relabel, Samples: by[label], To: label, Why: "suggested"})
	}
	return out
}
