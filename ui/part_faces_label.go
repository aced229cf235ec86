package ui

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"athanor/inference/face"
	"athanor/inference/vision"
	"athanor/ui/faces"
)

// labelPictures is how many pictures of a clip or folder are offered for drawing
// boxes.
const labelPictures = 24

// labelling is the drawing of true boxes on one source.
type labelling struct {
	source string
	path   string // of the table
	list   []face.Labelling
	images []*image.RGBA // made when a picture is first shown
	truths map[string]face.Truth
	names  []string // in the order of the table
	at     int
	undo   []before
	cancel context.CancelFunc
	scores []face.Scored // newest
}

// before is a picture's boxes before a change; none says it was not looked at.
type before struct {
	at    int
	truth face.Truth
	none  bool
}

func (p *facesPart) bindLabels() {
	l := p.view.Labels()
	l.OnMove, l.OnBoxes, l.OnUndo = p.moveLabel, p.boxes, p.undoLabel
	l.OnSuggest, l.OnScore, l.OnClose = p.suggest, p.score, p.closeLabels
	if p.labelling != nil && p.labelling.list != nil { // the screen was made anew
		p.showLabels()
		l.ApplyScores(p.labelling.scores)
	}
}

// label asks for a clip, or takes the file that is being watched, and opens it
// for drawing.
func (p *facesPart) label() {
	if w := p.watching; w != nil {
		if kind, err := vision.KindOf(w.spec); err == nil && !kind.Live() {
			p.openLabels(w.spec)
			return
		}
	}
	p.s.chooseFile(append(pictureNames(), videoNames()...), p.openLabels)
}

// openLabels reads pictures of a source and the boxes drawn before.
func (p *facesPart) openLabels(source string) {
	p.stop()
	p.closeLabels()
	l := &labelling{source: source, path: p.labelPath(source)}
	p.labelling = l
	p.view.ShowLabels(true)
	p.view.Labels().Apply(faces.SourceTitle(source), nil)
	p.view.Labels().ApplyScores(nil)
	p.view.Labels().ApplyPath(l.path)
	var known []face.Truth
	l.cancel = async(p.s, func(ctx context.Context) ([]face.Labelling, error) {
		var err error
		if known, err = readBoxes(l.path); err != nil {
			return nil, err
		}
		return face.Pick(ctx, source, labelPictures)
	}, func(list []face.Labelling, err error) {
		if p.labelling != l {
			return
		}
		if err != nil {
			p.closeLabels()
			p.s.fail(err)
			return
		}
		l.cancel = nil
		l.take(list, known)
		p.showLabels()
	})
}

// labelPath is where the boxes of a source are kept.
func (p *facesPart) labelPath(source string) string {
	if abs, err := filepath.Abs(source); err == nil {
		source = abs
	}
	sum := sha256.Sum256([]byte(source))
	return filepath.Join(p.s.opts.Paths.Data, "faces", "labels", fmt.Sprintf("%s-%x.csv", filepath.Base(source), sum[:3]))
}

