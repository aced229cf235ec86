package choose

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// View is the body of the dialog. It belongs to the UI goroutine; folders are read
// by its owner.
type View struct {
	widget.BaseWidget
	// OnRead asks for what lies in a folder; the answer goes to Apply.
	OnRead func(dir string, w Wish)
	// OnChosen gets the file or folder that was chosen.
	OnChosen func(path string)
	// OnChoice tells that something else would be chosen now, "" for nothing.
	OnChoice func(name string)

	book    *i18n.Book
	wish    Wish
	dir     string
	asked   string // the folder that is being read
	entries []Entry
	at      int // the marked row, -1 for none
	tap     time.Time
	tapAt   int
	again   string // the file that a second press replaces

	path   *widgets.Entry
	name   *widgets.Entry // of a file to write
	list   *files
	said   *widgets.Prose
	note   *widgets.Text
	places []Place
}

// New returns the dialog's body over no folder; name is what a file to write is
// called.
func New(book *i18n.Book, wish Wish, places []Place, name string) *View {
	v := &View{book: book, wish: wish, places: places, at: -1, tapAt: -1, path: widgets.NewEntry(), name: widgets.NewEntry()}
	v.said = widgets.Paragraph("", look.Muted).Centre()
	v.note = widgets.Note("").Tint(theme.ColorNameWarning).Truncate()
	v.list = newFiles(v)
	v.path.OnSubmitted = v.typed
	v.name.SetText(name)
	v.name.OnChanged = func(string) {
		v.again = ""
		v.note.Set("")
		v.tell()
	}
	v.name.OnSubmitted = func(string) { v.Choose() }
	v.ExtendBaseWidget(v)
	return v
}

// Focus is what should have the focus first.
func (v *View) Focus() fyne.Focusable {
	if v.wish.Kind == Save {
		return v.name
	}
	return v.list
}

// Dir is the folder on screen.
func (v *View) Dir() string { return v.dir }

// Go asks for a folder.
func (v *View) Go(dir string) {
	v.asked = filepath.Clean(dir)
	if v.OnRead != nil {
		v.OnRead(v.asked, v.wish)
	}
}

// Apply shows what lies in a folder, or why it cannot be read; an answer about a
// folder that is no longer asked for is passed over.
func (v *View) Apply(dir string, list []Entry, err error) {
	if dir != v.asked {
		return
	}
	if err != nil {
		v.note.Set(v.book.T("choose.unreadable", filepath.Base(dir)))
		return
	}
	v.note.Set("")
	from := v.dir
	v.dir, v.entries, v.at = dir, list, -1
	v.path.SetText(dir)
	for i, e := range list {
		if filepath.Join(dir, e.Name) == from { // where one comes from is where one is
			v.at = i
		}
	}
	v.empty()
	v.list.Refresh()
	v.list.ScrollTo(max(v.at, 0))
	v.tell()
}

// empty says why a list is empty.
func (v *View) empty() {
	text := ""
	switch {
	case len(v.entries) > 0:
	case len(v.wish.Extensions) > 0 && v.wish.Kind == Save:
		text = v.book.T("choose.none", strings.Join(v.wish.Extensions, " "))
	case len(v.wish.Extensions) > 0:
		text = v.book.T("choose.nothing", strings.Join(v.wish.Extensions, " "))
	default:
		text = v.book.T("choose.empty")
	}
	v.said.Set(text)
}

// typed goes to a path: a folder is gone into, a file is chosen.
func (v *View) typed(text string) {
	text = expand(strings.TrimSpace(text))
	if !filepath.IsAbs(text) {
		text = filepath.Join(v.dir, text)
	}
	info, err := os.Stat(text)
	switch {
	case err != nil:
		v.note.Set(v.book.T("choose.missing", filepath.Base(text)))
	case info.IsDir():
		v.Go(text)
	case v.wish.Kind == Save:
		v.name.SetText(filepath.Base(text))
		v.Go(filepath.Dir(text))
	case v.wish.fits(text, false):
		v.chosen(text)
	default:
		v.note.Set(v.book.T("choose.other", filepath.Base(text)))
	}
}

// expand writes ~ out.
func expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}

// up goes to the folder around this one.
func (v *View) up() {
	if parent := filepath.Dir(v.dir); parent != v.dir {
		v.Go(parent)
	}
}

