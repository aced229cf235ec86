package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// menu is the window's menu bar in the language in use. Its shortcuts are shown
// there and bound in bind.
func (s *Studio) menu() *fyne.MainMenu {
	return fyne.NewMainMenu(s.fileMenu(), s.runMenu(), s.viewMenu(), s.helpMenu())
}

func (s *Studio) entry(key string, shown fyne.KeyName, do func()) *fyne.MenuItem {
	item := fyne.NewMenuItem(s.book.T(key), do)
	if shown != "" {
		item.Shortcut = &desktop.CustomShortcut{KeyName: shown, Modifier: fyne.KeyModifierShortcutDefault}
	}
	return item
}

func (s *Studio) fileMenu() *fyne.Menu {
	quit := s.entry("palette.quit", "", s.closing)
	quit.IsQuit = true
	return fyne.NewMenu(s.book.T("menu.file"),
		s.entry("project.new", "", s.newProject),
		s.entry("project.unpack", "", s.chooseUnpack),
		s.entry("project.pack", "", s.packProject),
		fyne.NewMenuItemSeparator(),
		s.entry("data.open.file", "", s.chooseData),
		s.entry("data.open.folder", "", s.chooseFolder),
		s.entry("home.webcam", "", s.teach),
		fyne.NewMenuItemSeparator(), quit)
}

func (s *Studio) runMenu() *fyne.Menu {
	return fyne.NewMenu(s.book.T("menu.run"),
		s.entry("train.start", fyne.KeyReturn, s.jobs.start),
		s.entry("palette.pause", fyne.KeyP, s.jobs.pause),
		s.entry("train.stop", fyne.KeyPeriod, s.jobs.stop),
		fyne.NewMenuItemSeparator(),
		s.entry("rate.title", "", s.findRate))
}

// teach opens the capture of classes.
func (s *Studio) teach() {
	s.Go(placeData)
	s.dataPart().teach()
}

// findRate looks for a learning rate.
func (s *Studio) findRate() {
	s.Go(placeTrain)
	s.trainPart().findRate()
}

// openPage opens a page of the settings.
func (s *Studio) openPage(n int) {
	s.Go(placeSettings)
	s.settingsPart().view.Page(n)
}

func (s *Studio) viewMenu() *fyne.Menu {
	menu := fyne.NewMenu(s.book.T("menu.view"))
	for _, k := range keyedPlaces() {
		menu.Items = append(menu.Items, s.entry("place."+k.id, k.key, func() { s.Go(k.id) }))
	}
	menu.Items = append(menu.Items, fyne.NewMenuItemSeparator(),
		s.entry("palette.light", "", func() { s.SetLook(look.Light) }),
		s.entry("palette.dark", "", func() { s.SetLook(look.Dark) }),
		s.entry("palette.system", "", func() { s.SetLook(look.System) }),
		fyne.NewMenuItemSeparator())
	for _, l := range i18n.Languages() {
		menu.Items = append(menu.Items, fyne.NewMenuItem(l.Name(), func() { s.SetLanguage(l) }))
	}
	return menu
}

func (s *Studio) helpMenu() *fyne.Menu {
	page := func(n int) func() { return func() { s.openPage(n) } }
	return fyne.NewMenu(s.book.T("menu.help"),
		s.entry("settings.help", "", page(5)),
		s.entry("palette.find", fyne.KeyK, s.openPalette),
		s.entry("settings.keys", "", page(3)),
		s.entry("settings.glossary", "", page(4)),
		s.entry("settings.doctor", "", page(2)),
		fyne.NewMenuItemSeparator(),
		s.entry("menu.about", "", s.about))
}

// about says what this is.
func (s *Studio) about() {
	b := s.book
	var popup *widget.PopUp
	closing := widgets.NewButton(b.T("common.close"), func() { popup.Hide() })
	text := widgets.Column(look.Gap, widgets.Paragraph(b.T("about.text"), look.Muted), widgets.Note(b.T("about.version", s.opts.Version)))
	popup = shell.Modal(s.window, "info", b.T("app.title"), text, closing)
	popup.Show()
	s.window.Canvas().Focus(closing)
}
