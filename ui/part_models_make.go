package ui

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2/widget"

	"athanor/app/evaluation"
	"athanor/app/quantization"
	"athanor/app/store"
	"athanor/inference/onnx"
	"athanor/inference/serve"
	"athanor/pipeline/quantize"
	"athanor/ui/models"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// quantize makes and measures smaller copies of a model. One that does not say
// on what it was trained needs data for that.
func (p *modelsPart) quantize(path string) {
	async(p.s, func(context.Context) (string, error) {
		info, err := describeFile(path)
		return info.Recipe, err
	}, func(recipe string, err error) {
		switch {
		case err != nil:
			p.s.fail(err)
		case recipe == "":
			p.s.pickFolder(func(data string) { p.measureCopies(path, data) })
		default:
			p.measureCopies(path, "")
		}
	})
}

// measureCopies runs off the UI goroutine; another model's copies end it.
func (p *modelsPart) measureCopies(path, data string) {
	p.cancelCopies()
	cache := p.s.opts.Paths.Cache
	err := makeFolder(cache)
	var dir string
	if err == nil {
		dir, err = os.MkdirTemp(cache, "copies-")
	}
	if err != nil {
		p.s.fail(fmt.Errorf("make smaller copies: %w", err))
		return
	}
	p.copies, p.copiesFrom = dir, path
	context.AfterFunc(p.s.ctx, func() { _ = os.RemoveAll(dir) }) // with the window
	q := quantization.Request{Request: evaluation.Request{Model: path, Data: data}, Dir: dir}
	b, view := p.s.book, p.view
	view.ApplyQuantizing(b.T("models.copying", b.T("models.original")), 0)
	tell := func(method quantize.Method, done, total int) {
		share := float64(done) / float64(max(total, 1))
		p.s.post(func() {
			if p.copying != nil {
				view.ApplyQuantizing(b.T("models.copying", p.methodName(method)), share)
			}
		})
	}
	p.copying = async(p.s, func(ctx context.Context) (quantization.Outcome, error) { return quantization.Run(ctx, q, tell) },
		func(o quantization.Outcome, err error) {
			p.copying = nil
			view.ApplyQuantizing("", 0)
			if err != nil {
				p.s.fail(err)
				return
			}
			p.measured = &o
			view.ApplyCopies(p.copiesOf(o))
		})
}

func (p *modelsPart) methodName(m quantize.Method) string {
	if m == "" {
		return p.s.book.T("models.original")
	}
	return p.s.book.T("models.method." + string(m))
}

// cancelCopies ends the measuring and removes what it made.
func (p *modelsPart) cancelCopies() {
	if p.copying != nil {
		p.copying()
		p.copying = nil
		p.view.ApplyQuantizing("", 0)
	}
	if dir := p.copies; dir != "" {
		p.copies, p.measured = "", nil
		go func() { _ = os.RemoveAll(dir) }() // a temporary folder
	}
}

