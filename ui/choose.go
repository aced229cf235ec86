package ui

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/choose"
	"athanor/ui/home"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// dropped takes files dropped anywhere on the window.
func (s *Studio) dropped(uris []fyne.URI) {
	if len(uris) == 0 {
		return
	}
	if d, ok := s.parts[s.place].(dropper); ok && d.drop(uris) {
		return
	}
	path := mainPath(uris)
	if p, ok := s.parts[placeModels].(dropper); ok && strings.EqualFold(filepath.Ext(path), ".onnx") {
		s.Go(placeModels)
		p.drop(uris)
		return
	}
	s.openData(path)
}

// mainPath is the one of several dropped files that stands for all: the pictures
// of an IDX pair, else the first.
func mainPath(uris []fyne.URI) string {
	for _, u := range uris {
		if name := strings.ToLower(filepath.Base(u.Path())); len(uris) > 1 && strings.Contains(name, "images") {
			return u.Path()
		}
	}
	return uris[0].Path()
}

// dropper is a part that may want dropped files for itself.
type dropper interface{ drop([]fyne.URI) bool }

// openData opens a file or folder as data and shows it.
func (s *Studio) openData(path string) {
	if s.jobs.live() {
		s.toasts.Show(shell.Plain, s.book.T("data.busy_run"), "", nil)
	}
	if strings.HasSuffix(path, packedSuffix) {
		s.unpack(path)
		return
	}
	s.Go(placeData)
	s.askColumns(path, false, func() {
		s.jobs.open(path, func() { s.toasts.Show(shell.Good, s.jobs.title(), "", nil) })
	})
}

// chooseData asks for a file with data.
func (s *Studio) chooseData() { s.chooseFile(nil, s.openData) }

// chooseFile asks for a file; filter names extensions, nil is all.
func (s *Studio) chooseFile(filter []string, then func(path string)) {
	s.choose(choose.Wish{Kind: choose.File, Extensions: filter}, "choose.file", "", then)
}

// chooseSave asks where something is to be written, under the name that is offered;
// the file keeps its ending.
func (s *Studio) chooseSave(name string, then func(path string)) {
	s.choose(choose.Wish{Kind: choose.Save, Extensions: []string{filepath.Ext(name)}}, "choose.save", name, then)
}

// chooseFolder asks for a folder of pictures or texts.
func (s *Studio) chooseFolder() { s.pickFolder(s.openData) }

// chooseDataFor asks for what a starting card needs.
func (s *Studio) chooseDataFor(w home.Start) {
	if w == home.Images {
		s.chooseFolder()
		return
	}
	s.chooseFile([]string{".csv", ".tsv", ".txt", ".jsonl", ".parquet", ".gz", ".zip"}, s.openData)
}

// pickFolder asks for a folder.
func (s *Studio) pickFolder(then func(path string)) {
	s.choose(choose.Wish{Kind: choose.Folder}, "choose.folder", "", then)
}

// choose opens the dialog that finds files and folders, where it was the last time.
func (s *Studio) choose(wish choose.Wish, title, name string, then func(path string)) {
	b := s.book
	home, err := os.UserHomeDir()
	if err != nil {
		home = string(filepath.Separator)
	}
	view := choose.New(b, wish, choose.Places(home, s.opts.Paths.Data), name)
	var pop *widget.PopUp
	cancel := widgets.NewButton(b.T("common.cancel"), func() { pop.Hide() })
	take := widgets.NewButton(b.T(title+".go"), view.Choose)
	take.Importance = widget.HighImportance
	view.OnChosen = func(path string) {
		s.folder = view.Dir()
		pop.Hide()
		then(path)
	}
	view.OnChoice = func(name string) {
		if take.Enable(); name == "" || name == "." {
			take.Disable()
		}
	}
	view.OnRead = func(dir string, w choose.Wish) {
		async(s, func(ctx context.Context) ([]choose.Entry, error) { return choose.List(ctx, dir, w) },
			func(list []choose.Entry, err error) { view.Apply(dir, list, err) })
	}
	size := s.window.Canvas().Size()
	body := widgets.Width(widgets.Height(view, min(size.Height-220, 460)), min(size.Width-120, 760))
	pop = shell.Modal(s.window, "folder", b.T(title), body, cancel, take)
	pop.Show()
	view.Go(cmp.Or(s.folder, home))
	s.window.Canvas().Focus(view.Focus())
}

// makeFolder makes a folder with all above it.
func makeFolder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return nil
}
