package ui

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"athanor/app/store"
	"athanor/inference/attribution"
	"athanor/inference/model"
	"athanor/inference/vision"
	"athanor/ui/shell"
	"athanor/ui/try"
)

// learnMore brings a model's classes, and of a table its columns with a row to
// start from.
func (p *tryPart) learnMore() {
	open := p.open
	type known struct {
		labels  []string
		names   []string
		numeric []bool
		start   attribution.Row
	}
	async(p.s, func(ctx context.Context) (known, error) {
		m, err := open.get()
		if err != nil {
			return known{}, err
		}
		k := known{labels: m.Info().Labels}
		if m.Info().Task != model.Table {
			return k, nil
		}
		columns, err := m.Columns()
		if err != nil {
			return k, err
		}
		for _, c := range columns {
			k.names, k.numeric = append(k.names, c.Name), append(k.numeric, c.Numeric)
		}
		if rows, err := open.background(ctx); err == nil && len(rows) > 0 { // without its data the fields start empty
			k.start = rows[0]
		}
		return k, nil
	}, func(k known, err error) {
		if err != nil || p.open != open {
			return // the first question will say what is wrong
		}
		p.view.ApplyLabels(k.labels)
		if k.names != nil {
			p.view.ApplyColumns(k.names, k.numeric, k.start)
		}
	})
}

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

func (p *tryPart) judgeRow(cells map[string]string) {
	p.row = maps.Clone(cells)
	row := p.row
	p.ask(func(ctx context.Context, m *model.Model) ([]model.Prediction, error) { return m.Rows(ctx, row) })
}

// explain says why the last answer is as it is, where that is wanted; a newer
// question cancels it.
func (p *tryPart) explain() {
	if p.why != nil {
		p.why()
	}
	if !p.explaining || p.open == nil || p.watching != nil {
		return
	}
	q := question{open: p.open, picture: p.seen, text: p.said, row: p.row, method: p.method}
	p.why = async(p.s, q.why, func(w try.Why, err error) {
		if err != nil {
			p.view.ApplyWhy(try.Why{Note: err.Error()})
			return
		}
		p.view.ApplyWhy(w)
	})
}

// question is one question why, as it was on the screen.
type question struct {
	open    *openModel
	picture image.Image
	text    string
	row     map[string]string
	method  attribution.Method
}

func (q question) why(ctx context.Context) (try.Why, error) {
	e, err := q.open.explainer()
	if err != nil {
		return try.Why{}, err
	}
	q.open.one.Lock()
	defer q.open.one.Unlock()
	switch {
	case e.Model.Info().Task == model.Image && q.picture != nil:
		if q.method == "" {
			q.method = attribution.Integrated
		}
		w, err := attribution.Explain(ctx, e.Model, e.Graph, q.picture, q.method, -1)
		if err != nil {
			return try.Why{}, err
		}
		out := try.Why{Picture: w.Heat(q.picture, 196)}
		if w.Method == attribution.Integrated {
			out.Note = complete(w.Complete)
		}
		return out, nil
	case e.Model.Info().Task == model.Text && q.text != "":
		words, c, err := attribution.Words(ctx, e.Model, e.Graph, q.text, -1)
		return try.Why{Shares: wordShares(words), Note: complete(c)}, err
	case e.Model.Info().Task == model.Table && q.row != nil:
		if q.open.rows == nil {
			if q.open.rows, err = e.Background(ctx); err != nil {
				return try.Why{}, err
			}
		}
		columns, c, err := attribution.Columns(ctx, e.Model, q.row, q.open.rows, -1)
		var shares []try.Share
		for _, col := range columns {
			shares = append(shares, try.Share{Name: col.Name, Value: col.Share, Note: fmt.Sprintf("%+.3g", col.Share)})
		}
		return try.Why{Shares: shares, Note: complete(c)}, err
	}
	return try.Why{}, nil
}

