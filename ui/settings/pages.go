package settings

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/app/doctor"
	"athanor/app/project"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

func (v *View) makeStorage() fyne.CanvasObject {
	figures := container.NewGridWithColumns(5)
	for _, key := range usageKeys() {
		figures.Add(v.usage[key])
	}
	keep := v.number(v.settings.Retention.Checkpoints, func(s *project.Settings, n int) { s.Retention.Checkpoints = n })
	clean := widgets.NewButtonWithIcon(v.book.T("settings.clean"), look.Icon("trash"), func() {
		if v.OnClean != nil {
			v.OnClean(v.settings.Retention.Checkpoints)
		}
	})
	days := v.number(v.settings.Retention.TrashDays, func(s *project.Settings, n int) { s.Retention.TrashDays = n })
	retention := widgets.Column(2*look.Gap, v.setting("keep", widgets.Width(keep, 80)), v.setting("trash", widgets.Width(days, 80)), v.setting("cleanup", clean))
	choose := widgets.NewButtonWithIcon(v.book.T("settings.choose"), look.Icon("folder"), func() {
		if v.OnProjects != nil {
			v.OnProjects()
		}
	})
	projects := v.settings.Projects
	if projects == "" {
		projects = v.paths.Projects()
	}
	folders := widgets.Column(look.Gap, v.path("settings.folder.data", v.paths.Data), v.path("settings.folder.config", v.paths.Config),
		container.NewBorder(nil, nil, nil, choose, v.path("settings.folder.projects", projects)))
	return page(
		widgets.TitledPanel(v.book.T("settings.usage"), nil, figures),
		widgets.TitledPanel(v.book.T("settings.retention"), nil, retention),
		widgets.TitledPanel(v.book.T("settings.folders"), nil, folders))
}

// number is a field for a whole number from 0 on.
func (v *View) number(now int, set func(*project.Settings, int)) fyne.CanvasObject {
	entry := widgets.NewEntry()
	entry.SetText(strconv.Itoa(now))
	entry.OnChanged = func(text string) {
		if n, err := strconv.Atoi(text); err == nil && n >= 0 {
			v.change(func(s *project.Settings) { set(s, n) })
		}
	}
	return entry
}

// path is a folder with a button that copies it.
func (v *View) path(key, path string) fyne.CanvasObject {
	name := widgets.Width(widgets.Body(v.book.T(key)), 120)
	return container.NewBorder(nil, nil, name, v.copyButton(path), widgets.Note(path).Mono().Truncate())
}

func (v *View) copyButton(text string) *widgets.Button {
	b := widgets.NewButtonWithIcon("", look.Tinted("copy", look.Muted), func() {
		if v.OnCopy != nil {
			v.OnCopy(text)
		}
	})
	b.Importance = widget.LowImportance
	return b
}

func (v *View) makeDoctor() fyne.CanvasObject {
	again := widgets.NewButtonWithIcon(v.book.T("settings.doctor.again"), look.Icon("refresh"), func() {
		if v.OnCheck != nil {
			v.OnCheck()
		}
	})
	return page(widgets.TitledPanel(v.book.T("settings.doctor.title"), again, v.doctor))
}

// ApplyDoctor shows what was found on the machine.
func (v *View) ApplyDoctor(findings []doctor.Finding) {
	v.doctor.RemoveAll()
	lang := string(v.book.Language())
	for _, f := range findings {
		v.doctor.Add(v.finding(f, f.Title(lang), f.Message(lang)))
	}
	v.doctor.Refresh()
}

func (v *View) finding(f doctor.Finding, title, message string) fyne.CanvasObject {
	icon, colour := "check", look.Positive
	switch f.State {
	case doctor.Optional:
		icon, colour = "minus", look.Muted
	case doctor.Warning:
		icon, colour = "warning", theme.ColorNameWarning
	case doctor.Missing:
		icon, colour = "error", look.Negative
	}
	picture := container.NewGridWrap(fyne.NewSquareSize(18), widget.NewIcon(look.Tinted(icon, colour)))
	name := widgets.Width(widgets.Body(title), 132)
	line := container.NewBorder(nil, nil, widgets.Row(look.Gap, picture, name), nil, widgets.Paragraph(message, look.Muted))
	if f.Cure == "" {
		return line
	}
	cure := container.NewBorder(nil, nil, widgets.Width(widgets.Space(0), 166), v.copyButton(f.Cure), widgets.Note(f.Cure).Mono().Tint(theme.ColorNameForeground).Truncate())
	return widgets.Column(0, line, cure)
}

// keyNames lists the shortcuts with the key of their explanation.
func keyNames() [][2]string {
	return [][2]string{
		{"Ctrl+K", "keys.palette"},
		{"Ctrl+1 … Ctrl+0", "keys.places"},
		{"Ctrl+,", "keys.settings"},
		{"Ctrl+Enter", "keys.start"},
		{"Ctrl+P", "keys.pause"},
		{"Ctrl+.", "keys.stop"},
		{"Ctrl+Z", "keys.undo"},
		{"Tab", "keys.tab"},
		{"Space", "keys.space"},
	}
}

func (v *View) makeKeys() fyne.CanvasObject {
	list := widgets.Column(look.Gap)
	for _, k := range keyNames() {
		list.Add(container.NewBorder(nil, nil, widgets.Width(widgets.Strong(k[0]), 160), nil, widgets.Body(v.book.T(k[1])).Tint(look.Muted)))
	}
	return page(widgets.TitledPanel(v.book.T("settings.keys"), nil, list))
}

// words lists the terms of the glossary.
func words() []string {
	return []string{
		"epoch", "batch", "loss", "accuracy", "validation", "overfitting", "learning_rate", "optimizer",
		"parameter", "confusion", "checkpoint", "onnx", "inference", "seed", "fingerprint",
	}
}

func (v *View) makeGlossary() fyne.CanvasObject {
	list := widgets.Column(2 * look.Gap)
	for _, w := range words() {
		term := widgets.Strong(v.book.T("glossary." + w))
		list.Add(container.NewBorder(nil, nil, widgets.Width(container.NewVBox(term), 160), nil, widgets.Paragraph(v.book.T("glossary."+w+".means"), look.Muted)))
	}
	return page(widgets.TitledPanel(v.book.T("settings.glossary"), nil, list))
}

// topics lists the chapters of the help.
func topics() []string {
	return []string{"first", "own", "webcam", "read", "better", "queue", "use", "share", "lost"}
}

func (v *View) makeHelp() fyne.CanvasObject {
	list := widgets.Column(2 * look.Gap)
	for _, t := range topics() {
		list.Add(widgets.Column(4, widgets.Strong(v.book.T("help."+t)), widgets.Paragraph(v.book.T("help."+t+".text"), look.Muted)))
	}
	return page(widgets.TitledPanel(v.book.T("settings.help.title"), nil, list))
}
