package ui

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"fyne.io/fyne/v2"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/health"
	"athanor/pipeline/dataset/source"
	"athanor/ui/data"
	"athanor/ui/widgets"
)

// dataPart is the data screen's link to the studio.
type dataPart struct {
	s     *Studio
	view  *data.View
	part  data.Part
	class int   // -1 is all
	rows  []int // of the feed on screen, after the class filter
	work  *loader

	teaching *teaching // nil while no classes are captured

	checking context.CancelFunc
	reading  context.CancelFunc // of rows
	health   *health.Report
	healthOf *opened // whose report that is
}

func (p *dataPart) build() fyne.CanvasObject {
	p.view = data.New(p.s.book)
	p.view.OnOpenFile = p.s.chooseData
	p.view.OnOpenFolder = p.s.chooseFolder
	p.view.OnDigits = func() { p.s.jobs.open(source.Digits, func() {}) }
	p.view.OnCancel = p.s.jobs.giveUp
	p.view.OnTrain = func() { p.s.Go(placeTrain) }
	p.view.OnPart = func(part data.Part) {
		p.part = part
		p.list()
	}
	p.view.OnClass = func(class int) {
		p.class = class
		p.list()
	}
	p.view.OnTeach, p.view.OnAugment = p.teach, p.chooseAugment
	p.view.OnFix, p.view.OnSamples, p.view.OnUndo, p.view.OnRedo = p.fix, p.samples, p.undo, p.redo
	p.view.OnColumns, p.view.OnSplit = p.columns, p.split
	p.view.Grid().OnSelect = p.openSample
	p.class = -1
	p.apply()
	if p.teaching != nil {
		p.teach()
	}
	return p.view
}

func (p *dataPart) shown() {}

// hidden closes a camera that nobody watches any more.
func (p *dataPart) hidden() {
	if p.teaching != nil {
		p.teaching.stop()
	}
}

// openPatience is how long opening may take before the screen says how far it is: what
// is there at once needs no such words.
const openPatience = 400 * time.Millisecond

// busy says that data are being opened since began, and how far that is; "" ends it.
func (p *dataPart) busy(path string, began time.Time, done, total int) {
	if p.view == nil {
		return
	}
	took := time.Since(began)
	if path == "" {
		p.view.ApplyBusy("", 0)
		return
	}
	if took < openPatience {
		return
	}
	text, share := p.s.book.T("data.opening", filepath.Base(path)), 0.0
	if total > 0 && done > 0 {
		share = float64(done) / float64(total)
		text += " " + p.s.book.Percent(share) + " · " + p.s.book.T("status.left", p.s.book.Duration(time.Duration(float64(took)*(1-share)/share)))
	}
	p.view.ApplyBusy(text, share)
}

// apply shows the open data set.
func (p *dataPart) apply() {
	if p.view == nil {
		return
	}
	o := p.s.jobs.data
	if o == nil {
		p.view.Apply(nil)
		return
	}
	set := o.set
	p.part, p.class = data.Training, -1
	p.view.Apply(&data.Summary{
		Name: p.s.jobs.title(), Path: o.path, Kind: string(set.Task), Fingerprint: set.Fingerprint,
		Counts: [3]int{length(set.Train), length(set.Validation), length(set.Test)}, Classes: p.classes(set.Train),
	})
	p.list()
	p.showAugment()
	p.showChanges()
	p.check(o)
}

// check looks the data over.
func (p *dataPart) check(o *opened) {
	if p.checking != nil {
		p.checking()
	}
	if p.health != nil && p.healthOf == o {
		p.view.ApplyHealth(p.health.Findings, true)
		return
	}
	p.view.ApplyHealth(nil, false)
	config, err := o.kept.Config()
	if err != nil {
		p.s.fail(err)
		return
	}
	config.Cache = p.s.opts.Paths.Cache
	p.checking = async(p.s, func(ctx context.Context) (*health.Report, error) {
		return health.Check(ctx, config)
	}, func(r *health.Report, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.health, p.healthOf = r, o
		p.view.ApplyHealth(r.Findings, true)
	})
}

func length(f dataset.Feed) int {
	if f == nil {
		return 0
	}
	return f.Len()
}

