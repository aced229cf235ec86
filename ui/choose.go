package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"athanor/ui/home"
	"athanor/ui/shell"
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
	d := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		s.choosing = nil
		if err != nil || r == nil {
			s.fail(err)
			return
		}
		path := r.URI().Path()
		if err := r.Close(); err != nil {
			s.fail(err)
			return
		}
		then(path)
	}, s.window)
	if filter != nil {
		d.SetFilter(storage.NewExtensionFileFilter(filter))
	}
	s.choosing = d
	d.Show()
	d.Resize(s.dialogSize()) // only a dialog on screen has a size to change
}

// chooseSave asks where something is to be written, under the name that is offered.
func (s *Studio) chooseSave(name string, then func(path string)) {
	d := dialog.NewFileSave(func(w fyne.URIWriteCloser, err error) {
		s.choosing = nil
		if err != nil || w == nil {
			s.fail(err)
			return
		}
		path := w.URI().Path()
		if err := w.Close(); err != nil {
			s.fail(err)
			return
		}
		then(path)
	}, s.window)
	d.SetFileName(name)
	s.choosing = d
	d.Show()
	d.Resize(s.dialogSize()) // only a dialog on screen has a size to change
}

// chooseFolder asks for a folder of pictures or texts.
func (s *Studio) chooseFolder() { s.pickFolder(s.openData) }

func (s *Studio) dialogSize() fyne.Size {
	size := s.window.Canvas().Size()
	return fyne.NewSize(min(size.Width-80, 900), min(size.Height-80, 600))
}

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
	d := dialog.NewFolderOpen(func(u fyne.ListableURI, err error) {
		s.choosing = nil
		if err != nil || u == nil {
			s.fail(err)
			return
		}
		then(u.Path())
	}, s.window)
	s.choosing = d
	d.Show()
	d.Resize(s.dialogSize()) // only a dialog on screen has a size to change
}

// makeFolder makes a folder with all above it.
func makeFolder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return nil
}
