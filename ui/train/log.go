package train

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"athanor/ui/look"
	"athanor/ui/widgets"
)

// logView shows the lines of a log from its end; those that are longer than it is wide
// go on below, indented. With the keyboard's focus arrows and pages scroll.
type logView struct {
	widgets.List
	lines   []string
	rows    []string // of the lines, as wide as there is room for
	columns int      // of the room
}

func newLogView() *logView {
	l := &logView{}
	l.Length = func() int { return len(l.rows) }
	l.CreateItem = func() fyne.CanvasObject { return widgets.Note("").Mono() }
	l.UpdateItem = func(i int, o fyne.CanvasObject) {
		if t, ok := o.(*widgets.Text); ok && i < len(l.rows) {
			t.Set(l.rows[i])
		}
	}
	l.HideSeparators = true
	l.ExtendBaseWidget(l)
	return l
}

// set shows lines and their end.
func (l *logView) set(lines []string) {
	l.lines = lines
	l.wrap()
	l.Refresh()
	l.ScrollToBottom()
}

// Resize implements fyne.CanvasObject.
func (l *logView) Resize(size fyne.Size) {
	letter := fyne.MeasureText("m", look.TextNote, fyne.TextStyle{Monospace: true}).Width
	columns := int((size.Width - 2*theme.Padding() - theme.ScrollBarSize()) / letter)
	l.List.Resize(size)
	if columns != l.columns {
		l.columns = columns
		l.wrap()
		l.Refresh()
		l.ScrollToBottom()
	}
}

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
func (l *logView) FocusGained() { l.Mark(l, true) }

// FocusLost implements fyne.Focusable.
func (l *logView) FocusLost() { l.Mark(l, false) }

// TypedKey implements fyne.Focusable.
func (l *logView) TypedKey(e *fyne.KeyEvent) {
	const line = 20
	page := l.Size().Height - line
	by := map[fyne.KeyName]float32{fyne.KeyUp: -line, fyne.KeyDown: line, fyne.KeyPageUp: -page, fyne.KeyPageDown: page}[e.Name]
	switch {
	case widgets.Escape(l, e):
	case by != 0:
		l.ScrollToOffset(max(0, l.GetScrollOffset()+by))
	case e.Name == fyne.KeyHome:
		l.ScrollToTop()
	case e.Name == fyne.KeyEnd:
		l.ScrollToBottom()
	}
}
