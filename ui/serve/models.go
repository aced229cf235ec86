package serve

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/serve"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Choice is a model that can be served.
type Choice struct {
	ID, Name string
	Served   string // its name in addresses
	On       bool
}

// ApplyModels shows what can be served.
func (v *View) ApplyModels(models []Choice) {
	v.choices = models
	v.showModels()
	var served []string
	for _, m := range models {
		if m.On {
			served = append(served, m.Served)
		}
	}
	v.Try.setModels(served)
	v.Load.setModels(served)
}

func (v *View) showModels() {
	v.models.RemoveAll()
	for _, m := range v.choices {
		v.models.Add(v.modelRow(m))
	}
	if len(v.choices) == 0 {
		v.models.Add(widgets.SmallParagraph(v.book.T("serve.none")))
	}
	v.side.Refresh()
}

func (v *View) modelRow(m Choice) fyne.CanvasObject {
	box := widgets.NewCheck("", nil)
	box.SetChecked(m.On)
	box.OnChanged = func(on bool) {
		if v.OnModel != nil {
			v.OnModel(m.ID, on)
		}
	}
	text := widgets.Column(0, widgets.Body(m.Name).Truncate())
	if m.On {
		text.Add(widgets.Note(v.versions(m.Served) + m.Served).Truncate())
	}
	name := container.New(layout.NewCustomPaddedLayout(6, 4, 0, 0), text)
	if !v.state.On || !m.On || len(v.choices) < 2 {
		return container.NewBorder(nil, nil, box, nil, name)
	}
	swap := widgets.NewButtonWithIcon("", look.Tinted("refresh", look.Muted), nil)
	swap.OnTapped = func() { v.chooseSwap(m, swap) }
	swap.Importance = widget.LowImportance
	return container.NewBorder(nil, nil, box, swap, name)
}

// chooseSwap lists the models that can take a served one's place.
func (v *View) chooseSwap(m Choice, under fyne.CanvasObject) {
	c := fyne.CurrentApp().Driver().CanvasForObject(under)
	if c == nil {
		return
	}
	title := fyne.NewMenuItem(v.book.T("serve.swap"), nil)
	title.Disabled = true
	menu := fyne.NewMenu("", title)
	for _, other := range v.choices {
		if other.ID != m.ID {
			menu.Items = append(menu.Items, fyne.NewMenuItem(other.Name, func() {
				if v.OnSwap != nil {
					v.OnSwap(m.Served, other.ID)
				}
			}))
		}
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(under)
	widget.ShowPopUpMenuAtPosition(menu, c, at.AddXY(0, under.Size().Height))
}

// versions says which versions of a served model there are.
func (v *View) versions(name string) string {
	for _, m := range v.state.Models {
		if m.Name == name {
			return v.book.T("serve.version", strings.Join(m.Versions, ", ")) + " · "
		}
	}
	return ""
}

// applyVersions draws the models anew where a version has changed.
func (v *View) applyVersions(now []serve.ModelStats) {
	var text []string
	for _, m := range now {
		text = append(text, m.Name+" "+strings.Join(m.Versions, ","))
	}
	if !slices.Equal(text, v.shown) {
		v.shown = text
		v.showModels()
	}
}

// Key is a key as the screen lists it.
type Key struct{ Name, Detail string }

// ApplyKeys lists the keys.
func (v *View) ApplyKeys(keys []Key) {
	v.keys.RemoveAll()
	for _, k := range keys {
		revoke := widgets.NewButtonWithIcon("", look.Tinted("trash", look.Muted), func() { call1(v.OnRevoke, k.Name) })
		revoke.Importance = widget.LowImportance
		text := widgets.Column(0, widgets.Body(k.Name).Truncate(), widgets.Note(k.Detail).Truncate())
		v.keys.Add(container.NewBorder(nil, nil, nil, revoke, text))
	}
	about := "serve.keys.some"
	if len(keys) == 0 {
		about = "serve.keys.none"
	}
	v.keys.Add(widgets.SmallParagraph(v.book.T(about)))
	v.side.Refresh()
	v.code.setKeyed(len(keys) > 0)
}