func complete(c attribution.Completeness) string {
	return fmt.Sprintf("Σ %.3g = %.3g − %.3g (±%.2f %%)", c.Sum, c.Output, c.Baseline, 100*c.Error())
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

// wrong keeps what was judged with its right class, in a data set of corrections
// of its own: the original data is never changed.
func (p *tryPart) wrong(class string) {
	dir := filepath.Join(p.s.opts.Paths.Data, "corrections", store.SafeName(filepath.Base(filepath.Dir(p.chosen))))
	picture, text, row := p.seen, p.said, p.row
	if picture == nil && text == "" && row == nil {
		return
	}
	async(p.s, func(context.Context) (string, error) {
		switch {
		case picture != nil:
			return dir, keepPicture(filepath.Join(dir, store.SafeName(class)), picture)
		case text != "":
			return dir, keepCells(filepath.Join(dir, "corrections.csv"), []string{"text", "label"}, []string{text, class})
		}
		names := slices.Sorted(maps.Keys(row))
		cells := make([]string, len(names))
		for i, n := range names {
			cells[i] = row[n]
		}
		return dir, keepCells(filepath.Join(dir, "corrections.csv"), append(names, "label"), append(cells, class))
	}, func(dir string, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.s.toasts.Show(shell.Good, p.s.book.T("try.corrected", class), dir, nil)
	})
}

func keepPicture(dir string, picture image.Image) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("keep correction: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return fmt.Errorf("keep correction: %w", err)
	}
	return store.WriteFile(filepath.Join(dir, time.Now().Format("20060102-150405.000")+".png"), b.Bytes())
}

// keepCells adds a line to a table, with a heading where it is new.
func keepCells(path string, heading, cells []string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep correction: %w", err)
	}
	_, missing := os.Stat(path)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("keep correction: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := csv.NewWriter(f)
	lines := [][]string{cells}
	if missing != nil {
		lines = [][]string{heading, cells}
	}
	return w.WriteAll(lines)
}

// camera starts the first camera, or stops it.
func (p *tryPart) camera() {
	if p.watching != nil {
		p.stopCamera()
		return
	}
	async(p.s, func(context.Context) ([]vision.Camera, error) { return vision.Cameras() }, func(list []vision.Camera, err error) {
		if err == nil && len(list) == 0 {
			err = vision.ErrNoCamera
		}
		if err != nil {
			p.s.fail(err)
			return
		}
		p.watch(fmt.Sprint(list[0].Index))
	})
}

func (p *tryPart) stopCamera() {
	if p.watching != nil {
		p.watching()
		p.watching = nil
		p.view.ApplyFrame(nil)
	}
}

// watch judges a camera, video or stream frame by frame until it is stopped.
func (p *tryPart) watch(spec string) {
	p.stopCamera()
	open := p.open
	if open == nil {
		return
	}
	ctx, cancel := context.WithCancel(p.s.ctx)
	p.watching = cancel
	feed := vision.Watch(ctx, vision.FeedConfig{Spec: spec, Loop: true})
	go p.follow(ctx, open, feed)
}

// follow judges the newest frame each time, on a goroutine of its own; the
// window gets answers as fast as it takes them.
func (p *tryPart) follow(ctx context.Context, open *openModel, feed *vision.Feed) {
	defer feed.Close() //nolint:errcheck // the session is over
	err := judgeFrames(ctx, open, feed, func(picture *image.RGBA, a answered) {
		p.s.post(func() {
			if ctx.Err() == nil {
				p.view.ApplyFrame(picture)
				p.view.Apply(answerOf(a))
			}
		})
	})
	p.s.post(func() {
		if ctx.Err() == nil {
			p.stopCamera()
			if !errors.Is(err, io.EOF) {
				p.s.fail(err)
			}
		}
	})
}

func judgeFrames(ctx context.Context, open *openModel, feed *vision.Feed, tell func(*image.RGBA, answered)) error {
	m, err := open.get()
	if err != nil {
		return err
	}
	after := int64(-1)
	for {
		frame, err := feed.Next(ctx, after)
		if err != nil {
			return err
		}
		after = frame.Index
		picture := frame.RGBA(nil)
		began := time.Now()
		list, err := m.Images(ctx, picture)
		if err != nil {
			return err
		}
		tell(picture, answered{prediction: list[0], took: time.Since(began)})
	}
}
