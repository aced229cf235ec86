package ui

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"athanor/app/training"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
	"athanor/ui/shell"
	uitrain "athanor/ui/train"
)

// Networks from files on the train screen: the card among the architectures asks
// for an ONNX file, whose layers the settings then offer.

// layerRate is the part of the learning rate that a network's own layers begin with.
const layerRate = 0.1

// teach asks for the file of a network to teach.
func (j *session) teach() { j.s.chooseFile([]string{".onnx"}, j.teachFile) }

// teachFile makes a network from a file the one to train: at first only a new head,
// which takes seconds.
func (j *session) teachFile(path string) {
	if j.data == nil || j.data.set.Task == dataset.Table {
		j.later = path
		j.s.toasts.Show(shell.Plain, j.s.book.T("teach.data", filepath.Base(path)), "", nil)
		j.s.Go(placeData)
		return
	}
	j.later = ""
	async(j.s, func(context.Context) (training.Pupil, error) { return training.Look(path) },
		func(p training.Pupil, err error) {
			if err == nil && p.Texts && p.Vocabulary == "" && j.data != nil && j.data.set.Task == dataset.Text {
				j.askVocabulary(p)
				return
			}
			if err == nil {
				err = j.takePupil(p)
			}
			j.s.fail(err)
		})
}

// askVocabulary asks for the vocabulary of a network that reads texts, where none
// lies beside it.
func (j *session) askVocabulary(p training.Pupil) {
	j.s.toasts.Show(shell.Plain, j.s.book.T("teach.vocabulary", filepath.Base(p.Path)), "", nil)
	j.s.chooseFile([]string{".txt", ".json"}, func(path string) {
		p.Vocabulary = path
		j.s.fail(j.takePupil(p))
	})
}

func (j *session) takePupil(p training.Pupil) error {
	if j.data == nil {
		return nil // closed in the meantime
	}
	if p.Texts != (j.data.set.Task == dataset.Text) {
		return fmt.Errorf("%w: %s reads %s, the data is of the task %s", transfer.ErrInput, filepath.Base(p.Path), reads(p), j.data.set.Task)
	}
	base := train.Recipe{
		Task: j.recipe.Task, Data: j.recipe.Data, Seed: j.recipe.Seed, Model: train.Model{Length: p.Length},
		Transfer: &train.Transfer{Model: p.Path, Head: true, Rate: layerRate, Vocabulary: p.Vocabulary},
	}
	base.Data.Size = p.PictureSize(base.Data.Path)
	if base.Data.Augment == j.defaults.Data.Augment { // an architecture's, not a person's
		base.Data.Augment = ""
	}
	recipe, err := base.Resolve()
	if err != nil {
		return err
	}
	j.pupil, j.recipe, j.defaults = &p, recipe, recipe
	j.settle()
	return nil
}

// lookAgain looks at the network that a recipe from elsewhere teaches, whose layers
// the settings then offer.
func (j *session) lookAgain() {
	t := j.recipe.Transfer
	if t == nil || j.looked() != nil {
		return
	}
	async(j.s, func(context.Context) (training.Pupil, error) { return training.Look(t.Model) }, func(p training.Pupil, err error) {
		if err != nil {
			j.s.fail(err)
			return
		}
		j.pupil = &p
		j.s.trainPart().setup()
	})
}

// reads names what a network takes.
func reads(p training.Pupil) string {
	if p.Texts {
		return "texts"
	}
	return "pictures"
}

// pupilModel is the card of networks from files.
func (j *session) pupilModel() uitrain.Model {
	m := uitrain.Model{Name: train.GivenName}
	if t := j.recipe.Transfer; t != nil {
		m.About, m.Parameters = filepath.Base(t.Model), j.trained()
	}
	return m
}

// trained counts what the recipe trains of a network from a file, 0 where it does
// not say.
func (j *session) trained() int {
	if j.looked() == nil {
		return 0
	}
	return j.pupil.Trained(j.recipe, len(j.data.set.Classes))
}

// looked is the network from a file that the recipe teaches, nil where there is none
// or it was not looked at.
func (j *session) looked() *training.Pupil {
	if j.recipe.Transfer == nil || j.pupil == nil || j.pupil.Path != j.recipe.Transfer.Model {
		return nil
	}
	return j.pupil
}

// starts are the layers that the settings offer to begin from: the first of each of
// the network's blocks.
func (j *session) starts() (list []uitrain.Start) {
	p := j.looked()
	if p == nil {
		return nil
	}
	for _, b := range p.Blocks() {
		if b.Blocked == "" {
			list = append(list, uitrain.Start{Node: b.Node, Title: b.Name})
		}
	}
	return list
}

// matrices tells whether low-rank additions can be made to the network from a file.
func (j *session) matrices() bool { return j.looked() != nil && j.pupil.Matrices() }

// teaches tells whether networks from files can learn the open data.
func (j *session) teaches() bool { return j.data != nil && j.data.set.Task != dataset.Table }

// teachModel makes a model the network to train: at once where data are open that it
// may learn, else as soon as some are.
func (s *Studio) teachModel(path string) {
	if s.jobs.teaches() {
		s.Go(placeTrain)
		s.toasts.Show(shell.Plain, s.book.T("teach.opening", filepath.Base(path)), "", nil)
	}
	s.jobs.teachFile(path)
}

// teachLater takes the network that waited for data.
func (j *session) teachLater() {
	if path := j.later; path != "" && j.teaches() {
		j.s.teachModel(path)
	}
}

// drop takes an ONNX file that is dropped on the train screen as the network to
// teach.
func (p *trainPart) drop(uris []fyne.URI) bool {
	path := uris[0].Path()
	if !strings.EqualFold(filepath.Ext(path), ".onnx") {
		return false
	}
	p.s.teachModel(path)
	return true
}
