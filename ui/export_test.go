package ui

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

// ChooseFolder asks for a folder of data.
func (s *Studio) ChooseFolder() { s.chooseFolder() }
