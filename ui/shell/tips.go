package shell

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"athanor/ui/look"
	"athanor/ui/widgets"
)

// tipWidth is how wide an explanation is.
const tipWidth = 300

// Tips shows explanations beside what they are about, one at a time.
type Tips struct {
	post  func(func())
	wait  time.Duration
	layer *fyne.Container
	asked int
	text  string
}

// NewTips returns an empty layer; an explanation comes after wait. post brings a
// function to the UI goroutine.
func NewTips(post func(func()), wait time.Duration) *Tips {
	return &Tips{post: post, wait: wait, layer: container.NewWithoutLayout()}
}

// Layer lies over the window's content.
func (t *Tips) Layer() fyne.CanvasObject { return t.layer }

// Text is the explanation on screen, "" without one.
func (t *Tips) Text() string { return t.text }

// Show explains an object; "" takes away what is shown, at once.
func (t *Tips) Show(text string, over fyne.CanvasObject) {
	t.asked++
	asked := t.asked
	t.text = ""
	t.layer.RemoveAll()
	if text == "" {
		return
	}
	time.AfterFunc(t.wait, func() {
		t.post(func() {
			if t.asked == asked {
				t.put(text, over)
			}
		})
	})
}

// put shows the bubble below what it is about, or above where there is no room.
func (t *Tips) put(text string, over fyne.CanvasObject) {
	driver := fyne.CurrentApp().Driver()
	c := driver.CanvasForObject(over)
	if c == nil {
		return // it has left the screen
	}
	ground := widgets.NewFill(look.Raised, look.Radius).Stroke(look.Line)
	bubble := container.NewStack(ground, widgets.Pad(widgets.Width(widgets.SmallParagraph(text), tipWidth-24), 12))
	bubble.Resize(bubble.MinSize()) // wrapped text tells its height once it knows its width
	bubble.Resize(bubble.MinSize())
	size, room := bubble.Size(), t.layer.Size()
	at := driver.AbsolutePositionForObject(over).Subtract(driver.AbsolutePositionForObject(t.layer))
	x := min(at.X, room.Width-size.Width-8)
	y := at.Y + over.Size().Height + 8
	if y+size.Height > room.Height-8 {
		y = at.Y - size.Height - 8
	}
	bubble.Move(fyne.NewPos(max(x, 8), max(y, 8)))
	t.layer.Add(bubble)
	t.text = text
}
