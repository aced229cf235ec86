package ui

import (
	"athanor/app/project"
	"athanor/inference/face"
)

// What black-box tests of the window may ask and do beyond a person's reach.

// Places lists the places of the rail.
func (s *Studio) Places() []string {
	var ids []string
	for _, k := range keyedPlaces() {
		if s.parts[k.id] != nil {
			ids = append(ids, k.id)
		}
	}
	return ids
}

// StartDigits presses the first card of Home.
func (s *Studio) StartDigits() { s.startDigits() }

// Ready reports whether data are open.
func (s *Studio) Ready() bool { return s.jobs.data != nil }

// SetEpochs changes the number of epochs, as the form would.
func (s *Studio) SetEpochs(n int) {
	s.jobs.recipe.Train.Epochs = n
	s.trainPart().setup()
}

// StartRun presses Start.
func (s *Studio) StartRun() { s.jobs.start() }

// Idle reports whether a run has ended.
func (s *Studio) Idle() bool { return !s.jobs.live() }

// Accuracy is the test accuracy on screen, 0 without one.
func (s *Studio) Accuracy() float64 {
	if s.jobs.snapshot.Test == nil {
		return 0
	}
	return s.jobs.snapshot.Test.Accuracy
}

// Errors counts the error dialogs shown.
func (s *Studio) Errors() int { return int(s.meter.errors.Load()) }

// OpenData opens a file as data.
func (s *Studio) OpenData(path string) { s.openData(path) }

// OpenPalette opens the command palette.
func (s *Studio) OpenPalette() { s.openPalette() }

// ChooseFile asks for a data file.
func (s *Studio) ChooseFile() { s.chooseData() }

// AskToClose asks whether the window may close during a run.
func (s *Studio) AskToClose() { s.askToClose() }

// NewProject asks for the name of a new project.
func (s *Studio) NewProject() { s.newProject() }

// ChooseFolder asks for a folder of data.
func (s *Studio) ChooseFolder() { s.chooseFolder() }

func (s *Studio) facesPart() *facesPart {
	p, _ := s.parts[placeFaces].(*facesPart)
	return p
}

// FacesReady reports whether the detectors are open.
func (s *Studio) FacesReady() bool { return len(s.facesPart().detectors) > 0 }

// FaceDetectors are the open detectors.
func (s *Studio) FaceDetectors() []face.Detector { return s.facesPart().detectors }

// WatchFaces watches a source.
func (s *Studio) WatchFaces(spec string) { s.facesPart().watch(spec) }

// FacesSeen is how many faces the newest view has.
func (s *Studio) FacesSeen() int {
	if w := s.facesPart().watching; w != nil && w.live.View() != nil {
		return w.live.View().Counts.Now
	}
	return 0
}

// FacesPanes is how many detectors' results the newest view has.
func (s *Studio) FacesPanes() int {
	if w := s.facesPart().watching; w != nil && w.live.View() != nil {
		return len(w.live.View().Results)
	}
	return 0
}

// SaveFaces presses Snapshot.
func (s *Studio) SaveFaces() { s.facesPart().save() }

// RecordFaces presses Record.
func (s *Studio) RecordFaces() { s.facesPart().record() }

// RecordingFaces reports whether a video is being written.
func (s *Studio) RecordingFaces() bool {
	w := s.facesPart().watching
	return w != nil && w.recording != ""
}

// RunTyped runs the first command that the palette offers for what was typed.
func (s *Studio) RunTyped(query string) bool {
	list := s.typedCommands(query)
	if len(list) > 0 {
		list[0].Run()
	}
	return len(list) > 0
}

// ChosenFaces are the settings of the faces screen as they are kept.
func (s *Studio) ChosenFaces() project.Faces { return s.prefs.Faces }

// TuneFaces turns the dials of the followed detector.
func (s *Studio) TuneFaces(p face.Params) { s.facesPart().tune(0, p) }

// CompareFaces chooses a second detector.
func (s *Studio) CompareFaces(name string) { s.facesPart().detector(1, name) }

// LabelFaces opens a source for drawing true boxes.
func (s *Studio) LabelFaces(path string) { s.facesPart().openLabels(path) }

// LabelsReady reports whether pictures are there to draw on.
func (s *Studio) LabelsReady() bool {
	l := s.facesPart().labelling
	return l != nil && l.list != nil
}

// SuggestLabels presses Suggest.
func (s *Studio) SuggestLabels() { s.facesPart().suggest() }

// ScoreLabels presses Score.
func (s *Studio) ScoreLabels() { s.facesPart().score() }

// UndoLabel presses Undo.
func (s *Studio) UndoLabel() { s.facesPart().undoLabel() }

// Scores are those on the screen.
func (s *Studio) Scores() []face.Scored {
	if l := s.facesPart().labelling; l != nil {
		return l.scores
	}
	return nil
}

// AnonymiseFaces makes a file or folder anonymous.
func (s *Studio) AnonymiseFaces(path string) { s.facesPart().anonymise(path) }

// Anonymising reports whether that is under way.
func (s *Studio) Anonymising() bool { return s.facesPart().working != nil }

// BringFaceModel takes a dropped model.
func (s *Studio) BringFaceModel(path string) { s.facesPart().bring(path) }
