package train

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
	"athanor/ui/widgets"
)

// logView shows the lines of a log, its end as long as nobody scrolls; lines that are
// longer than it is wide go on below. The wheel scrolls, and with the keyboard's focus
// arrows and pages do. Unlike a list it never changes its size inside: that lays the
// window out and draws it a second time for each line.
type logView struct {
	widget.BaseWidget
	lines   []string
	rows    []string // of the lines, as wide as there is room for
	columns int      // of the room
	first   float32  // the row at the top
	back    bool     // scrolled back: the end is not followed
	texts   []*widgets.Text
	bar     *canvas.Rectangle
	ring    widgets.Ring
}

func newLogView() *logView {
	l := &logView{bar: canvas.NewRectangle(nil), ring: widgets.NewRing(4)}
	l.bar.CornerRadius = barWidth / 2
	l.ExtendBaseWidget(l)
	return l
}

// set shows lines, and their end unless somebody scrolled back.
func (l *logView) set(lines []string) {
	l.lines = lines
	l.wrap()
	l.show()
}

// The measures of the log: the height of a row, the bar at its side and what is left
// free beside that.
const (
	rowHeight = 17
	barWidth  = 4
	barRoom   = 10
)

// aLetter is as wide as any other of a fixed-width face.
const aLetter = "m"

// shown is how many rows there is room for.
func (l *logView) shown() int { return int(l.Size().Height / rowHeight) }

// show writes the rows that are in view into texts that are there already.
func (l *logView) show() {
	last := float32(max(0, len(l.rows)-l.shown()))
	if !l.back || l.first >= last {
		l.first, l.back = last, false
	}
	l.first = max(0, l.first)
	for i, text := range l.texts {
		row := ""
		if k := int(l.first) + i; k < len(l.rows) {
			row = l.rows[k]
		}
		text.Set(row)
	}
	widgets.SetVisible(l.bar, last > 0)
	if last > 0 {
		height := l.Size().Height
		long := max(16, height*float32(l.shown())/float32(len(l.rows)))
		l.bar.Move(fyne.NewPos(l.Size().Width-barWidth, (height-long)*l.first/last))
		l.bar.Resize(fyne.NewSize(barWidth, long))
	}
}

// scroll goes on by so many rows.
func (l *logView) scroll(by float32) {
	l.first, l.back = l.first+by, true
	l.show()
}

// Scrolled implements fyne.Scrollable.
func (l *logView) Scrolled(e *fyne.ScrollEvent) { l.scroll(-e.Scrolled.DY / rowHeight) }

// CreateRenderer implements fyne.Widget.
func (l *logView) CreateRenderer() fyne.WidgetRenderer { return &logRenderer{l} }

type logRenderer struct{ l *logView }

// Layout makes as many texts as there is room for and breaks lines for the width.
func (r *logRenderer) Layout(size fyne.Size) {
	l := r.l
	l.ring.Resize(size)
	for len(l.texts) < l.shown() {
		l.texts = append(l.texts, widgets.Note("").Mono().Truncate())
	}
	l.texts = l.texts[:l.shown()]
	for i, text := range l.texts {
		text.Move(fyne.NewPos(0, float32(i)*rowHeight))
		text.Resize(fyne.NewSize(size.Width-barRoom, rowHeight))
	}
	letter := widgets.Note(aLetter).Mono().MinSize().Width // a style of its own would read three more fonts
	if columns := int((size.Width - barRoom) / letter); columns != l.columns {
		l.columns = columns
		l.wrap()
	}
	l.show()
}

func (r *logRenderer) MinSize() fyne.Size { return fyne.NewSize(32, 2*rowHeight) }

func (r *logRenderer) Objects() []fyne.CanvasObject {
	objects := make([]fyne.CanvasObject, 0, len(r.l.texts)+2)
	for _, text := range r.l.texts {
		objects = append(objects, text)
	}
	return append(objects, r.l.bar, r.l.ring.Rectangle)
}

func (r *logRenderer) Refresh() {
	r.l.bar.FillColor = look.Colour(theme.ColorNameScrollBar)
	r.l.bar.Refresh()
	r.l.show()
}

func (r *logRenderer) Destroy() {}

// Rows that go on begin where the text of a line does, behind its time, or hardly
// indented where the log is narrow.
const (
	logIndent    = 10
	narrowIndent = 2
	narrowLog    = 4 * logIndent
)

func (l *logView) wrap() {
	l.rows = l.rows[:0]
	indent := logIndent
	if l.columns < narrowLog {
		indent = narrowIndent
	}
	for _, line := range l.lines {
		l.rows = append(l.rows, wrapped(line, l.columns, indent)...)
	}
}

// wrapped splits a line into rows of at most so many columns, where there are spaces if
// it can; all but the first begin with an indent. Chinese takes two columns a character.
func wrapped(line string, columns, indent int) []string {
	if columns < 2*indent {
		return []string{line}
	}
	var rows []string
	rest := []rune(line)
	for {
		n := fit(rest, columns)
		if n == len(rest) {
			return append(rows, string(rest))
		}
		head, tail := string(rest[:n]), rest[n:]
		if i := strings.LastIndexByte(strings.TrimRight(head, " "), ' '); i >= logIndent {
			tail = append([]rune(head[i+1:]), tail...)
			head = head[:i]
		}
		rows = append(rows, head)
		rest = append([]rune(strings.Repeat(" ", indent)), tail...)
	}
}

// fit is how many of the characters take at most so many columns.
func fit(text []rune, columns int) int {
	const firstWide = 0x2e80 // CJK radicals
	for i, r := range text {
		columns--
		if r >= firstWide {
			columns--
		}
		if columns < 0 {
			return i
		}
	}
	return len(text)
}

// FocusGained implements fyne.Focusable.
func (l *logView) FocusGained() { l.ring.Around(l, true) }

// FocusLost implements fyne.Focusable.
func (l *logView) FocusLost() { l.ring.Around(l, false) }

// TypedRune implements fyne.Focusable.
func (l *logView) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (l *logView) TypedKey(e *fyne.KeyEvent) {
	page, all := float32(max(1, l.shown()-1)), float32(len(l.rows))
	by := map[fyne.KeyName]float32{
		fyne.KeyUp: -1, fyne.KeyDown: 1, fyne.KeyPageUp: -page, fyne.KeyPageDown: page, fyne.KeyHome: -all, fyne.KeyEnd: all,
	}[e.Name]
	if !widgets.Escape(l, e) && by != 0 {
		l.scroll(by)
	}
}
