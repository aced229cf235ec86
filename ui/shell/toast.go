package shell

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Tone is what kind of news a toast brings.
type Tone int

// Tones.
const (
	Plain Tone = iota
	Good
	Bad
)

// Toasts shows short news at the lower right; each goes by itself.
type Toasts struct {
	post  func(func())
	stay  time.Duration
	stack *fyne.Container
	layer *fyne.Container
	shown int
}

// NewToasts returns an empty layer whose toasts stay for stay; post brings a
// function to the UI goroutine.
func NewToasts(post func(func()), stay time.Duration) *Toasts {
	t := &Toasts{post: post, stay: stay, stack: widgets.Column(look.Gap)}
	corner := container.NewBorder(nil, container.NewHBox(layout.NewSpacer(), t.stack), nil, nil)
	t.layer = container.New(layout.NewCustomPaddedLayout(0, 44, 0, 16), corner)
	return t
}

// Layer lies over the window's content.
func (t *Toasts) Layer() fyne.CanvasObject { return t.layer }

// Shown is how many toasts there have been.
func (t *Toasts) Shown() int { return t.shown }

// Show adds a toast; act, where not nil, is offered as a button named action.
func (t *Toasts) Show(tone Tone, text, action string, act func()) {
	var toast fyne.CanvasObject
	gone := func() { t.stack.Remove(toast) }
	toast = t.make(tone, text, action, func() {
		gone()
		act()
	})
	for len(t.stack.Objects) >= 3 {
		t.stack.Remove(t.stack.Objects[0])
	}
	t.stack.Add(toast)
	t.shown++
	time.AfterFunc(t.stay, func() { t.post(gone) })
}

func (t *Toasts) make(tone Tone, text, action string, act func()) fyne.CanvasObject {
	icon, colour := "info", look.Muted
	switch tone {
	case Good:
		icon, colour = "check", look.Positive
	case Bad:
		icon, colour = "error", look.Negative
	}
	picture := container.NewGridWrap(fyne.NewSquareSize(18), widget.NewIcon(look.Tinted(icon, colour)))
	line := widgets.Row(look.Gap, container.NewCenter(picture), container.NewCenter(widgets.Body(text)))
	if action != "" {
		line.Add(widgets.NewButton(action, act))
	}
	ground := widgets.NewFill(look.Raised, look.Radius).Stroke(look.Line)
	return container.NewStack(ground, container.New(layout.NewCustomPaddedLayout(8, 8, 12, 12), line))
}
