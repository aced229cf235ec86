package ui

import (
	"context"
	"fmt"
	"image"
	"maps"
	"slices"
	"strings"

	"athanor/inference/attribution"
	"athanor/inference/model"
	"athanor/inference/vision"
	"athanor/ui/try"
)

// intake is what a model takes and answers.
type intake struct {
	task   model.Task
	draws  bool // small grey pictures, as drawings are
	labels []string
	fields []try.Field // of a table
}

// learnMore asks a model what it takes, offers that, and asks it about what is on
// the screen already.
func (p *tryPart) learnMore() {
	open := p.open
	async(p.s, func(ctx context.Context) (intake, error) { return open.intake(ctx) }, func(k intake, err error) {
		if p.open != open {
			return
		}
		if err != nil {
			f := describe(err, p.s.book)
			p.view.ApplyTrouble(f.What + " " + f.Do)
			return
		}
		p.learnt = open.path
		p.view.ApplyTask(string(k.task), k.draws)
		p.view.ApplyLabels(k.labels)
		p.seen, p.said = nil, ""
		if k.task == model.Table {
			p.view.ApplyColumns(k.fields)
		}
		p.view.Ask()
	})
}

// drawable is the side up to which a grey picture is like what is drawn here.
const drawable = 64

func (o *openModel) intake(ctx context.Context) (intake, error) {
	m, err := o.get()
	if err != nil {
		return intake{}, err
	}
	k := intake{task: m.Info().Task, labels: m.Info().Labels}
	switch k.task {
	case model.Image:
		shape, err := m.ImageShape()
		k.draws = shape.Gray && max(shape.H, shape.W) <= drawable
		return k, err
	case model.Table:
		k.fields, err = o.fields(ctx, m)
		return k, err
	case model.Text:
		return k, nil
	}
	return k, fmt.Errorf("%w: it names no task", model.ErrForeign)
}

// fields are the columns of a table model, with a row of its data to start from;
// where the data is not here, they start empty.
func (o *openModel) fields(ctx context.Context, m *model.Model) ([]try.Field, error) {
	columns, err := m.Columns()
	if err != nil {
		return nil, err
	}
	rows, _ := o.background(ctx) // where the data is not here, fields start empty
	list := make([]try.Field, len(columns))
	for i, c := range columns {
		list[i] = try.Field{Name: c.Name, Numeric: c.Numeric}
		if len(rows) > 0 {
			list[i].Value = rows[0][c.Name]
		}
		if !c.Numeric {
			list[i].Choices = choices(rows, c.Name)
		}
	}
	return list, nil
}

// mostChoices is up to how many values of a column are offered.
const mostChoices = 20

// choices are the values of a column, none where there are many.
func choices(rows []attribution.Row, column string) []string {
	var list []string
	for _, r := range rows {
		if v := r[column]; v != "" && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	if len(list) > mostChoices {
		return nil
	}
	slices.Sort(list)
	return list
}

func (p *tryPart) judgeRow(cells map[string]string) {
	p.row = maps.Clone(cells)
	row := p.row
	p.ask(func(ctx context.Context, m *model.Model) ([]model.Prediction, error) { return m.Rows(ctx, row) })
}

// load opens a picture file and asks about it.
func (p *tryPart) load(path string) {
	async(p.s, func(context.Context) (image.Image, error) { return readPicture(path) }, func(img image.Image, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.picture(img)
	})
}

func readPicture(path string) (image.Image, error) {
	frame, err := vision.ReadPicture(path)
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	return frame.RGBA(nil), nil
}

func (p *tryPart) picture(img image.Image) {
	p.seen = img
	p.view.ApplySeen(img)
	if img == nil {
		p.view.Apply(try.Answer{})
		p.view.ApplyWhy(try.Why{})
		return
	}
	p.ask(func(ctx context.Context, m *model.Model) ([]model.Prediction, error) { return m.Images(ctx, img) })
}

func (p *tryPart) text(text string) {
	p.said = strings.TrimSpace(text)
	if p.said == "" {
		p.view.Apply(try.Answer{})
		p.view.ApplyWhy(try.Why{})
		return
	}
	p.ask(func(ctx context.Context, m *model.Model) ([]model.Prediction, error) { return m.Texts(ctx, text) })
}
