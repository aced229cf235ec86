package try

import (
	"image"
	"math"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"athanor/inference/attribution"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Why is an explanation: a picture of the pixels that spoke for the answer, or
// the words or columns that did.
type Why struct {
	Picture image.Image
	Shares  []Share
	Note    string // how complete it is, or why there is none
	Change  string // what would change the answer
	Effect  *Effect
}

// Share is one word's or column's part in an answer.
type Share struct {
	Name  string
	Value float64 // positive for the answer
	Note  string
}

// shownShares is how many words or columns are listed.
const shownShares = 8

func (v *View) makeWhy() {
	v.heat = &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScalePixels}
	v.heat.SetMinSize(fyne.NewSquareSize(seenSide))
	v.words, v.reason, v.change = widgets.NewBars(96, 56), widgets.SmallParagraph(""), widgets.SmallParagraph("")
	v.makeEffect()
	v.alike = widgets.NewAlikes(v.book.T("try.alike"))
	v.why = widgets.NewCheck(v.book.T("try.why"), func(on bool) {
		widgets.SetVisible(v.method, on && v.task == "image")
		if !on {
			v.ApplyWhy(Why{})
		}
		if v.OnWhy != nil {
			v.OnWhy(on)
		}
	})
	names := make([]string, 0, 4)
	for _, m := range attribution.Methods() {
		names = append(names, v.book.T("try.method."+string(m)))
	}
	v.method = widgets.NewSelect(names, nil)
	v.method.SetSelectedIndex(0)
	v.method.OnChanged = func(string) {
		if v.OnMethod != nil {
			v.OnMethod(string(attribution.Methods()[v.method.SelectedIndex()]))
		}
	}
	v.method.Hide()
	for _, o := range []fyne.CanvasObject{v.words, v.reason, v.change, v.alike} {
		o.Hide()
	}
}

// put shows a text, and takes no room where there is none.
func put(p *widgets.Prose, text string) {
	p.Set(text)
	widgets.SetVisible(p, text != "")
}

// ApplyWhy shows an explanation; the zero Why shows none.
func (v *View) ApplyWhy(w Why) {
	v.heat.Image = w.Picture
	v.heat.Refresh()
	if w.Picture != nil {
		w.Note = strings.TrimSpace(v.book.T("try.heat") + " " + w.Note)
	}
	put(v.reason, w.Note)
	put(v.change, w.Change)
	top := 1e-12
	for _, s := range w.Shares {
		top = max(top, math.Abs(s.Value))
	}
	var levels []widgets.Level
	for _, s := range w.Shares[:min(len(w.Shares), shownShares)] {
		levels = append(levels, widgets.Level{Name: s.Name, Share: math.Abs(s.Value) / top, Note: s.Note, Lit: s.Value > 0})
	}
	v.words.Set(levels)
	widgets.SetVisible(v.words, len(levels) > 0)
	v.applyEffect(w.Effect)
}

// ApplyAlike shows the training samples that are most alike to what was asked
// about; note says how far the search is, or why there are none.
func (v *View) ApplyAlike(list []widgets.Alike, note string) { v.alike.Set(list, note) }

// Alike is what is shown of them.
func (v *View) Alike() []widgets.Alike { return v.alike.List() }

func (v *View) makeWrong() {
	v.right = widgets.NewSelect(nil, func(string) { widgets.Allow(v.wrong, look.Icon("check"), v.right.Selected != "") })
	v.right.PlaceHolder = v.book.T("try.right")
	v.number = widgets.NewEntry()
	v.number.SetPlaceHolder(v.book.T("try.right"))
	v.number.OnChanged = func(text string) {
		_, err := strconv.ParseFloat(text, 64)
		widgets.Allow(v.wrong, look.Icon("check"), err == nil)
	}
	v.number.Hide()
	v.wrong = widgets.NewButtonWithIcon(v.book.T("try.wrong"), look.Icon("check"), func() {
		answer := v.right.Selected
		if v.number.Visible() {
			answer = v.number.Text
		}
		if answer != "" && v.OnWrong != nil {
			v.OnWrong(answer)
		}
	})
	v.wrong.Disable()
}

// ApplyLabels says which classes an answer can be corrected to; without any it is
// a number.
func (v *View) ApplyLabels(labels []string) {
	widgets.SetVisible(v.right, len(labels) > 0)
	widgets.SetVisible(v.number, len(labels) == 0)
	v.number.SetText("")
	v.right.ClearSelected()
	v.right.SetOptions(labels)
}

// ApplyFrame shows a picture of the camera in place of the sheet; nil ends it.
func (v *View) ApplyFrame(frame *image.RGBA) {
	v.camera.Set(frame)
	on := frame != nil
	if on == v.watching {
		return
	}
	v.watching = on
	if on {
		v.live.SetText(v.book.T("try.camera.stop"))
		v.input.Objects = []fyne.CanvasObject{widgets.TitledPanel(v.book.T("try.camera"), v.live, v.camera)}
		v.input.Refresh()
		return
	}
	v.live.SetText(v.book.T("try.camera"))
	v.show()
}

// Explained tells whether an explanation is on the screen.
func (v *View) Explained() bool { return v.heat.Image != nil }

// Watching tells whether the camera's picture is on the screen.
func (v *View) Watching() bool { return v.watching }
