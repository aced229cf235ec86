package curves

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/app/curves"
	"athanor/app/store"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// runList is the column of runs: filter, order, rows, and what can be done with
// the run that was touched last.
type runList struct {
	v        *View
	box      fyne.CanvasObject
	filter   *widgets.Entry
	sort     *widgets.Select
	rows     *widgets.List
	problem  *widgets.Prose
	infos    []store.Info
	selected []string
	last     string
	tagsOf   string // run and tags that the field was filled with
	star     *widgets.Button
	tags     *widgets.Entry
	noted    *widgets.Prose
	actions  *fyne.Container
}

// sorts are the orders of the list.
func sorts() []string {
	return []string{"started", "name", "val_accuracy", "val_loss", "last.val_accuracy", "last.val_loss"}
}

func newRunList(v *View) *runList {
	l := &runList{v: v, filter: widgets.NewEntry(), problem: widgets.SmallParagraph(""), tags: widgets.NewEntry()}
	l.filter.SetPlaceHolder(v.book.T("curves.filter"))
	l.filter.OnChanged = func(string) { l.ask() }
	var names []string
	for _, s := range sorts() {
		names = append(names, v.book.T("curves.sort."+s))
	}
	l.sort = widgets.NewSelect(names, nil)
	l.sort.SetSelectedIndex(0)
	l.sort.OnChanged = func(string) { l.ask() }
	l.rows = widgets.NewList(func() int { return len(l.infos) }, newRow, l.update)
	l.rows.OnSelected = func(i widget.ListItemID) {
		l.rows.Unselect(i)
		l.toggle(i)
	}
	l.actions = l.makeActions()
	head := widgets.Column(look.Gap, l.filter, l.sort, l.problem)
	l.problem.Hide()
	l.box = widgets.Panel(widgets.Border(head, l.actions, nil, nil, l.rows))
	return l
}

func (l *runList) makeActions() *fyne.Container {
	b := l.v.book
	icon := func(name string, do func(store.Info)) *widgets.Button {
		button := widgets.NewButtonWithIcon("", look.Icon(name), func() {
			if i, ok := l.touched(); ok {
				do(i)
			}
		})
		button.Importance = widget.LowImportance
		return button
	}
	l.star = icon("star", func(i store.Info) { l.note(i, func(n *store.Notes) { n.Star = !n.Star }) })
	archive := icon("folder", func(i store.Info) { l.note(i, func(n *store.Notes) { n.Archived = !n.Archived }) })
	remove := icon("trash", func(i store.Info) {
		if l.v.OnDelete != nil {
			l.v.OnDelete(i.Dir)
		}
	})
	l.tags.SetPlaceHolder(b.T("curves.tags"))
	l.tags.OnSubmitted = func(text string) {
		if i, ok := l.touched(); ok {
			l.note(i, func(n *store.Notes) { n.Tags = splitTags(text) })
		}
	}
	var colour *widgets.Button
	colour = icon("palette", func(i store.Info) { widgets.Menu(colour, l.colours(i)...) })
	write := icon("text", func(i store.Info) {
		if l.v.OnWrite != nil {
			l.v.OnWrite(i)
		}
	})
	buttons := container.NewHBox(l.star, colour, write, archive, layout.NewSpacer(), remove)
	l.noted = widgets.SmallParagraph("")
	l.noted.Hide()
	row := container.NewVBox(l.noted, l.tags, buttons)
	row.Hide()
	return row
}

// colours are the palette's colours as a menu.
func (l *runList) colours(i store.Info) []*fyne.MenuItem {
	items := []*fyne.MenuItem{fyne.NewMenuItem(l.v.book.T("curves.colour.auto"), func() {
		l.note(i, func(n *store.Notes) { n.Colour = "" })
	})}
	for k, c := range widgets.ChartTheme().Palette {
		r, g, b, _ := c.RGBA()
		text := fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
		item := fyne.NewMenuItem(l.v.book.T("curves.colour", k+1), func() {
			l.note(i, func(n *store.Notes) { n.Colour = text })
		})
		item.Icon = swatch(text)
		item.Checked = i.Notes.Colour == text
		items = append(items, item)
	}
	return items
}

