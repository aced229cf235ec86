package ui

import (
	"image"

	"athanor/ui/evaluate"
	"athanor/ui/widgets"
)

func (s *Studio) evaluatePart() *evaluatePart {
	p, _ := s.parts[placeEvaluate].(*evaluatePart)
	return p
}

func (s *Studio) tryPart() *tryPart {
	p, _ := s.parts[placeTry].(*tryPart)
	return p
}

// ModelToMeasure is the path of the model on the Evaluate screen.
func (s *Studio) ModelToMeasure() string { return s.evaluatePart().chosen }

// Measure presses Measure.
func (s *Studio) Measure() { s.evaluatePart().run() }

// Measured tells whether there is an outcome.
func (s *Studio) Measured() bool { return s.evaluatePart().outcome != nil }

// EvaluatePage shows a page of the screen.
func (s *Studio) EvaluatePage(i int) { s.evaluatePart().view.Turn(i) }

// SortMistakes sorts the gallery.
func (s *Studio) SortMistakes(o evaluate.Order) { s.evaluatePart().order(o) }

// Gallery is what the gallery lists, "label → answer", with what was changed.
func (s *Studio) Gallery() []string {
	var out []string
	for _, m := range s.evaluatePart().gallery.samples {
		out = append(out, m.Label+" → "+m.Answer+m.Changed)
	}
	return out
}

// Suspected tells whether the gallery lists doubts.
func (s *Studio) Suspected() bool { return len(s.evaluatePart().gallery.doubts) > 0 }

// Mend gives a sample of the gallery another label.
func (s *Studio) Mend(place int, class string) { s.evaluatePart().change(place, class) }

// Mended is how many changes wait.
func (s *Studio) Mended() int { return len(s.evaluatePart().gallery.steps) }

// UnMend takes the last change back.
func (s *Studio) UnMend() { s.evaluatePart().undo() }

// WriteEvaluation presses Report.
func (s *Studio) WriteEvaluation() { s.evaluatePart().report() }

// CompareModels compares models on the screen.
func (s *Studio) CompareModels(ids ...string) { s.evaluatePart().compare(ids) }

// ModelToTry is the path of the model on the Try screen.
func (s *Studio) ModelToTry() string { return s.tryPart().chosen }

// TryPicture gives the model a picture.
func (s *Studio) TryPicture(img image.Image) { s.tryPart().picture(img) }

// TryVerdict is the answer on the screen.
func (s *Studio) TryVerdict() string { return s.tryPart().view.Verdict() }

// TryRow gives the model a row.
func (s *Studio) TryRow(cells map[string]string) { s.tryPart().judgeRow(cells) }

// EffectToTry is the column whose effect is shown, with how many of its values.
func (s *Studio) EffectToTry() (column string, values int) {
	if e := s.tryPart().view.Effect(); e != nil {
		return e.Column, len(e.Points)
	}
	return "", 0
}

// ChooseEffect asks for a column's effect.
func (s *Studio) ChooseEffect(column string) { s.tryPart().view.OnColumn(column) }

// AskWhy switches explanations on or off.
func (s *Studio) AskWhy(on bool) { s.tryPart().explaining = on; s.tryPart().explain() }

// Explained tells whether an explanation is shown.
func (s *Studio) Explained() bool { return s.tryPart().view.Explained() }

// Correct says which answer was right.
func (s *Studio) Correct(class string) { s.tryPart().wrong(class) }

// WatchToTry judges a video, camera or folder.
func (s *Studio) WatchToTry(spec string) { s.tryPart().watch(spec) }

// WatchingToTry tells whether frames are judged.
func (s *Studio) WatchingToTry() bool { return s.tryPart().view.Watching() }

// StopWatchingToTry ends it.
func (s *Studio) StopWatchingToTry() { s.tryPart().stopCamera() }

// ChooseMistake chooses a sample of the gallery.
func (s *Studio) ChooseMistake(place int) { s.evaluatePart().alike(place) }

// AlikeToMistake are the training samples shown beside it.
func (s *Studio) AlikeToMistake() []widgets.Alike { return s.evaluatePart().view.Alike() }

// Temper presses Calibrate.
func (s *Studio) Temper() { s.evaluatePart().temper() }

// AlikeToTry are the training samples shown beside what was asked about.
func (s *Studio) AlikeToTry() []widgets.Alike { return s.tryPart().view.Alike() }

// UseDevice chooses a device in the settings and comes back to the try screen.
func (s *Studio) UseDevice(name string) {
	s.Go("home")
	s.prefs.Device = name
	s.Go("try")
}

// Toasted counts the messages shown so far.
func (s *Studio) Toasted() int { return s.toasts.Shown() }
