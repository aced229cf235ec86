package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// sheet is what a Grid scrolls: as high as all its rows, of which only those on
// screen exist. The pictures of a row are one texture, which keeps a frame short: the
// window is drawn anew with every turn of the wheel, and each object in it has its
// price.
type sheet struct {
	widget.BaseWidget
	g       *Grid
	rows    []*gridRow // row number n is in place n modulo their count
	under   *canvas.Rectangle
	mark    *canvas.Rectangle
	chosen  int // the pressed sample, -1 without
	current int // where the keyboard is
	hovered int // the sample under the pointer, -1 without
	focused bool
	shown   []fyne.CanvasObject
}

func newSheet(g *Grid) *sheet {
	s := &sheet{g: g, under: canvas.NewRectangle(nil), mark: canvas.NewRectangle(nil), chosen: -1, hovered: -1}
	s.under.CornerRadius, s.mark.CornerRadius, s.mark.StrokeWidth = 4, 4, 2
	s.under.Hide()
	s.mark.Hide()
	s.shown = []fyne.CanvasObject{s.under, s.mark}
	s.ExtendBaseWidget(s)
	return s
}

// pitch is the way from one cell to the next.
func (s *sheet) pitch() fyne.Size {
	gap := theme.Padding()
	side := s.g.fit + 2*pictureGap
	return fyne.NewSize(side+gap, side+gap+captionHeight()+gap)
}

// captionHeight is that of one line below a picture.
func captionHeight() float32 {
	return fyne.MeasureText("M", look.TextNote, fyne.TextStyle{}).Height
}

// cell is where sample i stands in the sheet.
func (s *sheet) cell(i int) (fyne.Position, fyne.Size) {
	p := s.pitch()
	at := fyne.NewPos(float32(i%s.g.columns)*p.Width, float32(i/s.g.columns)*p.Height)
	return at, p.SubtractWidthHeight(theme.Padding(), theme.Padding())
}

// at is the sample at a place, -1 where there is none.
func (s *sheet) at(pos fyne.Position) int {
	p := s.pitch()
	column, row := int(pos.X/p.Width), int(pos.Y/p.Height)
	i := row*s.g.columns + column
	if pos.X < 0 || pos.Y < 0 || column >= s.g.columns || i >= s.g.count {
		return -1
	}
	return i
}

func (s *sheet) height() float32 {
	rows := (s.g.count + s.g.columns - 1) / s.g.columns
	return max(0, float32(rows)*s.pitch().Height-theme.Padding())
}

// forget shows other samples.
func (s *sheet) forget() {
	s.chosen, s.current, s.hovered = -1, 0, -1
	s.under.Hide()
	s.mark.Hide()
	s.release()
}

// release takes what the rows show off them; show fills them again.
func (s *sheet) release() {
	for _, row := range s.rows {
		row.number = -1
	}
}

// show fills the rows that are on screen.
func (s *sheet) show() {
	view, pitch := s.g.scroll.Size().Height, s.pitch().Height
	if view <= 0 || s.g.scroll.Size().Width <= 0 {
		return // not on screen yet
	}
	first := max(0, int(s.g.scroll.Offset.Y/pitch))
	if need := int(view/pitch) + 2; need > len(s.rows) {
		for len(s.rows) < need {
			s.rows = append(s.rows, newGridRow(s.g))
		}
		s.release() // their places changed
		s.list()
	}
	for n := first; n < first+len(s.rows); n++ {
		if row := s.rows[n%len(s.rows)]; row.number != n {
			row.become(n)
		}
	}
	s.place()
}

// list gathers what the sheet draws: the marks above the rows.
func (s *sheet) list() {
	s.shown = nil
	for _, row := range s.rows {
		s.shown = append(append(s.shown, row.picture), row.lines...)
	}
	s.shown = append(s.shown, s.under, s.mark)
}

// put shows the picture of sample i where its row is on screen.
func (s *sheet) put(i int) {
	if len(s.rows) == 0 {
		return
	}
	n := i / s.g.columns
	if row := s.rows[n%len(s.rows)]; row.number == n {
		row.put(i % s.g.columns)
	}
}

// choose marks a pressed sample, -1 none.
func (s *sheet) choose(i int) {
	s.chosen = i
	s.place()
}

// place puts the marks where they belong.
func (s *sheet) place() {
	s.around(s.under, s.hovered, 0)
	marked := s.chosen
	if s.focused {
		marked = s.current
	}
	s.around(s.mark, marked, 1)
}