// swatch is a square of a colour for a menu.
func swatch(colour string) fyne.Resource {
	svg := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect x="1" y="1" width="14" height="14" rx="3" fill="` + colour + `"/></svg>`
	return fyne.NewStaticResource("swatch-"+colour+".svg", []byte(svg))
}

// splitTags reads tags that are separated by commas.
func splitTags(text string) []string {
	var out []string
	for _, t := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '，' || r == ';' }) {
		if t = strings.TrimSpace(t); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func (l *runList) touched() (store.Info, bool) {
	i := slices.IndexFunc(l.infos, func(i store.Info) bool { return i.Dir == l.last })
	if i < 0 {
		return store.Info{}, false
	}
	return l.infos[i], true
}

func (l *runList) note(i store.Info, change func(*store.Notes)) {
	n := i.Notes
	change(&n)
	if l.v.OnNotes != nil {
		l.v.OnNotes(i.Dir, n)
	}
}

// ask wants the list anew.
func (l *runList) ask() {
	if l.v.OnFilter != nil {
		l.v.OnFilter(l.filter.Text, sorts()[max(l.sort.SelectedIndex(), 0)])
	}
}

// apply shows runs, or why the filter cannot be understood.
func (l *runList) apply(infos []store.Info, _ int, err error) {
	if err != nil {
		l.problem.Set(l.v.book.T("curves.filter.bad"))
		l.problem.Show()
		return
	}
	l.problem.Hide()
	l.infos = infos
	l.rows.Refresh()
	l.showActions()
}

func (l *runList) toggle(i int) {
	if i < 0 || i >= len(l.infos) {
		return
	}
	dir := l.infos[i].Dir
	l.last = dir
	chosen := slices.Clone(l.selected)
	if k := slices.Index(chosen, dir); k >= 0 {
		chosen = slices.Delete(chosen, k, k+1)
	} else {
		chosen = append(chosen, dir)
	}
	l.choose(chosen)
}

func (l *runList) choose(dirs []string) {
	l.selected = dirs
	if !slices.Contains(dirs, l.last) {
		l.last = ""
	}
	if len(dirs) > 0 && l.last == "" {
		l.last = dirs[len(dirs)-1]
	}
	l.rows.Refresh()
	l.showActions()
	if l.v.OnSelect != nil {
		l.v.OnSelect(slices.Clone(dirs))
	}
}

func (l *runList) showActions() {
	i, ok := l.touched()
	if !ok {
		l.actions.Hide()
		return
	}
	l.actions.Show()
	if text := strings.Join(i.Notes.Tags, ", "); l.tagsOf != i.Dir+text { // what is being typed stays
		l.tagsOf = i.Dir + text
		l.tags.SetText(text)
	}
	l.noted.Set(i.Notes.Note)
	widgets.SetVisible(l.noted, i.Notes.Note != "")
	name := "star"
	if i.Notes.Star {
		l.star.SetIcon(look.Tinted(name, look.Ember))
	} else {
		l.star.SetIcon(look.Icon(name))
	}
}

// row is one run of the list.
type row struct {
	widget.BaseWidget
	swatch      *canvas.Rectangle
	name, value *widgets.Text
	note        *widgets.Text
}

func newRow() fyne.CanvasObject {
	r := &row{swatch: canvas.NewRectangle(color.Transparent), name: widgets.Body("").Truncate(), value: widgets.Body("").Align(fyne.TextAlignTrailing), note: widgets.Note("").Truncate()}
	r.swatch.CornerRadius = 3
	r.swatch.StrokeColor, r.swatch.StrokeWidth = color.Transparent, 1.5
	r.swatch.SetMinSize(fyne.NewSize(14, 14))
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer {
	text := container.NewBorder(nil, r.note, nil, r.value, r.name)
	return widget.NewSimpleRenderer(widgets.Pad(container.NewBorder(nil, nil, widgets.Pad(container.NewCenter(r.swatch), 4), nil, text), 4))
}

func (l *runList) update(i widget.ListItemID, o fyne.CanvasObject) {
	r, ok := o.(*row)
	if !ok || i >= len(l.infos) {
		return
	}
	info := l.infos[i]
	k := slices.Index(l.selected, info.Dir)
	r.swatch.StrokeColor, r.swatch.FillColor = look.Colour(look.Line), color.Transparent
	if k >= 0 {
		c := widgets.ChartTheme().Colour(k)
		if own := curves.ParseColour(info.Notes.Colour); own != nil {
			c = own
		}
		r.swatch.StrokeColor, r.swatch.FillColor = c, c
	}
	r.swatch.Refresh()
	name := info.Name
	if info.Notes.Star {
		name = "★ " + name
	}
	r.name.Set(name)
	r.value.Set(l.value(info))
	r.note.Set(l.describe(info))
}

// value is the number by which runs are compared.
func (l *runList) value(i store.Info) string {
	if v := i.Metric("val_r2"); !math.IsNaN(v) {
		return "R² " + l.v.book.Number(v)
	}
	if v := i.Metric("val_accuracy"); !math.IsNaN(v) {
		return l.v.book.Percent(v)
	}
	if v := i.Metric("val_loss"); !math.IsNaN(v) {
		return l.v.book.Number(v)
	}
	return ""
}

func (l *runList) describe(i store.Info) string {
	parts := []string{l.v.book.T("curves.state." + string(i.Status.State)), i.Status.Started.Local().Format("2006-01-02 15:04")}
	return strings.Join(append(parts, i.Notes.Tags...), " · ")
}
