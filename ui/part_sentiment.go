package ui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/job"
	"athanor/app/reviews"
	"athanor/inference/sentiment"
	view "athanor/ui/sentiment"
	"athanor/ui/shell"
)

// sentimentPart is the sentiment screen's link to the studio.
type sentimentPart struct {
	s       *Studio
	view    *view.View
	text    string
	analyst *analyst
	asking  context.CancelFunc
	file    view.File
	job     *job.Job[reviewed]
	order   reviews.Job // of the file on screen
}

// analyst opens the analyzer when it is first needed, with the corrections of
// the person.
type analyst struct {
	path  string
	ready chan struct{}
	a     *sentiment.Analyzer
	close func()
	err   error
	used  sync.RWMutex // held for reading by those who ask
}

func newAnalyst(corrections string) *analyst {
	n := &analyst{path: corrections, ready: make(chan struct{})}
	go func() {
		defer close(n.ready)
		n.a, _, n.close = sentiment.NewDefault() // word lists stand in where a model is missing
		n.err = n.a.LoadCorrections(corrections)
	}()
	return n
}

// get returns the analyzer, which stays open until done is called.
func (n *analyst) get(ctx context.Context) (a *sentiment.Analyzer, done func(), err error) {
	select {
	case <-n.ready:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if n.err != nil {
		return nil, nil, n.err
	}
	n.used.RLock()
	return n.a, n.used.RUnlock, nil
}

// end frees the models when nobody asks any more.
func (n *analyst) end() {
	<-n.ready
	n.used.Lock()
	defer n.used.Unlock()
	n.close()
}

// open is the analyst in use; the first question after a rest opens another.
func (p *sentimentPart) open() *analyst {
	if p.analyst == nil {
		p.analyst = newAnalyst(filepath.Join(p.s.opts.Paths.Data, "sentiment-corrections.jsonl"))
	}
	return p.analyst
}

// sleep closes the models, unless a file is being judged.
func (p *sentimentPart) sleep() {
	if p.analyst == nil || p.file.Running {
		return
	}
	go p.analyst.end()
	p.analyst = nil
}

func (p *sentimentPart) build() fyne.CanvasObject {
	p.open()
	p.view = view.New(p.s.book)
	p.view.OnText = p.judge
	p.view.OnCorrect = p.correct
	p.view.OnUndo = p.undo
	p.view.OnFile = func() { p.s.chooseFile(reviewNames(), p.load) }
	p.view.OnCancel = func() {
		if p.job != nil {
			p.job.Cancel()
		}
	}
	p.view.OnResume = func() {
		p.order.Resume = true
		p.review()
	}
	if p.text == "" {
		p.text = p.s.book.T("sentiment.example")
	}
	p.view.SetText(p.text)
	return p.view
}

func (p *sentimentPart) shown() {
	p.open()
	p.view.ApplyFile(p.file)
}

func (p *sentimentPart) hidden() {}

func reviewNames() []string { return []string{".csv", ".tsv", ".jsonl", ".txt", ".parquet", ".gz"} }

// drop takes a dropped file of reviews.
func (p *sentimentPart) drop(uris []fyne.URI) bool {
	if !slices.Contains(reviewNames(), strings.ToLower(filepath.Ext(uris[0].Path()))) {
		return false
	}
	p.load(uris[0].Path())
	return true
}

// judge asks for the verdict on a text; a newer text cancels it.
func (p *sentimentPart) judge(text string) {
	p.text = text
	if p.asking != nil {
		p.asking()
	}
	if strings.TrimSpace(text) == "" {
		p.view.Apply(sentiment.Verdict{})
		return
	}
	analyst := p.open()
	p.asking = async(p.s, func(ctx context.Context) (sentiment.Verdict, error) {
		a, done, err := analyst.get(ctx)
		if err != nil {
			return sentiment.Verdict{}, err
		}
		defer done()
		return a.One(ctx, text, sentiment.Options{Explain: true})
	}, func(v sentiment.Verdict, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.view.Apply(v)
	})
}

// correct learns a person's own verdict and judges again.
func (p *sentimentPart) correct(text string, label sentiment.Label) {
	p.change(func(a *sentiment.Analyzer) error { return a.Correct(text, label) })
}

// undo takes the last correction back.
func (p *sentimentPart) undo() {
	p.change(func(a *sentiment.Analyzer) error {
		a.Undo()
		return nil
	})
}

func (p *sentimentPart) change(do func(*sentiment.Analyzer) error) {
	analyst := p.open()
	async(p.s, func(ctx context.Context) (int, error) {
		a, done, err := analyst.get(ctx)
		if err != nil {
			return 0, err
		}
		defer done()
		if err := do(a); err != nil {
			return 0, err
		}
		return len(a.Corrections()), a.SaveCorrections(analyst.path)
	}, func(n int, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.view.ApplyLearnt(n)
		p.judge(p.text)
	})
}

// reviewed is what a job over a file has told so far.
type reviewed struct {
	progress reviews.Progress
	summary  *reviews.Summary
}

// load judges a file of reviews.
func (p *sentimentPart) load(path string) {
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	out := filepath.Join(p.s.opts.Paths.Data, "reviews", base+"-"+time.Now().Format("20060102-150405")+".csv")
	p.order = reviews.Job{In: path, Out: out}
	p.review()
}

// review carries out the order, from the file's beginning or on from where it was
// cancelled.
func (p *sentimentPart) review() {
	if p.job != nil {
		p.job.Cancel()
	}
	order := p.order
	p.file = view.File{Name: filepath.Base(order.In), Running: true}
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
					p.applyFile(snap, order.Out)
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
	summary, err := reviews.Run(ctx, a, order, func(r reviews.Progress) {
		last = r
		emit(reviewed{progress: r})
	})
	if err != nil {
		return err
	}
	emit(reviewed{progress: last, summary: &summary})
	return nil
}

func (p *sentimentPart) applyFile(snap job.Snapshot[reviewed], out string) {
	p.file.Running = !snap.State.Ended()
	p.file.Stopped = snap.State.Ended() && errors.Is(snap.Err, context.Canceled)
	p.file.Progress, p.file.Summary, p.file.Out = snap.Value.progress, snap.Value.summary, out
	p.view.ApplyFile(p.file)
	if snap.State.Ended() && snap.Err != nil && !errors.Is(snap.Err, context.Canceled) {
		p.s.fail(snap.Err)
	}
	if p.file.Summary != nil {
		p.s.toasts.Show(shell.Good, p.s.book.T("sentiment.saved"), p.s.book.T("sentiment.copypath"), func() { p.s.copyText(out) })
	}
}
