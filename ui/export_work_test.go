package ui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/dataset/operation"
	"athanor/ui/data"
	uitrain "athanor/ui/train"
	"athanor/ui/widgets"
)

// What tests may ask of runs, data and projects.

// Waiting lists the names of the runs that wait.
func (s *Studio) Waiting() []int {
	var ids []int
	for _, w := range s.jobs.waiting {
		ids = append(ids, w.ID)
	}
	return ids
}

// MoveRun puts a waiting run at another place.
func (s *Studio) MoveRun(id, place int) { s.trainPart().view.OnMove(id, place) }

// RemoveRun takes a waiting run out.
func (s *Studio) RemoveRun(id int) { s.trainPart().view.OnRemove(id) }

// SetSeed changes the seed of the next run.
func (s *Studio) SetSeed(seed uint64) {
	s.jobs.recipe.Seed = seed
	s.trainPart().setup()
}

// StopRun presses Stop and keep.
func (s *Studio) StopRun() { s.jobs.stop() }

// Resume presses Continue on a run of Home.
func (s *Studio) Resume(dir string) { s.resumeRun(dir) }

// Epochs is how many epochs are on screen, Points how many steps.
func (s *Studio) Epochs() int { return len(s.jobs.snapshot.Epochs) }

// Points is how many steps the curves on screen have.
func (s *Studio) Points() int { return s.jobs.curves.Points() }

// Cell lists the validation rows of a cell of the confusion matrix.
func (s *Studio) Cell(truth, predicted int) []int { return cellRows(s.jobs.seen, truth, predicted) }

// Teach opens the capture and returns its wishes.
func (s *Studio) Teach() { s.teach() }

// AddClass, Watch, Hold and Release are what a person does there.
func (s *Studio) AddClass(name string) { s.dataPart().teaching.add(name) }

// Watch starts a source.
func (s *Studio) Watch(spec string) { s.dataPart().teaching.watch(spec) }

// Hold presses the button of a class, Release lets it go.
func (s *Studio) Hold(class string) { s.dataPart().teaching.view.OnHold(class) }

// Release lets the button go.
func (s *Studio) Release() { s.dataPart().teaching.view.OnRelease() }

// Taken is how many pictures a class shows.
func (s *Studio) Taken(class string) int {
	if t := s.dataPart().teaching.taken[class]; t != nil {
		return t.Count
	}
	return 0
}

// TakeBack removes the newest picture of a class.
func (s *Studio) TakeBack(class string) { s.dataPart().teaching.undo(class) }

// TrainOnTaken presses Train on these.
func (s *Studio) TrainOnTaken() { s.dataPart().teaching.train() }

// Samples is how many training samples are open, -1 without data.
func (s *Studio) Samples() int {
	if s.jobs.data == nil {
		return -1
	}
	return s.jobs.data.set.Train.Len()
}

// Findings are the kinds of what Health found that can be mended; nil while it looks.
func (s *Studio) Findings() []string {
	p := s.dataPart()
	if p.health == nil || p.healthOf != s.jobs.data {
		return nil
	}
	kinds := []string{}
	for _, f := range p.health.Findings {
		if len(f.Fix) > 0 {
			kinds = append(kinds, string(f.Kind))
		}
	}
	return kinds
}

// Fix presses Fix on the first finding of a kind.
func (s *Studio) Fix(kind string) {
	for _, f := range s.dataPart().health.Findings {
		if string(f.Kind) == kind {
			s.dataPart().fix(f)
			return
		}
	}
}

// Undo presses Ctrl+Z.
func (s *Studio) Undo() { s.undo() }

// SetAugment chooses an augmentation.
func (s *Studio) SetAugment(list string) { s.dataPart().setAugment(list) }

// Augment is what the next run does to its samples.
func (s *Studio) Augment() string { return s.jobs.recipe.Data.Augment }

// MakeProject makes a project and opens it.
func (s *Studio) MakeProject(dir string) { s.useProject(dir) }

// Pack packs the open project.
func (s *Studio) Pack(to string) { s.packTo(*s.project, to) }

// ProjectName is the open project's name, "" without one.
func (s *Studio) ProjectName() string {
	if s.project == nil {
		return ""
	}
	return s.project.Name
}

// Drop drops a file onto the window.
func (s *Studio) Drop(path string) { s.dropped([]fyne.URI{storage.NewFileURI(path)}) }

// OpenRun presses a run on Home.
func (s *Studio) OpenRun(dir string) { s.openProject(dir) }

// Dialog reports whether a dialog is on screen.
func (s *Studio) Dialog() bool { return s.window.Canvas().Overlays().Top() != nil }

// PressClose presses the window's close button.
func (s *Studio) PressClose() { s.closing() }

// End is what happens when the window was closed.
func (s *Studio) End() { s.close() }

// FindRate opens the search for a learning rate.
func (s *Studio) FindRate() { s.findRate() }

// FoundRate is what the newest search suggests, 0 before.
func (s *Studio) FoundRate() float64 { return s.trainPart().search.rate }

// UseRate takes the suggestion and returns the next run's rate.
func (s *Studio) UseRate() float64 {
	s.trainPart().search.take(s.trainPart())
	return s.jobs.recipe.Optimizer.LearningRate
}

// DropSample opens a sample of the grid and leaves it out.
func (s *Studio) DropSample(cell int) {
	p := s.dataPart()
	d := &sampleDialog{p: p, name: strconv.Itoa(p.feed().Row(p.rows[cell])), popup: widget.NewPopUp(widgets.Space(1), s.window.Canvas())}
	d.change(operation.Operation{Kind: operation.Drop, Samples: []string{d.name}})
}

// ShowPart turns to a part of the data: 0 training, 1 validation, 2 test.
func (s *Studio) ShowPart(part int) { s.dataPart().view.OnPart(data.Part(part)) }

// ShowClass shows the samples of one class, of all for -1.
func (s *Studio) ShowClass(class int) { s.dataPart().view.OnClass(class) }

// Rows is the table on the data screen.
func (s *Studio) Rows() *data.Rows { return s.dataPart().view.Rows() }

// ListedSamples is how many samples the data screen lists.
func (s *Studio) ListedSamples() int { return len(s.dataPart().rows) }

// Shown is the run on the train screen.
func (s *Studio) Shown() uitrain.Snapshot { return s.jobs.snapshot }

// PressContinue presses Continue on the train screen.
func (s *Studio) PressContinue() { s.trainPart().view.OnResume() }

// Press presses a shortcut: Ctrl with the key of a place, or with K.
func (s *Studio) Press(key fyne.KeyName) {
	if key == fyne.KeyK {
		s.pressed(key, s.openPalette)
	}
	for _, k := range keyedPlaces() {
		if k.key == key {
			s.pressed(key, func() { s.Go(k.id) })
		}
	}
}

// AfterCrash begins as after a crash that left a report.
func (s *Studio) AfterCrash(report string) { s.afterCrash(report) }
