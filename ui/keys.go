package ui

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/storage"

	"athanor/inference/vision"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/shell"
)

// bind connects keys, dropped files and the closing of the window.
func (s *Studio) bind() {
	for _, k := range keyedPlaces() {
		s.key(k.key, func() { s.Go(k.id) })
	}
	s.key(fyne.KeyK, s.openPalette)
	s.key(fyne.KeyReturn, s.jobs.start)
	s.key(fyne.KeyEnter, s.jobs.start)
	s.key(fyne.KeyP, s.jobs.pause)
	s.key(fyne.KeyPeriod, s.jobs.stop)
	s.window.Canvas().AddShortcut(&fyne.ShortcutUndo{}, func(fyne.Shortcut) { s.pressed(fyne.KeyZ, s.undo) })
	s.window.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyEscape {
			s.escape()
		}
	})
	s.window.SetOnDropped(func(_ fyne.Position, uris []fyne.URI) { s.dropped(uris) })
	s.window.SetCloseIntercept(s.closing)
}

// escape leaves the dialog on top.
func (s *Studio) escape() { shell.Dismiss(s.window) }

func (s *Studio) key(key fyne.KeyName, do func()) {
	shortcut := &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}
	s.window.Canvas().AddShortcut(shortcut, func(fyne.Shortcut) { s.pressed(key, do) })
}

// pressed does what a shortcut asks for, except behind a dialog: that wants an
// answer first. The palette gives way.
func (s *Studio) pressed(key fyne.KeyName, do func()) {
	if s.palette != nil && s.palette.Visible() && key != fyne.KeyK {
		s.palette.Hide()
	}
	if top := s.window.Canvas().Overlays().Top(); top != nil && (s.palette == nil || !s.palette.Visible()) {
		return
	}
	do()
}

// undoer is a part that can take its last change back.
type undoer interface{ undo() }

func (s *Studio) undo() {
	if u, ok := s.parts[s.place].(undoer); ok {
		u.undo()
	}
}

// openPalette shows the command palette, or closes it.
func (s *Studio) openPalette() {
	if s.palette != nil && s.palette.Visible() {
		s.palette.Hide()
		return
	}
	s.palette = shell.OpenPalette(s.window, s.book.T("palette.hint"), s.book.T("palette.nothing"), s.commands(), s.typedCommands)
}

// commands lists everything the palette can do now. Names of the other language
// help to find them too.
func (s *Studio) commands() []shell.Command {
	var list []shell.Command
	for _, p := range s.places(s.book) {
		list = append(list, shell.Command{Icon: p.Icon, Name: s.book.T("palette.go", p.Name), Keys: p.Keys, Words: p.ID, Run: func() { s.Go(p.ID) }})
	}
	list = append(list, s.jobs.commands()...)
	if s.project != nil {
		list = append(list, s.command("download", "project.pack", "", "pack export project 打包", s.packProject))
	}
	list = append(list,
		s.command("folder", "palette.open", "", "open import file data 打开 文件", s.chooseData),
		s.command("plus", "project.new", "", "new project 新建 项目", s.newProject),
		s.command("upload", "project.unpack", "", "unpack packed project 解包", s.chooseUnpack),
		s.command("camera", "home.webcam", "", "webcam camera capture teach 摄像头", s.teach),
		s.command("wand", "rate.title", "", "find learning rate 学习率", s.findRate),
		s.command("info", "settings.help", "", "help how 帮助", func() { s.openPage(5) }),
		s.command("book", "settings.glossary", "", "glossary words 术语", func() { s.openPage(4) }),
		s.command("doctor", "settings.doctor", "", "doctor check 体检", func() { s.openPage(2) }),
		s.command("sun", "palette.light", "", "theme light 浅色", func() { s.SetLook(look.Light) }),
		s.command("moon", "palette.dark", "", "theme dark 深色", func() { s.SetLook(look.Dark) }),
		s.command("settings", "palette.system", "", "theme system 系统", func() { s.SetLook(look.System) }),
		s.command("close", "palette.quit", "", "quit exit 退出", s.closing),
	)
	for _, l := range i18n.Languages() {
		list = append(list, shell.Command{Icon: "globe", Name: l.Name(), Words: "language 语言 english chinese " + string(l), Run: func() { s.SetLanguage(l) }})
	}
	return list
}

// typedCommands offers to open a path, or to watch an address, that was typed or
// pasted.
func (s *Studio) typedCommands(query string) []shell.Command {
	path := strings.TrimSpace(query)
	if kind, err := vision.KindOf(path); err == nil && kind == vision.KindStream {
		return []shell.Command{{Icon: "faces", Name: s.book.T("palette.watch", path), Run: func() { s.watchStream(path) }}}
	}
	if !filepath.IsAbs(path) {
		return nil
	}
	name := s.book.T("palette.path", filepath.Base(path))
	return []shell.Command{{Icon: "folder", Name: name, Run: func() { s.dropped([]fyne.URI{storage.NewFileURI(path)}) }}}
}

// watchStream looks for faces in a network stream.
func (s *Studio) watchStream(address string) {
	s.Go(placeFaces)
	if p, ok := s.parts[placeFaces].(*facesPart); ok {
		p.watch(address)
	}
}

func (s *Studio) command(icon, key, keys, words string, run func()) shell.Command {
	return shell.Command{Icon: icon, Name: s.book.T(key), Keys: keys, Words: words, Run: run}
}
