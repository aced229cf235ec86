package ui

import (
	"context"
	"strings"

	"athanor/app/explanation"
	"athanor/inference/model"
	"athanor/ui/widgets"
)

// kin is a question for the training samples that are most alike to the model.
type kin struct {
	open   *openModel
	encode func(ctx context.Context, e *explanation.Explainer) ([]model.Sample, error)
	except string // the name of a sample that is not wanted: itself
}

// alike finds them. The first question to a model embeds its training samples,
// which goes on until the model is left, whatever becomes of the question.
func (k kin) alike(ctx context.Context, s *Studio, tell func(done, total int)) ([]widgets.Alike, error) {
	e, err := k.open.explainer()
	if err != nil {
		return nil, err
	}
	k.open.near.Lock()
	defer k.open.near.Unlock()
	if err := e.Embed(k.open.life(), tell); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	sample, err := k.encode(ctx, e)
	if err != nil {
		return nil, err
	}
	found, err := e.Nearest(ctx, sample, widgets.MostAlike+1, nil)
	if err != nil {
		return nil, err
	}
	var list []widgets.Alike
	for _, n := range found {
		if n.Name == k.except || len(list) == widgets.MostAlike {
			continue
		}
		picture, err := e.Samples().Picture(ctx, n.Sample)
		if err != nil {
			return nil, err
		}
		list = append(list, widgets.Alike{Picture: picture, Label: n.Label, Note: s.book.Percent(n.Similarity), Text: strings.Join(strings.Fields(n.Text), " ")})
	}
	return list, nil
}
