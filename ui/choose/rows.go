package choose

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
	"athanor/ui/widgets"
)

// files is the list of a folder. Unlike Fyne's list it goes into folders with Enter,
// up with Backspace, jumps to a typed letter, and lets Escape leave the dialog.
type files struct {
	widget.List
	v *View
}

func newFiles(v *View) *files {
	f := &files{v: v}
	f.Length = func() int { return len(v.entries) }
	f.CreateItem = func() fyne.CanvasObject { return newRow(v) }
	f.UpdateItem = func(i int, o fyne.CanvasObject) {
		if r, ok := o.(*row); ok {
			r.show(i)
		}
	}
	f.HideSeparators = true
	f.ExtendBaseWidget(f)
	return f
}

// page is how many rows Page Up and Page Down move.
const page = 10

// TypedKey implements fyne.Focusable.
func (f *files) TypedKey(e *fyne.KeyEvent) {
	if widgets.Escape(f, e) {
		return
	}
	v := f.v
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		v.open(v.at)
	case fyne.KeyBackspace, fyne.KeyLeft:
		v.up()
	case fyne.KeyDown:
		v.mark(v.at + 1)
	case fyne.KeyUp:
		v.mark(max(v.at, 1) - 1)
	case fyne.KeyPageDown:
		v.mark(v.at + page)
	case fyne.KeyPageUp:
		v.mark(max(v.at, page) - page)
	case fyne.KeyHome:
		v.mark(0)
	case fyne.KeyEnd:
		v.mark(len(v.entries) - 1)
	}
}

// TypedRune implements fyne.Focusable: it goes to the next name that begins so.
func (f *files) TypedRune(r rune) {
	v, n := f.v, len(f.v.entries)
	for k := 1; k <= n; k++ {
		i := (max(v.at, -1) + k) % n
		if strings.HasPrefix(strings.ToLower(v.entries[i].Name), strings.ToLower(string(r))) {
			v.mark(i)
			return
		}
	}
}

// FocusGained implements fyne.Focusable.
func (f *files) FocusGained() {
	if f.v.at < 0 {
		f.v.mark(0)
	}
}

// row is one line: what it is, its name, size and age.
type row struct {
	widget.BaseWidget
	v          *View
	i          int
	ground     *widgets.Fill
	icon       *widget.Icon
	name       *widgets.Text
	size, when *widgets.Text
	content    fyne.CanvasObject
}

func newRow(v *View) *row {
	r := &row{
		v: v, i: -1, ground: widgets.NewFill("", 4), icon: widget.NewIcon(nil), name: widgets.Body("").Truncate(),
		size: widgets.Note("").Align(fyne.TextAlignTrailing), when: widgets.Note("").Align(fyne.TextAlignTrailing).Truncate(),
	}
	icon := container.NewGridWrap(fyne.NewSquareSize(18), r.icon)
	right := widgets.Row(look.Gap, container.NewCenter(widgets.Width(r.size, 72)), container.NewCenter(widgets.Width(r.when, 104)))
	line := container.NewBorder(nil, nil, container.NewCenter(icon), right, container.New(layout.NewCustomPaddedLayout(0, 0, 4, 0), r.name))
	r.content = container.NewStack(r.ground, container.New(layout.NewCustomPaddedLayout(4, 4, look.Gap, look.Gap), line))
	r.ExtendBaseWidget(r)
	return r
}

// show writes entry i into the row.
func (r *row) show(i int) {
	if i >= len(r.v.entries) {
		return
	}
	r.i = i
	e, b := r.v.entries[i], r.v.book
	r.name.Set(e.Name)
	icon, size := "folder", ""
	if !e.Folder {
		icon, size = iconOf(e.Name), b.Bytes(e.Size)
	}
	r.size.Set(size)
	r.when.Set(b.Ago(e.Changed, time.Now()))
	tint := theme.ColorNameForeground
	if !e.Fits && !e.Folder {
		tint = look.Muted
	}
	r.name.SetTint(tint)
	r.icon.SetResource(look.Tinted(icon, look.Muted))
	r.paint()
}

func (r *row) paint() {
	var colour fyne.ThemeColorName
	if r.i == r.v.at {
		colour = look.EmberSoft
	}
	r.ground.Set(colour)
}

// iconOf is a file's picture by its ending.
func iconOf(name string) string {
	for icon, endings := range map[string][]string{
		"image":  {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"},
		"table":  {".csv", ".tsv", ".parquet", ".jsonl", ".csv.gz", ".tsv.gz"},
		"text":   {".txt", ".json", ".toml", ".md"},
		"models": {".onnx"},
		"camera": {".mp4", ".avi", ".mkv", ".mov", ".webm"},
	} {
		for _, e := range endings {
			if strings.HasSuffix(strings.ToLower(name), e) {
				return icon
			}
		}
	}
	return "file"
}

// Tapped implements fyne.Tappable: once marks, twice opens.
func (r *row) Tapped(*fyne.PointEvent) { r.v.tapped(r.i, time.Now()) }

// MouseIn implements desktop.Hoverable.
func (r *row) MouseIn(*desktop.MouseEvent) {
	if r.i != r.v.at {
		r.ground.Set(theme.ColorNameHover)
	}
}

// MouseMoved implements desktop.Hoverable.
func (r *row) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *row) MouseOut() { r.paint() }

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.content) }
