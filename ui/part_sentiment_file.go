package ui

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/job"
	"athanor/app/reviews"
	"athanor/inference/sentiment"
	view "athanor/ui/sentiment"
	"athanor/ui/shell"
)

// reviewsState is the file of reviews on the sentiment screen.
type reviewsState struct {
	file   view.File
	job    *job.Job[reviewed]
	order  reviews.Job     // of the file on screen
	scored *reviews.Scored // its rows, once all are judged
	chosen []int32         // those that the filter lets through
	filter reviews.Filter
	turn   int // of the filter: pages of earlier ones come too late
	sifts  context.CancelFunc
	by     sentiment.Identity // what the verdicts on the file came from
}

// reviewed is what a job over a file has told so far.
type reviewed struct {
	progress reviews.Progress
	summary  *reviews.Summary
	labels   []sentiment.Label
	by       sentiment.Identity
}

func (p *sentimentPart) bindFile() {
	v := p.view
	v.OnFile = func() { p.s.chooseFile(reviewNames(), p.load) }
	v.OnCancel = func() {
		if p.job != nil {
			p.job.Cancel()
		}
	}
	v.OnResume = p.resume
	v.OnAgain = func() { p.start(p.order) }
	v.OnCopy = func() { p.s.copyText(p.order.Out) }
	v.OnColumns = p.columns
	v.OnFilter = p.sift
	v.OnPage = p.page
	v.OnRow = p.row
	v.OnSave = p.save
}

func reviewNames() []string {
	return []string{".csv", ".tsv", ".jsonl", ".ndjson", ".txt", ".parquet", ".gz"}
}

// drop takes a dropped file of reviews.
func (p *sentimentPart) drop(uris []fyne.URI) bool {
	if !slices.Contains(reviewNames(), strings.ToLower(filepath.Ext(uris[0].Path()))) {
		return false
	}
	p.load(uris[0].Path())
	return true
}

// load judges a file of reviews.
func (p *sentimentPart) load(path string) {
	p.view.Turn(view.PageFile)
	p.start(reviews.Job{In: path})
}

// stem is a file's name without its endings: reviews of reviews.csv.gz.
func stem(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".gz")
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// resume goes on where the judging stopped. Where other verdicts would follow now, it
// asks whether to begin anew: a file holds those of one model.
func (p *sentimentPart) resume() {
	if p.known.by != p.by {
		book := p.s.book
		shell.Ask(p.s.window, book, book.T("sentiment.anew.title"), book.T("sentiment.anew.text"), book.T("sentiment.again"), func() { p.start(p.order) })
		return
	}
	p.order.Resume = true
	p.review()
}

// columns judges the file again by other columns.
func (p *sentimentPart) columns(text, by, when string) {
	p.start(reviews.Job{In: p.order.In, Column: text, By: by, When: when})
}

// start looks at the file's columns and judges it; where no column holds texts a
// person has to choose one first.
func (p *sentimentPart) start(order reviews.Job) {
	p.leave()
	order.Resume = false
	order.Out = filepath.Join(p.folder(), "reviews", stem(order.In)+"-"+time.Now().Format("20060102-150405.000")+".csv")
	p.order = order
	p.file = view.File{Name: filepath.Base(order.In), Running: true}
	p.view.ApplyFile(p.file)
	async(p.s, func(context.Context) (reviews.Columns, error) { return reviews.Look(order) }, func(c reviews.Columns, err error) {
		if p.order != order {
			return
		}
		p.file.Columns, p.file.Running = c, false
		switch {
		case err != nil:
			p.file = view.File{}
			p.s.fail(err)
		case c.Text == "":
			p.s.fail(reviews.ErrColumn)
		default:
			p.review()
			return
		}
		p.view.ApplyFile(p.file)
	})
}

// leave ends the work on the file on screen.
func (p *sentimentPart) leave() {
	if p.job != nil {
		p.job.Cancel()
		p.job = nil
	}
	p.forget()
}

// forget closes the rows.
func (p *sentimentPart) forget() {
	p.turn++
	if p.sifts != nil {
		p.sifts()
	}
	if p.scored != nil {
		p.s.fail(p.scored.Close())
	}
	p.scored, p.chosen, p.filter = nil, nil, reviews.Filter{}
}

// review carries out the order, from the file's beginning or on from where it was
// cancelled.
func (p *sentimentPart) review() {
	order := p.order
	p.file = view.File{Name: p.file.Name, Columns: p.file.Columns, Running: true}
	p.view.ApplyFile(p.file)
	analyst := p.open()
	var run *job.Job[reviewed]
	run = job.Start(p.s.ctx, job.Task[reviewed, reviewed]{
		Work: func(ctx context.Context, _ *job.Control, emit func(reviewed)) error {
			return judgeFile(ctx, analyst, order, emit)
		},
		Gather: func(state *reviewed, e reviewed) { *state = e },
		Publish: func(snap job.Snapshot[reviewed]) {
			p.s.post(func() {
				if p.job == run {
					p.applyFile(snap)
				}
			})
		},
	})
	p.job = run
}