// around puts a rectangle around sample i, by a margin.
func (s *sheet) around(r *canvas.Rectangle, i int, margin float32) {
	if i < 0 || i >= s.g.count {
		SetVisible(r, false)
		return
	}
	at, size := s.cell(i)
	r.Move(at.SubtractXY(margin, margin))
	r.Resize(size.AddWidthHeight(2*margin, 2*margin))
	SetVisible(r, true)
}

// Tapped implements fyne.Tappable.
func (s *sheet) Tapped(e *fyne.PointEvent) {
	i := s.at(e.Position)
	if i < 0 {
		return
	}
	s.current = i
	if c := fyne.CurrentApp().Driver().CanvasForObject(s); c != nil {
		c.Focus(s)
	}
	s.press(i)
}

// press tells of a sample that was not pressed already.
func (s *sheet) press(i int) {
	if s.chosen == i || i >= s.g.count {
		return
	}
	s.choose(i)
	if s.g.OnSelect != nil {
		s.g.OnSelect(i)
	}
}

// MouseIn implements desktop.Hoverable.
func (s *sheet) MouseIn(e *desktop.MouseEvent) { s.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (s *sheet) MouseMoved(e *desktop.MouseEvent) { s.hover(s.at(e.Position)) }

// MouseOut implements desktop.Hoverable.
func (s *sheet) MouseOut() { s.hover(-1) }

func (s *sheet) hover(i int) {
	if s.hovered != i { // every change draws the window anew
		s.hovered = i
		s.place()
	}
}

// FocusGained implements fyne.Focusable.
func (s *sheet) FocusGained() { s.focus(true) }

// FocusLost implements fyne.Focusable.
func (s *sheet) FocusLost() { s.focus(false) }

func (s *sheet) focus(on bool) {
	s.focused = on
	s.place()
}

// TypedRune implements fyne.Focusable.
func (s *sheet) TypedRune(rune) {}

// TypedKey implements fyne.Focusable: arrows, pages, beginning and end move, Space and
// Enter press.
func (s *sheet) TypedKey(e *fyne.KeyEvent) {
	page := s.g.columns * max(1, int(s.g.scroll.Size().Height/s.pitch().Height))
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		s.press(s.current)
	case fyne.KeyLeft:
		s.move(-1)
	case fyne.KeyRight:
		s.move(1)
	case fyne.KeyUp:
		s.move(-s.g.columns)
	case fyne.KeyDown:
		s.move(s.g.columns)
	case fyne.KeyPageUp:
		s.move(-page)
	case fyne.KeyPageDown:
		s.move(page)
	case fyne.KeyHome:
		s.move(-s.g.count)
	case fyne.KeyEnd:
		s.move(s.g.count)
	}
}

// move goes some samples on and brings that one into view.
func (s *sheet) move(by int) {
	s.current = max(0, min(s.current+by, s.g.count-1))
	at, size := s.cell(s.current)
	offset, view := s.g.scroll.Offset, s.g.scroll.Size().Height
	switch {
	case at.Y < offset.Y:
		s.g.scroll.ScrollToOffset(fyne.NewPos(0, at.Y))
	case at.Y+size.Height > offset.Y+view:
		s.g.scroll.ScrollToOffset(fyne.NewPos(0, at.Y+size.Height-view))
	}
	s.place()
}

// CreateRenderer implements fyne.Widget.
func (s *sheet) CreateRenderer() fyne.WidgetRenderer {
	r := &sheetRenderer{s}
	r.paint()
	return r
}

type sheetRenderer struct{ s *sheet }

func (r *sheetRenderer) paint() {
	r.s.under.FillColor = look.Colour(theme.ColorNameHover)
	r.s.mark.FillColor, r.s.mark.StrokeColor = look.Colour(theme.ColorNameSelection), look.Colour(look.Ember)
}

func (r *sheetRenderer) Layout(fyne.Size) {}

func (r *sheetRenderer) MinSize() fyne.Size { return fyne.NewSize(1, r.s.height()) }

func (r *sheetRenderer) Objects() []fyne.CanvasObject { return r.s.shown }

func (r *sheetRenderer) Refresh() {
	r.paint()
	r.s.under.Refresh()
	r.s.mark.Refresh()
}

func (r *sheetRenderer) Destroy() {}
