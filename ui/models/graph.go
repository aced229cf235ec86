package models

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/outline"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// mostBlocks is how many blocks are drawn; deeper networks end in a remark.
const mostBlocks = 120

// blocks draws the model as a chain of layers, from the input down.
func (v *View) blocks(c Card) fyne.CanvasObject {
	box := widgets.Column(0)
	for _, in := range c.Inputs {
		box.Add(container.NewCenter(widgets.Note(in).Mono()))
	}
	for i, b := range c.Blocks[:min(len(c.Blocks), mostBlocks)] {
		if b.Group > 0 && (i == 0 || c.Blocks[i-1].Group != b.Group) {
			box.Add(container.NewCenter(widgets.Note(v.book.T("models.group", strconv.Itoa(b.Repeats))).Tint(look.Ember)))
		}
		box.Add(arrow())
		box.Add(v.block(b))
	}
	if more := len(c.Blocks) - mostBlocks; more > 0 {
		box.Add(container.NewCenter(widgets.Note(v.book.T("models.more", v.book.Count(more)))))
	}
	box.Add(arrow())
	for _, out := range c.Outputs {
		box.Add(container.NewCenter(widgets.Note(out).Mono()))
	}
	return box
}

func arrow() fyne.CanvasObject {
	return container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(14), widget.NewIcon(look.Tinted("down", look.Muted))))
}

func (v *View) block(b outline.Block) fyne.CanvasObject {
	title := b.Title
	if title == "" {
		title = v.book.T("models.front")
	}
	if b.Times > 1 {
		title += "  × " + strconv.Itoa(b.Times)
	}
	remark := ""
	if b.Parameters > 0 {
		remark = v.book.Count(int(b.Parameters) * b.Times)
	}
	head := container.NewBorder(nil, nil, nil, container.NewCenter(widgets.Note(remark)), widgets.Strong(title).Truncate())
	text := strings.Join(b.Operators, " · ")
	if b.Joins {
		text += "  " + v.book.T("models.joins")
	}
	inner := widgets.Column(2, head)
	if text != "" {
		inner.Add(widgets.Note(text).Truncate())
	}
	fill := widgets.NewFill(look.Raised, 6)
	if b.Group > 0 {
		fill = fill.Stroke(look.Ember)
	}
	return container.NewStack(fill, container.New(layout.NewCustomPaddedLayout(6, 6, 12, 12), inner))
}