func (p *modelsPart) copiesOf(o quantization.Outcome) models.Copies {
	b := p.s.book
	t := models.Copies{Measure: b.T("models.accuracy"), Samples: b.T("models.measuredon", b.Count(o.Samples), filepath.Base(o.Data))}
	if o.Measure != "accuracy" {
		t.Measure = o.Measure
	}
	first := o.Rows[0]
	for _, r := range o.Rows {
		row := models.Copy{Method: string(r.Method), Name: p.methodName(r.Method), Failed: r.Failed, Size: b.Bytes(r.Bytes)}
		row.Score, row.Time = strconv.FormatFloat(100*r.Score, 'f', 2, 64), fmt.Sprintf("%.3f", r.Latency)
		if o.Measure != "accuracy" {
			row.Score = strconv.FormatFloat(r.Score, 'f', 4, 64)
		}
		if r.Method != "" {
			row.Loss = fmt.Sprintf("%+.2f", math.Round(-1e4*o.Loss(r))/100+0) // + 0 makes no "-0.00"
			row.Worse = r.Score < first.Low || (o.Measure != "accuracy" && o.Loss(r) > 0.01)
			row.Gain = fmt.Sprintf("%.2f×", r.Throughput/max(first.Throughput, 1e-9))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// keepCopy brings a measured copy among the models.
func (p *modelsPart) keepCopy(method string) {
	if p.measured == nil {
		return
	}
	row, err := p.measured.Choose(quantize.Method(method), 1) // the person has seen the loss
	if err != nil {
		p.s.fail(err)
		return
	}
	folder, name := p.s.opts.Paths.Models(), serve.NameOf(p.view.Chosen())+"-"+method+".onnx"
	async(p.s, func(context.Context) (string, error) {
		if err := makeFolder(folder); err != nil {
			return "", err
		}
		to := freeName(filepath.Join(folder, name))
		return to, quantization.Keep(row, to)
	}, p.brought)
}

// brought tells of a new model and lists it.
func (p *modelsPart) brought(path string, err error) {
	if err != nil {
		p.s.fail(err)
		return
	}
	p.s.toasts.Show(shell.Good, p.s.book.T("models.brought", filepath.Base(path)), "", nil)
	p.list()
}

// remove puts a model into the trash; a trained one goes with its run. Undo
// brings it back.
func (p *modelsPart) remove(path string) {
	target := path
	if filepath.Base(path) == "model.onnx" {
		target = filepath.Dir(path)
	}
	b := p.s.book
	async(p.s, func(context.Context) (string, error) { return store.DeleteRun(target) }, func(trashed string, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.trashed = trashed
		p.list()
		p.s.toasts.Show(shell.Plain, b.T("models.deleted", filepath.Base(target)), b.T("common.undo"), p.restore)
	})
}

// restore brings back what was deleted last.
func (p *modelsPart) restore() {
	trashed := p.trashed
	if trashed == "" {
		return
	}
	p.trashed = ""
	async(p.s, func(context.Context) (string, error) { return store.RestoreRun(trashed) }, func(_ string, err error) {
		p.s.fail(err)
		p.list()
	})
}

// describe asks what a foreign model expects and keeps a copy that says so.
func (p *modelsPart) describe(path string) {
	async(p.s, func(context.Context) (bool, error) { return readsRows(path) }, func(rows bool, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.askDescription(path, rows)
	})
}

// readsRows reports whether a model's one input looks like rows of numbers; whole
// numbers are more often words of a text.
func readsRows(path string) (bool, error) {
	m, err := onnx.Skim(path)
	if err != nil {
		return false, fmt.Errorf("describe model: %w", err)
	}
	feeds := m.Graph.Feeds()
	if len(feeds) != 1 || feeds[0].Type == nil || feeds[0].Type.Tensor == nil {
		return false, nil
	}
	t := feeds[0].Type.Tensor
	return t.HasShape && len(t.Shape) == 2 && slices.Contains([]onnx.DataType{onnx.Float, onnx.Double, onnx.Float16}, t.Elem), nil
}

func (p *modelsPart) askDescription(path string, rows bool) {
	b := p.s.book
	form := models.NewWrapForm(b, rows)
	var pop *widget.PopUp
	cancel := widgets.NewButton(b.T("common.cancel"), func() { pop.Hide() })
	act := widgets.NewButton(b.T("models.describe.keep"), func() { p.keepDescribed(path, form, func() { pop.Hide() }) })
	act.Importance = widget.HighImportance
	pop = shell.Modal(p.s.window, "info", b.T("models.describe"), form, cancel, act)
	pop.Show()
	p.s.window.Canvas().Focus(form.First())
}

func (p *modelsPart) keepDescribed(path string, form *models.WrapForm, done func()) {
	folder := p.s.opts.Paths.Models()
	wrapped, ok := form.Wrap()
	if !ok {
		return
	}
	async(p.s, func(context.Context) (string, error) {
		m, err := onnx.Load(path)
		if err == nil {
			err = m.LoadExternal(filepath.Dir(path))
		}
		if err != nil {
			return "", err
		}
		copied, err := wrapped(m)
		if err != nil {
			return "", err
		}
		if err := makeFolder(folder); err != nil {
			return "", err
		}
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		to := freeName(filepath.Join(folder, name+"-described.onnx"))
		return to, copied.Save(to)
	}, func(to string, err error) {
		if err != nil {
			form.Refuse(err.Error())
			return
		}
		done()
		p.view.Expect(to)
		p.brought(to, nil)
	})
}
