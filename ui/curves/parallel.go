package curves

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/chart"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// sideBySide shows all runs of the list as lines over parallel axes. Dragging
// along an axis keeps the runs that pass there; a click looks at a run. By
// keyboard: left and right choose an axis, up and down a run, [ and ] end the
// stretch of the axis at that run, Enter looks at it, Escape clears.
type sideBySide struct {
	widget.BaseWidget
	// OnToggle wants the curves of a line, or no longer.
	OnToggle func(line int)

	book    *i18n.Book
	post    func(func())
	spec    chart.Parallel
	chosen  []bool // lines whose curves are looked at
	at      int    // the line that is told about, -1 for none
	axis    int
	drawn   *chart.ParallelPicture
	picture *canvas.Image
	ring    widgets.Ring
	cursor  *canvas.Rectangle
	tells   *widgets.Text
	order   int // of the newest drawing
	from    float64
	drag    bool
}

func newSideBySide(book *i18n.Book, post func(func())) *sideBySide {
	s := &sideBySide{book: book, post: post, at: -1, tells: widgets.Body("").Truncate()}
	s.picture = &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest}
	s.ring, s.cursor = widgets.NewRing(2), canvas.NewRectangle(nil)
	s.cursor.Hide()
	s.ExtendBaseWidget(s)
	return s
}

// Apply shows runs; chosen are those whose curves are looked at. Stretches of
// axes that are still there stay chosen.
func (s *sideBySide) Apply(spec chart.Parallel, chosen []bool) {
	for i, a := range spec.Axes {
		if k := slices.IndexFunc(s.spec.Axes, func(o chart.ParallelAxis) bool { return o.Label == a.Label }); k >= 0 {
			spec.Axes[i].Low, spec.Axes[i].High = s.spec.Axes[k].Low, s.spec.Axes[k].High
		}
	}
	s.spec, s.chosen = spec, chosen
	s.axis = min(s.axis, max(len(spec.Axes)-1, 0))
	if s.at >= len(spec.Lines) {
		s.at = -1
	}
	s.redraw()
}

// redraw draws on a goroutine of its own; an older picture that comes later is
// thrown away.
func (s *sideBySide) redraw() {
	size := s.Size()
	if len(s.spec.Axes) == 0 || size.Width < 100 || size.Height < 80 {
		return
	}
	scale := float32(1)
	if c := fyne.CurrentApp().Driver().CanvasForObject(s); c != nil {
		scale = c.Scale()
	}
	spec := s.spec
	spec.Axes = slices.Clone(s.spec.Axes)
	spec.Lines = slices.Clone(s.spec.Lines)
	for i := range spec.Lines {
		l := &spec.Lines[i]
		l.Faint = !spec.Chosen(*l)
		l.Strong = i == s.at || i < len(s.chosen) && s.chosen[i]
		s.spec.Lines[i].Faint = l.Faint
	}
	s.order++
	mine := s.order
	go func() {
		pic, err := chart.RenderParallel(spec, int(size.Width*scale), int(size.Height*scale), float64(scale))
		if err != nil {
			return // too small; the next size will do
		}
		s.post(func() { s.show(pic, mine) })
	}()
}

func (s *sideBySide) show(pic *chart.ParallelPicture, order int) {
	if order != s.order {
		return
	}
	s.drawn, s.picture.Image = pic, pic.Image
	s.picture.Refresh()
	s.place()
}

func (s *sideBySide) unit() float64 {
	if s.drawn == nil || s.Size().Width == 0 {
		return 1
	}
	return float64(s.drawn.Image.Rect.Dx()) / float64(s.Size().Width)
}

// place shows which axis the keyboard works on.
func (s *sideBySide) place() {
	if s.drawn == nil || s.axis >= len(s.drawn.X) {
		return
	}
	k := s.unit()
	s.cursor.FillColor = look.Colour(look.Ember)
	s.cursor.Move(fyne.NewPos(float32(s.drawn.X[s.axis]/k)-8, float32(s.drawn.Bottom/k)+4))
	s.cursor.Resize(fyne.NewSize(16, 2))
	s.cursor.Refresh()
}

// tell says what the line at the pointer is.
func (s *sideBySide) tell() {
	if s.at < 0 {
		s.tells.Set(s.book.T("curves.parallel.hint"))
		return
	}
	l := s.spec.Lines[s.at]
	parts := []string{l.Name}
	for i, a := range s.spec.Axes {
		if i < len(l.Texts) && l.Texts[i] != "" {
			parts = append(parts, a.Label+" "+l.Texts[i])
		}
	}
	s.tells.Set(strings.Join(parts, "   "))
}

func (s *sideBySide) point(i int) {
	if i == s.at {
		return
	}
	s.at = i
	s.tell()
	s.redraw()
}

