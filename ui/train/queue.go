package train

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Waiting is a run that begins when those before it are over.
type Waiting struct {
	ID           int
	Name, Detail string
}

// queue shows the waiting runs with buttons that move and remove them; without
// any it takes no room.
type queue struct {
	v     *View
	rows  *fyne.Container
	panel *fyne.Container
}

func newQueue(v *View) *queue {
	q := &queue{v: v, rows: widgets.Column(look.Gap)}
	q.panel = widgets.TitledPanel(v.book.T("queue.title"), nil, q.rows)
	q.panel.Hide()
	return q
}

// ApplyQueue shows the waiting runs in their order.
func (v *View) ApplyQueue(list []Waiting) {
	v.queue.rows.RemoveAll()
	for i, w := range list {
		v.queue.rows.Add(v.queue.row(w, i, len(list)))
	}
	widgets.SetVisible(v.queue.panel, len(list) > 0)
	v.queue.panel.Refresh()
}

func (q *queue) row(w Waiting, place, of int) fyne.CanvasObject {
	button := func(icon string, on bool, do func()) fyne.CanvasObject {
		b := widgets.NewButtonWithIcon("", look.Tinted(icon, look.Muted), do)
		b.Importance = widget.LowImportance
		if !on {
			b.Hide()
		}
		return container.NewGridWrap(fyne.NewSquareSize(28), b)
	}
	move := func(to int) func() {
		return func() {
			if q.v.OnMove != nil {
				q.v.OnMove(w.ID, to)
			}
		}
	}
	buttons := container.NewHBox()
	if of > 1 { // one alone needs no room for them
		buttons.Add(button("up", place > 0, move(place-1)))
		buttons.Add(button("down", place < of-1, move(place+1)))
	}
	buttons.Add(button("close", true, func() {
		if q.v.OnRemove != nil {
			q.v.OnRemove(w.ID)
		}
	}))
	text := widgets.Column(2, widgets.Body(w.Detail).Truncate(), widgets.Note(w.Name).Truncate())
	return container.NewBorder(nil, nil, nil, container.NewCenter(buttons), text)
}