// mark marks a row.
func (v *View) mark(i int) {
	if len(v.entries) == 0 {
		return
	}
	i = min(max(i, 0), len(v.entries)-1)
	if v.at != i {
		v.at = i
		v.list.ScrollTo(i)
		v.list.Refresh()
	}
	if e := v.entries[i]; v.wish.Kind == Save && !e.Folder {
		v.name.SetText(e.Name)
	}
	v.tell()
}

// twice is how soon a second tap must follow to open.
const twice = 450 * time.Millisecond

func (v *View) tapped(i int, now time.Time) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(v.list); c != nil {
		c.Focus(v.list)
	}
	double := i == v.tapAt && now.Sub(v.tap) < twice
	v.tap, v.tapAt = now, i
	v.mark(i)
	if double {
		v.tapAt = -1
		v.open(i)
	}
}

// open goes into a folder or chooses a file.
func (v *View) open(i int) {
	if i < 0 || i >= len(v.entries) {
		return
	}
	e := v.entries[i]
	switch {
	case e.Folder:
		v.Go(filepath.Join(v.dir, e.Name))
	case e.Fits:
		v.mark(i)
		v.Choose()
	}
}

// Choice is what would be chosen now, "" for nothing: the marked row, the folder on
// screen, or the file to write.
func (v *View) Choice() string {
	switch {
	case v.dir == "":
		return ""
	case v.wish.Kind == Save:
		return v.target(strings.TrimSpace(v.name.Text))
	case v.at >= 0 && v.at < len(v.entries) && v.entries[v.at].Fits:
		return filepath.Join(v.dir, v.entries[v.at].Name)
	case v.wish.Kind == Folder:
		return v.dir
	}
	return ""
}

// target is the file to write that a name stands for, with the ending it must have.
func (v *View) target(name string) string {
	if name == "" {
		return ""
	}
	if !v.wish.fits(name, false) {
		name += v.wish.Extensions[0]
	}
	return filepath.Join(v.dir, filepath.Base(name))
}

func (v *View) tell() {
	if v.OnChoice != nil {
		v.OnChoice(filepath.Base(v.Choice()))
	}
}

// Choose takes the choice. A file that is there is replaced only when it is chosen
// twice.
func (v *View) Choose() {
	path := v.Choice()
	if path == "" {
		return
	}
	if _, err := os.Stat(path); err == nil && v.wish.Kind == Save && v.again != path {
		v.again = path
		v.note.Set(v.book.T("choose.replace", filepath.Base(path)))
		return
	}
	v.chosen(path)
}

func (v *View) chosen(path string) {
	if v.OnChosen != nil {
		v.OnChosen(path)
	}
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	up := quiet("up", v.up)
	var eye *widgets.Button
	eye = quiet("eye", func() {
		v.wish.Hidden = !v.wish.Hidden
		eye.Importance = widget.LowImportance
		if v.wish.Hidden {
			eye.Importance = widget.MediumImportance
		}
		eye.Refresh()
		v.Go(v.dir)
	})
	top := widgets.Border(nil, nil, up, eye, v.path)
	places := widgets.Column(2)
	for _, p := range v.places {
		icon := container.NewGridWrap(fyne.NewSquareSize(18), widget.NewIcon(look.Tinted(p.Icon, look.Muted)))
		line := container.NewBorder(nil, nil, container.NewCenter(icon), nil, container.New(layout.NewCustomPaddedLayout(0, 0, 4, 0), widgets.Body(v.book.T(p.Key)).Truncate()))
		places.Add(widgets.NewPress(container.New(layout.NewCustomPaddedLayout(5, 5, look.Gap, look.Gap), line), "", 6, func() { v.Go(p.Path) }))
	}
	left := container.New(layout.NewCustomPaddedLayout(0, 0, 0, look.Gap), widgets.Width(places, 140))
	middle := container.NewStack(v.list, container.NewBorder(widgets.Space(72), nil, nil, nil, v.said))
	foot := widgets.Column(4, v.note)
	if v.wish.Kind == Save {
		foot.Objects = []fyne.CanvasObject{widgets.Border(nil, nil, widgets.Width(container.NewCenter(widgets.Body(v.book.T("choose.name"))), 140+look.Gap), nil, v.name), v.note}
	}
	return widget.NewSimpleRenderer(widgets.Border(widgets.Below(top, look.Gap), container.New(layout.NewCustomPaddedLayout(look.Gap, 0, 0, 0), foot), left, nil, middle))
}

// quiet is a button with an icon alone.
func quiet(icon string, do func()) *widgets.Button {
	b := widgets.NewButton("", do)
	b.Icon, b.Importance = look.Tinted(icon, look.Muted), widget.LowImportance
	return b
}
