package ui

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/quantization"
	"athanor/inference/fetch"
	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/remote"
	"athanor/pipeline/outline"
	"athanor/pipeline/quantize"
	"athanor/ui/models"
	"athanor/ui/shell"
	"athanor/ui/try"
)

// modelsPart is the models screen's link to the studio.
type modelsPart struct {
	s          *Studio
	view       *models.View
	fetching   context.CancelFunc
	copying    context.CancelFunc    // smaller copies
	copies     string                // the folder they are in
	copiesFrom string                // the model they are of
	measured   *quantization.Outcome // of them
	trashed    string                // what was deleted last
}

func (p *modelsPart) build() fyne.CanvasObject {
	v := models.New(p.s.book)
	p.view = v
	v.OnChoose = p.choose
	v.OnImport = func() { p.s.chooseFile([]string{".onnx"}, p.bring) }
	v.OnTry = p.s.tryModel
	v.OnEvaluate = p.s.evaluateModel
	v.OnServe = p.s.serveModel
	v.OnTeach = p.s.teachModel
	v.OnCopy = p.s.copyText
	v.OnFetch = p.fetch
	v.OnQuantize, v.OnKeep, v.OnCancel = p.quantize, p.keepCopy, p.cancelCopies
	v.OnDelete, v.OnDescribe, v.OnRemote = p.remove, p.describe, p.askRemote
	return v
}

func (p *modelsPart) shown() {
	p.list()
	p.known()
}

func (p *modelsPart) hidden() {}

func (p *modelsPart) list() {
	p.s.listModels(func(list []try.Choice) {
		items := make([]models.Item, len(list))
		for i, c := range list {
			items[i] = models.Item{ID: c.ID, Name: c.Name, Task: c.Task}
		}
		p.view.ApplyList(items)
	})
}

// drop takes a dropped model.
func (p *modelsPart) drop(uris []fyne.URI) bool {
	if strings.ToLower(filepath.Ext(uris[0].Path())) != ".onnx" {
		return false
	}
	p.bring(uris[0].Path())
	return true
}

// choose reads what a model says about itself.
func (p *modelsPart) choose(path string) {
	if path != p.copiesFrom {
		p.cancelCopies()
	}
	async(p.s, func(context.Context) (models.Card, error) { return p.s.card(path) }, func(c models.Card, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.view.ApplyCard(c)
		if c.Timed {
			p.timeAnswer(path)
		}
	})
}

// timeMost is up to what size a model is opened to see how long an answer takes, and
// timeFor how long it is asked.
const (
	timeMost = 64 << 20
	timeFor  = 100 * time.Millisecond
)

// timeAnswer measures how long a model takes for a row of zeros, and says it on its
// card. One that cannot be opened or takes no zeros says why where it is used.
func (p *modelsPart) timeAnswer(path string) {
	async(p.s, func(ctx context.Context) (time.Duration, error) {
		m, err := model.Open(path, model.Options{})
		if err != nil {
			return 0, err
		}
		defer m.Close()
		took, err := remote.LoadTest{Workers: 1, Duration: timeFor}.Model(ctx, m)
		return took.P50, cmp.Or(err, took.FirstErr)
	}, func(took time.Duration, err error) {
		text := "–"
		if err == nil {
			text = fmt.Sprintf("%.3g ms", float64(took)/float64(time.Millisecond))
		}
		p.view.ApplyLatency(path, text)
	})
}

// card reads a model file; it may be called from any goroutine.
func (s *Studio) card(path string) (models.Card, error) {
	info, err := describeFile(path)
	if err != nil {
		return models.Card{}, err
	}
	c := s.cardOf(path, info.Size, info)
	if !remote.IsRef(path) {
		m, err := onnx.Skim(path)
		if err != nil {
			return c, err
		}
		c.Blocks = outline.Of(m.Graph)
	}
	return c, nil
}

