package ui

import (
	"fyne.io/fyne/v2"

	"athanor/pipeline/dataset/source"
	"athanor/ui/home"
)

// homePart is the home screen's link to the studio.
type homePart struct {
	s    *Studio
	view *home.View
}

func (p *homePart) build() fyne.CanvasObject {
	p.view = home.New(p.s.book)
	p.view.OnStart = p.start
	p.view.OnOpen, p.view.OnResume = p.s.openProject, p.s.resumeRun
	p.view.OnProject, p.view.OnNew = p.s.useProject, p.s.newProject
	p.view.OnPack, p.view.OnUnpack = p.s.packProject, p.s.chooseUnpack
	return p.view
}

func (p *homePart) shown() {
	p.s.listRuns(p.view.Apply)
	p.s.listProjects(p.view.ApplyProjects)
}

func (p *homePart) hidden() {}

func (p *homePart) start(w home.Start) {
	switch w {
	case home.Digits:
		p.s.startDigits()
	case home.Images, home.Text, home.Table:
		p.s.Go(placeData)
		p.s.chooseDataFor(w)
	case home.Webcam:
		p.s.teach()
	case home.Faces:
		p.s.Go(placeFaces)
	case home.Model:
		p.s.Go(placeModels)
	}
}

// startDigits opens the embedded digits and goes where they can be trained.
func (s *Studio) startDigits() {
	s.Go(placeTrain)
	s.jobs.open(source.Digits, func() { s.Go(placeTrain) })
}