func readBoxes(path string) ([]face.Truth, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read true boxes: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	list, err := face.ReadBoxes(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

func (l *labelling) take(list []face.Labelling, known []face.Truth) {
	l.list, l.images, l.truths = list, make([]*image.RGBA, len(list)), map[string]face.Truth{}
	for _, t := range known {
		l.set(t)
	}
	l.at = max(0, slices.IndexFunc(list, func(one face.Labelling) bool { return !l.has(one.Name) }))
}

func (l *labelling) has(name string) bool {
	_, ok := l.truths[name]
	return ok
}

func (l *labelling) set(t face.Truth) {
	if !l.has(t.Name) {
		l.names = append(l.names, t.Name)
	}
	l.truths[t.Name] = t
}

// all are the true boxes in the order of the table.
func (l *labelling) all() []face.Truth {
	var list []face.Truth
	for _, name := range l.names {
		if t, ok := l.truths[name]; ok {
			list = append(list, t)
		}
	}
	return list
}

// sheet is the picture at hand.
func (l *labelling) sheet() *faces.Sheet {
	one := l.list[l.at]
	if l.images[l.at] == nil {
		l.images[l.at] = one.Frame.RGBA(nil)
	}
	s := &faces.Sheet{Picture: l.images[l.at], Name: one.Name, Index: l.at, Count: len(l.list), CanUndo: len(l.undo) > 0}
	for _, b := range l.truths[one.Name].Boxes {
		s.Boxes = append(s.Boxes, b.Scale(1/one.Scale, 1/one.Scale))
	}
	for _, other := range l.list {
		if l.has(other.Name) {
			s.Done++
		}
	}
	return s
}

// change gives the picture at hand other boxes, in pixels of the file, and
// remembers those it had.
func (l *labelling) change(boxes []face.Box) {
	name := l.list[l.at].Name
	old, ok := l.truths[name]
	l.undo = append(l.undo, before{at: l.at, truth: old, none: !ok})
	l.set(face.Truth{Name: name, Boxes: boxes, Ignored: old.Ignored})
}

func (p *facesPart) showLabels() {
	l := p.labelling
	p.view.ShowLabels(true)
	p.view.Labels().Apply(faces.SourceTitle(l.source), l.sheet())
	p.view.Labels().ApplyPath(l.path)
}

// boxes takes what a person drew, and keeps it on disk.
func (p *facesPart) boxes(drawn []face.Box) {
	l := p.labelling
	if l == nil || l.list == nil {
		return
	}
	by := l.list[l.at].Scale
	scaled := make([]face.Box, len(drawn))
	for i, b := range drawn {
		scaled[i] = b.Scale(by, by)
	}
	l.change(scaled)
	p.keepLabels()
}

// keepLabels writes the table and shows what it holds.
func (p *facesPart) keepLabels() {
	l := p.labelling
	var table bytes.Buffer
	err := face.WriteBoxes(&table, l.all())
	if err == nil {
		err = makeFolder(filepath.Dir(l.path))
	}
	if err == nil {
		err = vision.WriteFile(l.path, table.Bytes())
	}
	p.s.fail(err)
	p.showLabels()
}

// moveLabel goes to another picture; the one that is left has been looked at,
// also without a face.
func (p *facesPart) moveLabel(by int) {
	l := p.labelling
	if l == nil || l.list == nil {
		return
	}
	seen := !l.has(l.list[l.at].Name)
	if seen {
		l.change(nil)
	}
	l.at = (l.at + by + len(l.list)) % len(l.list)
	if seen {
		p.keepLabels()
		return
	}
	p.showLabels()
}

func (p *facesPart) undoLabel() {
	l := p.labelling
	if l == nil || len(l.undo) == 0 {
		return
	}
	last := l.undo[len(l.undo)-1]
	l.undo = l.undo[:len(l.undo)-1]
	l.at = last.at
	name := l.list[l.at].Name
	if last.none {
		delete(l.truths, name)
		l.names = slices.DeleteFunc(l.names, func(n string) bool { return n == name })
	} else {
		l.set(last.truth)
	}
	p.keepLabels()
}

// suggest adds what the chosen detector finds and nobody has drawn yet.
func (p *facesPart) suggest() {
	l := p.labelling
	d, ok := p.find(p.slot(0))
	if l == nil || l.list == nil || !ok {
		return
	}
	at, one, params := l.at, l.list[l.at], p.params(d)
	p.busy++
	async(p.s, func(ctx context.Context) ([]face.Face, error) { return d.Detect(ctx, one.Frame, params) }, func(found []face.Face, err error) {
		p.busy--
		if err != nil {
			p.s.fail(err)
			return
		}
		if p.labelling != l || l.at != at {
			return
		}
		boxes := slices.Clone(l.truths[one.Name].Boxes)
		for _, f := range found {
			box := f.Box.Scale(one.Scale, one.Scale)
			if !slices.ContainsFunc(boxes, func(b face.Box) bool { return face.IoU(b, box) > 0.4 }) {
				boxes = append(boxes, box)
			}
		}
		l.change(boxes)
		p.keepLabels()
	})
}

// score runs every detector on the pictures with true boxes.
func (p *facesPart) score() {
	l := p.labelling
	if l == nil || l.list == nil || l.cancel != nil {
		return
	}
	view, text := p.view.Labels(), p.s.book.T("faces.scoring")
	params := make([]face.Params, len(p.detectors))
	for i, d := range p.detectors {
		params[i] = p.params(d)
	}
	config := face.ScoreConfig{
		Sources: []string{l.source}, Truths: l.all(), Detectors: p.detectors, Params: params,
		Progress: func(done, total int) { p.s.post(func() { view.ApplyProgress(text, done, total) }) },
	}
	p.busy++
	view.ApplyProgress(text, 0, 0)
	ctx, cancel := context.WithCancel(p.s.ctx)
	l.cancel = cancel
	go func() {
		list, err := face.Score(ctx, config)
		p.s.post(func() {
			cancel()
			p.busy--
			l.cancel = nil
			view.ApplyProgress("", 0, 0)
			p.s.fail(err)
			if err == nil && p.labelling == l {
				l.scores = list
				view.ApplyScores(list)
			}
		})
	}()
}

func (p *facesPart) closeLabels() {
	if p.labelling != nil && p.labelling.cancel != nil {
		p.labelling.cancel()
	}
	p.labelling = nil
	p.view.ShowLabels(false)
}
