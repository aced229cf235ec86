package ui

import (
	"context"
	"fmt"
	"image"
	"slices"
	"strings"

	"athanor/app/explanation"
	"athanor/inference/attribution"
	"athanor/inference/model"
	"athanor/pipeline/evaluate"
	"athanor/ui/i18n"
	"athanor/ui/try"
	"athanor/ui/widgets"
)

// background are rows of the model's own data, read once.
func (o *openModel) background(ctx context.Context) ([]attribution.Row, error) {
	e, err := o.explainer()
	if err != nil {
		return nil, err
	}
	o.one.Lock()
	defer o.one.Unlock()
	if o.rows == nil {
		o.rows, err = e.Background(ctx)
	}
	return o.rows, err
}

// explain says why the last answer is as it is, where that is wanted; a newer
// question cancels it.
func (p *tryPart) explain() {
	if p.why != nil {
		p.why()
	}
	if p.kin != nil {
		p.kin()
	}
	if !p.explaining || p.open == nil || p.watching != nil {
		p.view.ApplyAlike(nil, "")
		return
	}
	q := question{book: p.s.book, open: p.open, picture: p.seen, text: p.said, row: p.row, method: p.method, column: p.column}
	p.why = async(p.s, q.why, func(w try.Why, err error) {
		if err != nil {
			f := describe(err, p.s.book)
			p.view.ApplyWhy(try.Why{Note: f.What + " " + f.Do})
			return
		}
		p.view.ApplyWhy(w)
	})
	p.alike(q)
}

// alike looks for the training samples that are most alike to the model.
func (p *tryPart) alike(q question) {
	k := kin{open: q.open, encode: q.encode}
	tell := func(done, total int) {
		p.s.post(func() {
			if p.open == q.open && p.explaining {
				p.view.ApplyAlike(nil, p.s.book.T("try.alike.reading", p.s.book.Count(done), p.s.book.Count(total)))
			}
		})
	}
	p.kin = async(p.s, func(ctx context.Context) ([]widgets.Alike, error) { return k.alike(ctx, p.s, tell) }, func(list []widgets.Alike, err error) {
		note := ""
		if err != nil {
			note = describe(err, p.s.book).What
		}
		p.view.ApplyAlike(list, note)
	})
}

// encode prepares what the question is about.
func (q question) encode(_ context.Context, e *explanation.Explainer) ([]model.Sample, error) {
	switch task := e.Model.Info().Task; {
	case task == model.Image && q.picture != nil:
		return e.Model.EncodeImage(q.picture)
	case task == model.Text && q.text != "":
		return e.Model.EncodeText(q.text)
	case task == model.Table && q.row != nil:
		return e.Model.EncodeRow(q.row)
	}
	return nil, context.Canceled // there is nothing to explain
}

// question is one question why, as it was on the screen.
type question struct {
	book    *i18n.Book
	open    *openModel
	picture image.Image
	text    string
	row     map[string]string
	method  attribution.Method
	column  string // of a row: which one's effect is shown; "" the most telling
}

func (q question) why(ctx context.Context) (try.Why, error) {
	e, err := q.open.explainer()
	if err != nil {
		return try.Why{}, err
	}
	q.open.one.Lock()
	defer q.open.one.Unlock()
	switch task := e.Model.Info().Task; {
	case task == model.Image && q.picture != nil:
		return q.whyPicture(ctx, e)
	case task == model.Text && q.text != "":
		words, c, err := attribution.Words(ctx, e.Model, e.Graph, q.text, -1)
		return try.Why{Shares: wordShares(words), Note: q.complete(c)}, err
	case task == model.Table && q.row != nil:
		return q.whyRow(ctx, e)
	}
	return try.Why{}, nil
}

func (q question) whyPicture(ctx context.Context, e *explanation.Explainer) (try.Why, error) {
	if q.method == "" {
		q.method = attribution.Integrated
	}
	w, err := attribution.Explain(ctx, e.Model, e.Graph, q.picture, q.method, -1)
	if err != nil {
		return try.Why{}, err
	}
	out := try.Why{Picture: w.Heat(q.picture, 196)}
	if w.Method == attribution.Integrated {
		out.Note = q.complete(w.Complete)
	}
	return out, nil
}

// whyRow shares an answer out among the columns, and of a class says what would
// change it.
func (q question) whyRow(ctx context.Context, e *explanation.Explainer) (out try.Why, err error) {
	if q.open.rows == nil {
		if q.open.rows, err = e.Background(ctx); err != nil {
			return out, err
		}
	}
	columns, c, err := attribution.Columns(ctx, e.Model, q.row, q.open.rows, -1)
	if err != nil {
		return out, err
	}
	for _, col := range columns {
		out.Shares = append(out.Shares, try.Share{Name: col.Name, Value: col.Share, Note: signed(col.Share)})
	}
	out.Note = q.complete(c)
	if len(columns) > 0 {
		if out.Effect, err = q.effect(ctx, e, columns); err != nil {
			return out, err
		}
	}
	if labels := e.Model.Info().Labels; len(labels) > 1 {
		other, ok, err := attribution.WhatWouldChange(ctx, e.Model, q.row, q.open.rows, -1)
		if err != nil {
			return out, err
		}
		out.Change = q.book.T("try.change.none")
		if ok {
			out.Change = q.book.T("try.change", q.changes(other), labels[other.Class])
		}
	}
	return out, nil
}

// effect is what one of the columns does to the answer on average over rows of
// the model's own data.
func (q question) effect(ctx context.Context, e *explanation.Explainer, columns []attribution.Column) (*try.Effect, error) {
	out := &try.Effect{Column: columns[0].Name}
	for _, c := range columns {
		out.Columns = append(out.Columns, c.Name)
		if c.Name == q.column {
			out.Column = c.Name
		}
	}
	class, err := attribution.Answered(ctx, e.Model, q.row)
	if err != nil {
		return nil, err
	}
	if labels := e.Model.Info().Labels; class < len(labels) {
		out.Class = labels[class]
	}
	out.Points, err = attribution.Dependence(ctx, e.Model, q.open.rows, out.Column, class)
	return out, err
}

// changes says in words what a counterfactual changes.
func (q question) changes(c attribution.Counterfactual) string {
	var parts []string
	for _, change := range c.Changes {
		parts = append(parts, fmt.Sprintf("%s = %s", change.Column, change.To))
	}
	return strings.Join(parts, ", ")
}

// complete says how much of the output an explanation explains.
func (q question) complete(c attribution.Completeness) string {
	return q.book.T("try.complete", c.Sum, c.Output-c.Baseline, 100*c.Error())
}

// wordShares are the words that spoke most, for or against.
func wordShares(words []attribution.Word) []try.Share {
	var out []try.Share
	for _, w := range words {
		if w.Share != 0 {
			out = append(out, try.Share{Name: w.Text, Value: w.Share, Note: fmt.Sprintf("%+.2f", w.Share)})
		}
	}
	slices.SortStableFunc(out, func(a, b try.Share) int {
		switch x, y := max(a.Value, -a.Value), max(b.Value, -b.Value); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return out
}

// signed writes a share with its sign.
func signed(share float64) string {
	if share > 0 {
		return "+" + evaluate.Short(share, 3)
	}
	return evaluate.Short(share, 3)
}
