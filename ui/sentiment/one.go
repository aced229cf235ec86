package sentiment

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/sentiment"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// oneView is the page of one text.
type oneView struct {
	v          *View
	entry      *widgets.Entry
	verdict    *widgets.Text
	score      *widgets.Figure
	confidence *widgets.Figure
	language   *widgets.Figure
	method     *widgets.Text
	words      *Words
	heaviest   *widgets.Bars
	weights    fyne.CanvasObject
	left       *fyne.Container
	mark       *widgets.Mark
	learnt     *widgets.Text
	labels     []sentiment.Label
	corrects   *fyne.Container
	undo, keep *widgets.Button
}

func newOneView(v *View) *oneView {
	o := &oneView{v: v, entry: widgets.NewTextArea(), verdict: widgets.Big("–").Shrink(), method: widgets.Note("").Align(fyne.TextAlignTrailing).Truncate(), words: NewWords(), heaviest: widgets.NewBars(120, 56), learnt: widgets.Note("").Truncate(), corrects: container.New(flow{gap: look.Gap, width: 280})}
	b := v.book
	o.score, o.confidence, o.language = widgets.NewSmallFigure(b.T("sentiment.score")), widgets.NewSmallFigure(b.T("sentiment.confidence")), widgets.NewSmallFigure(b.T("sentiment.language"))
	o.entry.SetPlaceHolder(b.T("sentiment.hint"))
	o.entry.OnChanged = func(text string) {
		if v.OnText != nil {
			v.OnText(text)
		}
	}
	o.entry.Most, o.entry.OnCut = MostTyped, func() { call(v.OnCut) }
	o.mark = widgets.NewMark(func() { call(v.OnPainted) })
	o.undo = widgets.NewButtonWithIcon(b.T("common.undo"), look.Icon("undo"), func() { call(v.OnUndo) })
	o.keep = widgets.NewButtonWithIcon(b.T("sentiment.keep"), look.Icon("download"), func() { call(v.OnKeep) })
	o.undo.Importance, o.keep.Importance = widget.LowImportance, widget.LowImportance
	o.applyLabels([]sentiment.Label{sentiment.Positive, sentiment.Neutral, sentiment.Negative})
	o.applyLearnt(0)
	return o
}

func (o *oneView) build() fyne.CanvasObject {
	b := o.v.book
	box := widgets.TitledPanel(b.T("sentiment.text"), nil, widgets.Height(o.entry, 120))
	words := widgets.Below(widgets.TitledPanel(b.T("sentiment.words"), o.mark, container.NewVScroll(o.words)), look.Gap)
	o.weights = widgets.TitledPanel(b.T("sentiment.heaviest"), nil, o.heaviest)
	o.weights.Hide()
	o.left = widgets.Border(widgets.Below(box, look.Gap), o.weights, nil, nil, words)
	figures := container.NewGridWithColumns(3, o.score, o.confidence, o.language)
	side := widgets.Column(look.Gap,
		widgets.TitledPanel(b.T("sentiment.verdict"), widgets.Width(o.method, 190), widgets.Column(2*look.Gap, o.verdict, figures)),
		widgets.TitledPanel(b.T("sentiment.correct"), o.undo, widgets.Column(look.Gap,
			widgets.SmallParagraph(b.T("sentiment.correct.about")), o.corrects, container.NewBorder(nil, nil, nil, o.keep, o.learnt))))
	right := container.New(layout.NewCustomPaddedLayout(0, 0, look.Gap, 0), widgets.Width(container.NewVScroll(side), 312))
	return container.NewBorder(nil, nil, nil, right, o.left)
}

// applyLabels offers verdicts to correct to.
func (o *oneView) applyLabels(labels []sentiment.Label) {
	o.labels = labels
	o.corrects.RemoveAll()
	for _, l := range labels {
		o.corrects.Add(widgets.NewButton(labelName(o.v.book, l), func() { o.correct(l) }))
	}
	o.corrects.Refresh()
}

func (o *oneView) correct(l sentiment.Label) {
	if o.v.OnCorrect != nil && o.entry.Text != "" {
		o.v.OnCorrect(o.entry.Text, l)
	}
}

func (o *oneView) applyLearnt(n int) {
	text := o.v.book.T("sentiment.learnt.none")
	if n > 0 {
		text = o.v.book.N("sentiment.learnt", n)
	}
	o.learnt.Set(text)
	widgets.Allow(o.undo, look.Icon("undo"), n > 0)
	widgets.Allow(o.keep, look.Icon("download"), n > 0)
}