func (p *dataPart) classes(feed dataset.Feed) []data.Class {
	names := p.s.jobs.data.set.Classes
	classes := make([]data.Class, len(names))
	for i, name := range names {
		classes[i].Name = name
	}
	for row := range length(feed) {
		if c := feed.Class(row); c >= 0 && c < len(classes) {
			classes[c].Count++
		}
	}
	return classes
}

func (p *dataPart) feed() dataset.Feed {
	set := p.s.jobs.data.set
	return []dataset.Feed{set.Train, set.Validation, set.Test}[p.part]
}

// list shows the samples of the chosen part and class.
func (p *dataPart) list() {
	if p.s.jobs.data == nil {
		return
	}
	feed := p.feed()
	p.rows = p.rows[:0:0]
	for row := range length(feed) {
		if p.class < 0 || feed.Class(row) == p.class {
			p.rows = append(p.rows, row)
		}
	}
	if p.work != nil {
		p.work.stop()
	}
	p.work = newLoader(p.s, p.view.Grid(), feed, p.rows, p.s.jobs.data.set.Classes)
	p.view.Grid().Load = p.work.ask
	p.view.ApplyPart(p.part, len(p.rows), p.classes(feed))
	p.listRows()
}

// loader draws thumbnails of one list of samples off the UI goroutine, the
// newest wish first: that is what is on screen.
type loader struct {
	s       *Studio
	grid    *widgets.Grid
	feed    dataset.Feed
	rows    []int
	classes []string
	cancel  context.CancelFunc

	began time.Time
	seen  func(time.Duration) // told of the first picture

	mu     sync.Mutex
	wishes []int
	asked  map[int]bool
	wake   chan struct{}
}

// atOnce is how many thumbnails come to the screen in one call: each is a texture
// to upload, and a frame shall stay short.
const atOnce = 10

// mostWishes is how many thumbnails wait at most; older wishes have scrolled away.
const mostWishes = 400

func newLoader(s *Studio, grid *widgets.Grid, feed dataset.Feed, rows []int, classes []string) *loader {
	l := &loader{s: s, grid: grid, feed: feed, rows: rows, classes: classes, asked: map[int]bool{}, wake: make(chan struct{}, 1), began: time.Now()}
	l.seen = s.meter.pictured
	ctx, cancel := context.WithCancel(s.ctx)
	l.cancel = cancel
	go l.run(ctx)
	return l
}

func (l *loader) stop() { l.cancel() }

// ask wishes for the picture of cell i.
func (l *loader) ask(i int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked[i] {
		return
	}
	l.asked[i] = true
	l.wishes = append(l.wishes, i)
	if len(l.wishes) > mostWishes {
		delete(l.asked, l.wishes[0])
		l.wishes = l.wishes[1:]
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// take removes up to n wishes, newest first.
func (l *loader) take(n int) []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = min(n, len(l.wishes))
	batch := append([]int(nil), l.wishes[len(l.wishes)-n:]...)
	l.wishes = l.wishes[:len(l.wishes)-n]
	for _, i := range batch {
		delete(l.asked, i)
	}
	return batch
}

func (l *loader) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		}
		for batch := l.take(atOnce); len(batch) > 0; batch = l.take(atOnce) {
			l.draw(ctx, batch)
		}
	}
}

// draw makes the pictures of a batch and hands them over in one call.
func (l *loader) draw(ctx context.Context, batch []int) {
	thumbs := make([]widgets.Thumb, len(batch))
	for k, i := range batch {
		row := l.rows[i]
		picture, err := data.Picture(ctx, l.feed, row, -1)
		thumbs[k] = widgets.Thumb{Picture: picture, Caption: l.caption(row), Bad: err != nil}
	}
	l.s.post(func() {
		if ctx.Err() != nil {
			return
		}
		for k, i := range batch {
			l.grid.Put(i, thumbs[k])
		}
		if l.seen != nil {
			l.seen(time.Since(l.began))
			l.seen = nil
		}
	})
}

func (l *loader) caption(row int) string {
	if c := l.feed.Class(row); c >= 0 && c < len(l.classes) {
		return l.classes[c]
	}
	return ""
}