// meta is a key of the model's metadata, "" where it is not there.
func meta(info model.Info, key string) string {
	for _, p := range info.Metadata {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

// tellMemory is from what size on a card says what opening the model takes.
const tellMemory = 256 << 20

func (s *Studio) cardOf(path string, size int64, info model.Info) models.Card {
	b := s.book
	name := filepath.Base(path)
	if name == "model.onnx" {
		name = filepath.Base(filepath.Dir(path))
	}
	task := b.T("task.foreign")
	if info.Task != model.Foreign {
		task = b.T("task." + string(info.Task))
	}
	facts := [][2]string{
		{b.T("models.task"), task},
		{b.T("models.size"), b.Bytes(size)},
		{b.T("models.producer"), info.Producer},
		{b.T("flight.parameters"), b.Count(int(info.Parameters))},
		{b.T("models.nodes"), b.Count(info.Nodes)},
		{b.T("models.opset"), strconv.FormatInt(info.Opset, 10)},
	}
	if info.Size > tellMemory {
		facts = append(facts, [2]string{b.T("models.memory"), b.T("models.memory.text", b.Bytes(info.Memory()))})
	}
	if len(info.Foreign) > 0 {
		facts = append(facts, [2]string{b.T("models.foreign"), strings.Join(info.Foreign, ", ")})
	}
	quantized := meta(info, quantize.Key)
	if quantized != "" {
		facts = append(facts, [2]string{b.T("models.quantized"), b.T("models.method." + quantized)})
	}
	if parity := meta(info, "athanor.parity"); parity != "" {
		facts = append(facts, [2]string{b.T("models.parity"), b.T("models.parity.text", parity)})
	}
	if info.Fingerprint != "" {
		facts = append(facts, [2]string{b.T("data.fingerprint"), info.Fingerprint})
	}
	return models.Card{
		Name: name, Path: path, Facts: facts, Inputs: portTexts(info.Inputs), Outputs: portTexts(info.Outputs),
		Labels: info.Labels, Usable: info.Task != model.Foreign, Small: quantized != "" || remote.IsRef(path),
		Teach: !remote.IsRef(path),
		Timed: !remote.IsRef(path) && info.Size <= timeMost && len(info.Foreign) == 0,
	}
}

func portTexts(ports []model.Port) []string {
	out := make([]string, len(ports))
	for i, p := range ports {
		out[i] = p.Name + ": " + p.Text
	}
	return out
}

// bring copies an ONNX file into the studio after looking at it. One that takes
// pictures or rows but does not say how is asked about at once.
func (p *modelsPart) bring(path string) {
	folder := p.s.opts.Paths.Models()
	silent := false
	async(p.s, func(context.Context) (string, error) {
		info, err := describeFile(path)
		if err != nil {
			return "", err
		}
		if info.Task == model.Foreign && len(info.Inputs) == 1 {
			if silent, err = readsRows(path); err != nil {
				return "", err
			}
			silent = silent || len(info.Inputs[0].Shape) == 4
		}
		return copyInto(folder, path)
	}, func(to string, err error) {
		p.view.Expect(to)
		p.brought(to, err)
		if err == nil && silent {
			p.describe(to)
		}
	})
}

func freeName(path string) string {
	base := strings.TrimSuffix(path, filepath.Ext(path))
	for i := 2; ; i++ {
		if _, err := os.Lstat(path); err != nil {
			return path
		}
		path = base + "-" + strconv.Itoa(i) + filepath.Ext(path)
	}
}

// known shows the models that can be fetched by name.
func (p *modelsPart) known() {
	folder, b, items := p.s.opts.Paths.Models(), p.s.book, fetch.Known()
	var list []models.Known // the book's language may change while the disk is looked at
	for _, item := range items {
		list = append(list, models.Known{Name: item.Name, Title: p.s.knownTitle(item), Detail: b.Bytes(item.Size) + " · " + item.License + " · " + item.Name})
	}
	async(p.s, func(context.Context) ([]models.Known, error) {
		for i, item := range items {
			_, list[i].Here = fetch.Have(item, folder)
		}
		return list, nil
	}, func(list []models.Known, _ error) { p.view.ApplyKnown(list) })
}

// fetch downloads a known model after asking.
func (p *modelsPart) fetch(name string) { p.s.askFetch(name, p.download) }

// askFetch shows a known model's licence, size, address and checksum and asks
// before anything is fetched: this is one of the few moments in which something
// leaves or enters the machine.
func (s *Studio) askFetch(name string, then func(fetch.Item)) {
	item, err := fetch.Find(name)
	if err != nil {
		s.fail(err)
		return
	}
	b := s.book
	text := b.T("models.fetch.text", s.knownTitle(item), b.Bytes(item.Size), item.License, item.URL, item.SHA256)
	shell.Ask(s.window, b, b.T("models.fetch.title"), text, b.T("models.fetch"), func() { then(item) })
}

// knownTitle is what a known model is called in the window's language.
func (s *Studio) knownTitle(item fetch.Item) string { return s.book.T("known." + item.Name) }

func (p *modelsPart) download(item fetch.Item) {
	s, folder := p.s, p.s.opts.Paths.Models()
	s.status.SetNetwork(s.book.T("models.fetching", s.knownTitle(item)))
	tell := func(done, total int64) {
		s.post(func() { p.view.ApplyFetch(s.book.T("models.fetching", s.knownTitle(item)), done, total) })
	}
	p.fetching = async(s, func(ctx context.Context) (string, error) {
		return fetch.Get(ctx, item, fetch.Config{Dir: folder, Progress: tell})
	}, func(path string, err error) {
		s.status.SetNetwork("")
		p.view.ApplyFetch("", 0, 0)
		if err != nil {
			s.fail(err)
			return
		}
		s.toasts.Show(shell.Good, s.book.T("models.brought", filepath.Base(path)), "", nil)
		p.shown()
	})
}

// tryModel opens the try screen with a model.
func (s *Studio) tryModel(path string) {
	if p, ok := s.parts[placeTry].(*tryPart); ok {
		s.Go(placeTry)
		p.choose(path)
		p.shown()
	}
}