func (o *oneView) apply(r sentiment.Verdict) {
	o.mark.Set()
	o.weigh(r.Tokens)
	if r.Text == "" {
		o.verdict.Set("–")
		o.verdict.SetTint(theme.ColorNameForeground)
		o.words.Set("", nil)
		o.score.Set("–", "")
		o.confidence.Set("–", "")
		o.language.Set("–", "")
		o.method.Set("")
		return
	}
	o.verdict.Set(LabelText(o.v.book, r))
	o.verdict.SetTint(verdictTint(r))
	o.score.Set(scoreText(r), "")
	o.confidence.Set(o.v.book.Percent(r.Confidence), "")
	o.language.Set(o.languageName(r.Lang), "")
	o.method.Set(r.Method)
	o.words.Set(r.Text, r.Tokens)
}

// scoreText is a verdict's score; classes without an order have none.
func scoreText(r sentiment.Verdict) string {
	if r.Score == 0 && r.Label != sentiment.Neutral {
		return "–"
	}
	return signed(r.Score)
}

// verdictTint is a verdict's colour; stars have that of their score.
func verdictTint(r sentiment.Verdict) fyne.ThemeColorName {
	switch {
	case !isStars(r.Label) || math.Abs(r.Score) < sentiment.Edge:
		return labelTint(r.Label)
	case r.Score > 0:
		return labelTint(sentiment.Positive)
	default:
		return labelTint(sentiment.Negative)
	}
}

// isStars tells numbers, which are labels of stars.
func isStars(l sentiment.Label) bool {
	_, err := strconv.ParseFloat(string(l), 64)
	return err == nil
}

// isWord reports a letter, a digit or a symbol: anything but marks alone.
func isWord(t string) bool {
	return strings.ContainsFunc(t, func(r rune) bool { return !unicode.IsPunct(r) && !unicode.IsSpace(r) })
}

// mostHeavy is how many words are listed with their shares.
const mostHeavy = 6

// weigh lists the words that weigh most, each once with all its shares.
func (o *oneView) weigh(tokens []sentiment.Token) {
	sums := map[string]float64{}
	for _, t := range tokens {
		if isWord(t.Text) {
			sums[strings.ToLower(t.Text)] += t.Share
		}
	}
	words := slices.SortedFunc(maps.Keys(sums), func(a, b string) int {
		return cmp.Or(cmp.Compare(math.Abs(sums[b]), math.Abs(sums[a])), cmp.Compare(a, b))
	})
	var levels []widgets.Level
	for _, w := range words[:min(len(words), mostHeavy)] {
		share, colour := sums[w], look.Positive
		if share < 0 {
			colour = look.Negative
		}
		if math.Abs(share) >= 0.005 {
			levels = append(levels, widgets.Level{Name: w, Share: math.Abs(share / sums[words[0]]), Note: signed(share), Colour: colour})
		}
	}
	o.heaviest.Set(levels)
	if on := len(levels) > 0; on != o.weights.Visible() {
		widgets.SetVisible(o.weights, on)
		o.left.Refresh() // the words above take the room, or give it
	}
}

func (o *oneView) languageName(code string) string {
	if key := "sentiment.lang." + code; o.v.book.Has(key) {
		return o.v.book.T(key)
	}
	return "–"
}

// flow puts objects side by side in as many lines as they need in a width.
type flow struct{ gap, width float32 }

// MinSize implements fyne.Layout.
func (f flow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(f.width, f.place(objects, f.width, false))
}

// Layout implements fyne.Layout.
func (f flow) Layout(objects []fyne.CanvasObject, size fyne.Size) { f.place(objects, size.Width, true) }

// place returns the height that objects take in a width, and moves them there.
func (f flow) place(objects []fyne.CanvasObject, width float32, move bool) float32 {
	x, y, line := float32(0), float32(0), float32(0)
	for _, o := range objects {
		size := o.MinSize()
		size.Width = min(size.Width, width)
		if x > 0 && x+size.Width > width {
			x, y, line = 0, y+line+f.gap, 0
		}
		if move {
			o.Move(fyne.NewPos(x, y))
			o.Resize(size)
		}
		x, line = x+size.Width+f.gap, max(line, size.Height)
	}
	return y + line
}