func judgeFile(ctx context.Context, analyst *analyst, order reviews.Job, emit func(reviewed)) error {
	a, done, err := analyst.get(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := os.MkdirAll(filepath.Dir(order.Out), 0o755); err != nil {
		return err
	}
	var last reviews.Progress
	by := a.Identity()
	summary, err := reviews.Run(ctx, a, order, func(r reviews.Progress) {
		last = r
		emit(reviewed{progress: r, labels: a.Labels(), by: by})
	})
	if err != nil {
		return err
	}
	emit(reviewed{progress: last, summary: &summary, labels: a.Labels(), by: by})
	return nil
}

func (p *sentimentPart) applyFile(snap job.Snapshot[reviewed]) {
	ended := snap.State.Ended()
	p.file.Running = !ended
	p.file.Stopped = ended && snap.Value.summary == nil && snap.Value.progress.Rows > 0 // also by a full disk
	p.file.Progress, p.file.Summary = snap.Value.progress, snap.Value.summary
	p.file.Labels, p.by = snap.Value.labels, snap.Value.by
	if p.file.Summary != nil {
		p.file.Out = p.order.Out
	}
	p.view.ApplyFile(p.file)
	if !ended {
		return
	}
	p.job = nil // its last word may come twice
	p.s.fail(snap.Err)
	if p.file.Summary != nil {
		p.openRows()
		p.s.toasts.Show(shell.Good, p.s.book.T("sentiment.saved"), p.s.book.T("sentiment.copypath"), func() { p.s.copyText(p.file.Out) })
	}
}

// outdated offers to judge the file anew where another model or more corrections
// would judge it.
func (p *sentimentPart) outdated() {
	if old := p.file.Outdated; p.file.Summary != nil {
		if p.file.Outdated = p.known.by != p.by; p.file.Outdated != old {
			p.view.ApplyFile(p.file)
		}
	}
}

// openRows opens the judged rows for the table.
func (p *sentimentPart) openRows() {
	p.forget()
	order, turn := p.order, p.turn
	order.Column, order.By, order.When = p.file.Summary.Column, columnOr(p.file.Summary.By), columnOr(p.file.Summary.When)
	async(p.s, func(ctx context.Context) (*reviews.Scored, error) { return reviews.OpenScored(ctx, order) }, func(s *reviews.Scored, err error) {
		switch {
		case err != nil:
			p.s.fail(err)
		case p.turn != turn:
			p.s.fail(s.Close())
		default:
			p.scored = s
			p.sift(reviews.Filter{})
		}
	})
}

// columnOr is a column that was found, or None.
func columnOr(column string) string {
	if column == "" {
		return reviews.None
	}
	return column
}

// sift shows the rows that a filter lets through.
func (p *sentimentPart) sift(f reviews.Filter) {
	scored := p.scored
	if scored == nil {
		return
	}
	if p.sifts != nil {
		p.sifts()
	}
	p.filter = f
	p.turn++
	turn := p.turn
	p.sifts = async(p.s, func(ctx context.Context) ([]int32, error) { return scored.Select(ctx, f) }, func(rows []int32, err error) {
		if p.turn != turn {
			return
		}
		if err != nil {
			p.s.fail(err)
			return
		}
		p.chosen = rows
		p.showRows()
	})
}

// showRows brings the rows to the table.
func (p *sentimentPart) showRows() {
	if p.scored != nil {
		p.view.ApplyRows(len(p.chosen), p.scored.Rows())
	}
}

// page brings some of the rows.
func (p *sentimentPart) page(n int) {
	scored, turn := p.scored, p.turn
	rows := p.chosen[min(n*view.PageRows, len(p.chosen)):min((n+1)*view.PageRows, len(p.chosen))]
	if scored == nil || len(rows) == 0 {
		return
	}
	async(p.s, func(context.Context) ([]reviews.ScoredRow, error) { return readRows(scored, rows) }, func(list []reviews.ScoredRow, err error) {
		if p.turn != turn {
			return
		}
		if err != nil {
			p.s.fail(err)
			return
		}
		p.view.ApplyPage(n, list)
	})
}

func readRows(s *reviews.Scored, rows []int32) ([]reviews.ScoredRow, error) {
	list := make([]reviews.ScoredRow, len(rows))
	for i, row := range rows {
		var err error
		if list[i], err = s.Row(int(row)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// row shows one review with its words.
func (p *sentimentPart) row(i int) {
	scored := p.scored
	if scored == nil || i >= len(p.chosen) {
		return
	}
	number := int(p.chosen[i])
	async(p.s, func(context.Context) (reviews.ScoredRow, error) { return scored.Row(number) }, func(r reviews.ScoredRow, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.view.SetText(r.Text)
		p.view.Turn(view.PageText)
	})
}

// save writes the rows that the filter lets through where a person wants them.
func (p *sentimentPart) save() {
	scored, rows := p.scored, p.chosen
	if scored == nil {
		return
	}
	p.s.chooseSave(stem(p.file.Name)+".scored.csv", func(path string) {
		p.s.long(p.s.book.T("sentiment.saving", filepath.Base(path)), func(ctx context.Context, _ func(done, total int64)) error {
			return scored.Export(ctx, rows, path)
		}, func() {
			p.s.toasts.Show(shell.Good, p.s.book.T("sentiment.rows.saved", p.s.book.Count(len(rows))), p.s.book.T("sentiment.copypath"), func() { p.s.copyText(path) })
		})
	})
}