// MouseIn implements desktop.Hoverable.
func (s *sideBySide) MouseIn(e *desktop.MouseEvent) { s.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (s *sideBySide) MouseMoved(e *desktop.MouseEvent) {
	if s.drawn != nil {
		k := s.unit()
		s.point(s.spec.Nearest(s.drawn, float64(e.Position.X)*k, float64(e.Position.Y)*k, 12*k))
	}
}

// MouseOut implements desktop.Hoverable.
func (s *sideBySide) MouseOut() { s.point(-1) }

// Tapped implements fyne.Tappable.
func (s *sideBySide) Tapped(e *fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(s); c != nil {
		c.Focus(s)
	}
	if s.drawn == nil {
		return
	}
	k := s.unit()
	if i := s.spec.Nearest(s.drawn, float64(e.Position.X)*k, float64(e.Position.Y)*k, 12*k); i >= 0 && s.OnToggle != nil {
		s.OnToggle(i)
		return
	}
	if a, ok := s.axisAt(e.Position); ok {
		s.axis = a
		s.choose(0, 0)
	}
}

// axisAt is the axis near a place.
func (s *sideBySide) axisAt(at fyne.Position) (int, bool) {
	k := s.unit()
	for i, x := range s.drawn.X {
		if math.Abs(float64(at.X)*k-x) < 24*k {
			return i, true
		}
	}
	return 0, false
}

// Dragged implements fyne.Draggable: it chooses a stretch of an axis.
func (s *sideBySide) Dragged(e *fyne.DragEvent) {
	if s.drawn == nil {
		return
	}
	if !s.drag {
		a, ok := s.axisAt(e.Position.SubtractXY(e.Dragged.DX, e.Dragged.DY))
		if !ok {
			return
		}
		s.drag, s.axis, s.from = true, a, s.shareAt(e.Position.Y-e.Dragged.DY)
	}
	to := s.shareAt(e.Position.Y)
	s.choose(min(s.from, to), max(s.from, to))
}

// DragEnd implements fyne.Draggable.
func (s *sideBySide) DragEnd() { s.drag = false }

func (s *sideBySide) shareAt(y float32) float64 {
	f := (float64(y)*s.unit() - s.drawn.Bottom) / (s.drawn.Top - s.drawn.Bottom)
	return min(max(f, 0), 1)
}

// choose keeps the runs that pass a stretch of the axis.
func (s *sideBySide) choose(lo, hi float64) {
	if s.axis < len(s.spec.Axes) {
		s.spec.Axes[s.axis].Low, s.spec.Axes[s.axis].High = lo, hi
		s.redraw()
	}
}

// FocusGained implements fyne.Focusable.
func (s *sideBySide) FocusGained() {
	s.ring.Around(s, true)
	s.cursor.Show()
	s.tell()
}

// FocusLost implements fyne.Focusable.
func (s *sideBySide) FocusLost() {
	s.ring.Around(s, false)
	s.cursor.Hide()
}

// TypedKey implements fyne.Focusable.
func (s *sideBySide) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft, fyne.KeyRight:
		step := map[fyne.KeyName]int{fyne.KeyLeft: -1, fyne.KeyRight: 1}[e.Name]
		s.axis = min(max(s.axis+step, 0), len(s.spec.Axes)-1)
		s.place()
	case fyne.KeyUp:
		s.walk(1)
	case fyne.KeyDown:
		s.walk(-1)
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		if s.at >= 0 && s.OnToggle != nil {
			s.OnToggle(s.at)
		}
	case fyne.KeyEscape:
		s.choose(0, 0)
	}
}

// walk goes to the next run along the axis.
func (s *sideBySide) walk(by int) {
	var order []int
	for i, l := range s.spec.Lines {
		if !l.Faint && s.axis < len(l.At) && l.At[s.axis] == l.At[s.axis] {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.spec.Lines[a].At[s.axis], s.spec.Lines[b].At[s.axis]) })
	k := slices.Index(order, s.at)
	switch {
	case k < 0 && by > 0:
		k = 0
	case k < 0:
		k = len(order) - 1
	default:
		k = min(max(k+by, 0), len(order)-1)
	}
	s.point(order[k])
}

// TypedRune implements fyne.Focusable.
func (s *sideBySide) TypedRune(r rune) {
	if s.at < 0 || s.axis >= len(s.spec.Axes) || r != '[' && r != ']' {
		return
	}
	a, at := s.spec.Axes[s.axis], s.spec.Lines[s.at].At[s.axis]
	lo, hi := a.Low, a.High
	if lo >= hi {
		lo, hi = -0.01, 1.01
	}
	if r == '[' {
		lo = at - 0.005
	} else {
		hi = at + 0.005
	}
	s.choose(min(lo, hi), max(lo, hi))
}

// CreateRenderer implements fyne.Widget.
func (s *sideBySide) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(s.picture, s.ring.Rectangle, container.NewWithoutLayout(s.cursor)))
}

// Resize implements fyne.CanvasObject.
func (s *sideBySide) Resize(size fyne.Size) {
	changed := size != s.Size()
	s.BaseWidget.Resize(size)
	if changed {
		s.redraw()
	}
}

var _ fyne.Focusable = (*sideBySide)(nil)
