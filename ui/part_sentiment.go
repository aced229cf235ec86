package ui

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"fyne.io/fyne/v2"

	"athanor/assets/models"
	"athanor/inference/sentiment"
	view "athanor/ui/sentiment"
	"athanor/ui/shell"
	"athanor/ui/try"
)

// sentimentPart is the sentiment screen's link to the studio.
type sentimentPart struct {
	s       *Studio
	view    *view.View
	text    string
	model   string // "" for the studio's own
	analyst *analyst
	known   analystFacts
	asking  bool
	quick   *analyst    // the one whose last answer came within a moment
	due     []time.Time // when the questions were asked whose answers the next frame shows
	reviewsState
}

// analyst opens the analyzer when it is first needed, with the corrections of
// the person.
type analyst struct {
	model, path string
	ready       chan struct{}
	a           *sentiment.Analyzer
	missing     error // why a word list stands in for a model
	close       func()
	err         error
	used        sync.RWMutex // held for reading by those who ask
}

// analystFacts are what the screen shows of an analyst.
type analystFacts struct {
	labels []sentiment.Label
	learnt int
	notice error
	by     sentiment.Identity // what verdicts come from now
}

func newAnalyst(model, corrections string) *analyst {
	n := &analyst{model: model, path: corrections, ready: make(chan struct{}), close: func() {}}
	go func() {
		defer close(n.ready)
		var end func()
		if n.a, n.missing, end, n.err = sentiment.NewNamed(model); n.err != nil {
			return
		}
		n.close = end
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

// folder is where verdicts are kept: the open project, or without one the data folder.
func (p *sentimentPart) folder() string {
	if p.s.project != nil {
		return p.s.project.Dir
	}
	return p.s.opts.Paths.Data
}

// corrections is where a person's own verdicts lie.
func (p *sentimentPart) corrections() string {
	return filepath.Join(p.folder(), "sentiment-corrections.jsonl")
}

// open is the analyst in use; the first question after a rest, another model or
// another project opens another.
func (p *sentimentPart) open() *analyst {
	path := p.corrections()
	if p.analyst != nil && p.analyst.model == p.model && p.analyst.path == path {
		return p.analyst
	}
	if p.analyst != nil {
		go p.analyst.end()
	}
	p.analyst = newAnalyst(p.model, path)
	p.learnFacts(p.analyst)
	return p.analyst
}

// learnFacts shows what an analyst can say once it is open. A model that cannot be
// used gives way to the studio's own.
func (p *sentimentPart) learnFacts(n *analyst) {
	async(p.s, func(ctx context.Context) (analystFacts, error) {
		a, done, err := n.get(ctx)
		if err != nil {
			return analystFacts{}, err
		}
		defer done()
		return analystFacts{labels: a.Labels(), learnt: len(a.Corrections()), notice: n.missing, by: a.Identity()}, nil
	}, func(f analystFacts, err error) {
		switch {
		case p.analyst != n:
		case err != nil && p.model != "":
			p.s.fail(err)
			p.choose("")
			p.listModels()
		case err != nil:
			p.s.fail(err)
		default:
			p.known = f
			p.showFacts()
		}
	})
}

func (p *sentimentPart) showFacts() {
	if p.known.labels == nil {
		return
	}
	p.view.ApplyLabels(p.known.labels)
	p.view.ApplyLearnt(p.known.learnt)
	notice := ""
	if p.known.notice != nil {
		notice = p.s.book.T("sentiment.wordlists")
	}
	p.view.ApplyNotice(notice)
	p.outdated()
}

// sleep closes the models, unless a file is being judged.
func (p *sentimentPart) sleep() {
	if p.analyst == nil || p.file.Running {
		return
	}
	go p.analyst.end()
	p.analyst, p.quick = nil, nil
}

func (p *sentimentPart) build() fyne.CanvasObject {
	p.view = view.New(p.s.book)
	p.view.OnModel = p.choose
	p.view.OnText = p.judge
	p.view.OnPainted = p.painted
	p.view.OnCut = func() { p.s.toasts.Show(shell.Plain, p.s.book.T("sentiment.cut"), "", nil) }
	p.view.OnCorrect = p.correct
	p.view.OnUndo = p.undo
	p.view.OnKeep = p.keepCorrections
	p.bindFile()
	p.open()
	p.showFacts()
	if p.text == "" {
		p.text = p.s.book.T("sentiment.example")
	}
	p.view.SetText(p.text)
	return p.view
}

func (p *sentimentPart) shown() {
	p.open()
	p.listModels()
	p.view.ApplyFile(p.file)
	p.showRows()
}

func (p *sentimentPart) hidden() {}

// listModels offers the studio's own methods and every model of texts.
func (p *sentimentPart) listModels() {
	list := []view.Choice{{Name: p.s.book.T("sentiment.model.auto")}}
	for _, id := range []string{models.ReviewsChinese, models.ReviewsChineseGRU, models.ReviewsEnglish, "lexicon", "vader"} {
		list = append(list, view.Choice{ID: id, Name: p.s.book.T("sentiment.model." + id)})
	}
	asked := p.model
	p.s.listModels(func(found []try.Choice) {
		if p.model != asked { // another was chosen meanwhile
			p.listModels()
			return
		}
		for _, c := range found {
			if c.Task == "text" {
				list = append(list, view.Choice{ID: c.ID, Name: c.Name})
			}
		}
		if !slices.ContainsFunc(list, func(c view.Choice) bool { return c.ID == p.model }) {
			p.choose("") // it was deleted
		}
		p.view.ApplyModels(list, p.model)
	})
}

// choose judges by another model.
func (p *sentimentPart) choose(model string) {
	if model == p.model {
		return
	}
	p.model = model
	p.open()
	p.judge(p.text)
}

// judge asks for the verdict on a text. While one is judged the newest waits: a
// person who goes on typing is answered all the time.
func (p *sentimentPart) judge(text string) {
	p.text = text
	p.due = append(p.due, time.Now())
	if !p.asking {
		p.ask()
	}
}

func (p *sentimentPart) ask() {
	text, analyst := p.text, p.open()
	if strings.TrimSpace(text) == "" {
		p.view.Apply(sentiment.Verdict{})
		return
	}
	p.asking = true
	if p.quick == analyst && p.judgeNow(analyst, text) {
		return
	}
	async(p.s, func(ctx context.Context) (judged, error) { return judge(ctx, analyst, text) },
		func(j judged, err error) { p.answer(analyst, text, j, err) })
}

// judgeNow judges on the UI goroutine, so that a key and its verdict are drawn by one
// frame; false where that takes longer than a moment.
func (p *sentimentPart) judgeNow(analyst *analyst, text string) bool {
	ctx, cancel := context.WithTimeout(p.s.ctx, quickMost)
	defer cancel()
	j, err := judge(ctx, analyst, text)
	if ctx.Err() != nil {
		return false
	}
	p.answer(analyst, text, j, err)
	return true
}

func (p *sentimentPart) answer(analyst *analyst, text string, j judged, err error) {
	p.asking, p.quick = false, nil
	if err == nil && j.took < soon {
		p.quick = analyst
	}
	switch {
	case p.text != text || p.analyst != analyst: // both have moved on
		p.ask()
	case err != nil: // learnFacts tells
	default:
		p.view.Apply(j.verdict)
	}
}

// judged is a verdict and how long it took.
type judged struct {
	verdict sentiment.Verdict
	took    time.Duration
}

func judge(ctx context.Context, n *analyst, text string) (judged, error) {
	a, done, err := n.get(ctx)
	if err != nil {
		return judged{}, err
	}
	defer done()
	began := time.Now()
	v, err := a.One(ctx, text, sentiment.Options{Explain: true})
	return judged{v, time.Since(began)}, err
}

// painted is told when a frame with the newest answer is drawn. What is posted
// from there runs when it was handed to the display.
func (p *sentimentPart) painted() {
	due := p.due
	p.due = nil
	p.s.post(func() {
		for _, at := range due {
			p.s.meter.answers.add(time.Since(at))
		}
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
	async(p.s, func(ctx context.Context) (sentiment.Identity, error) {
		a, done, err := analyst.get(ctx)
		if err != nil {
			return sentiment.Identity{}, err
		}
		defer done()
		if err := do(a); err != nil {
			return sentiment.Identity{}, err
		}
		return a.Identity(), a.SaveCorrections(analyst.path)
	}, func(by sentiment.Identity, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.known.learnt, p.known.by = by.Corrections, by
		p.view.ApplyLearnt(by.Corrections)
		p.outdated()
		p.judge(p.text)
	})
}

// keepCorrections writes the corrections as a training set where a person wants it.
func (p *sentimentPart) keepCorrections() {
	p.s.chooseSave("corrections.jsonl", func(path string) {
		analyst := p.open()
		async(p.s, func(ctx context.Context) (struct{}, error) {
			a, done, err := analyst.get(ctx)
			if err != nil {
				return struct{}{}, err
			}
			defer done()
			return struct{}{}, a.SaveCorrections(path)
		}, func(_ struct{}, err error) {
			if err != nil {
				p.s.fail(err)
				return
			}
			p.s.toasts.Show(shell.Good, p.s.book.T("sentiment.kept"), p.s.book.T("sentiment.kept.open"), func() { p.s.openData(path) })
		})
	})
}
