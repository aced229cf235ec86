package ui

import (
	"context"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/app/training"
	"athanor/inference/remote"
	"athanor/pipeline/train"
	"athanor/ui/look"
	"athanor/ui/shell"
	"athanor/ui/try"
	"athanor/ui/widgets"
)

// mostTeachers is how many models are offered as teachers; others are files.
const mostTeachers = 6

// chooseSettingFile asks for the file of a setting and looks at it before it is
// taken.
func (j *session) chooseSettingFile(key string, take func(path string)) {
	switch key {
	case "teacher":
		j.s.listModels(func(list []try.Choice) { j.offerTeachers(list, take) })
	case "adapter":
		j.s.chooseFile([]string{".safetensors"}, take)
	default:
		j.s.chooseFile([]string{".txt", ".json"}, take)
	}
}

// offerTeachers lists the newest models that may read pictures, and any other file.
func (j *session) offerTeachers(list []try.Choice, take func(path string)) {
	b, rows := j.s.book, widgets.Column(4)
	var pop *widget.PopUp
	for _, c := range list {
		if c.Task != "image" && c.Task != "" || remote.IsRef(c.ID) || len(rows.Objects) == mostTeachers {
			continue
		}
		text := container.New(layout.NewCustomPaddedLayout(8, 8, 10, 10), widgets.Column(2, widgets.Body(c.Name).Truncate(), widgets.Note(c.ID).Truncate()))
		rows.Add(widgets.NewPress(text, look.Raised, 6, func() {
			pop.Hide()
			j.takeTeacher(c.ID, take)
		}))
	}
	file := func() { j.s.chooseFile([]string{".onnx"}, func(path string) { j.takeTeacher(path, take) }) }
	if len(rows.Objects) == 0 {
		file()
		return
	}
	cancel := widgets.NewButton(b.T("common.cancel"), func() { pop.Hide() })
	other := widgets.NewButton(b.T("teacher.file"), func() {
		pop.Hide()
		file()
	})
	body := widgets.Column(look.Gap, widgets.SmallParagraph(b.T("teacher.about")), rows)
	pop = shell.Modal(j.s.window, "models", b.T("teacher.title"), body, cancel, other)
	pop.Show()
	j.s.window.Canvas().Focus(firstPress(rows))
}

func firstPress(rows *fyne.Container) fyne.Focusable {
	p, _ := rows.Objects[0].(*widgets.Press)
	return p
}

// takeTeacher takes a network to learn from, if it knows the classes of the data.
func (j *session) takeTeacher(path string, take func(path string)) {
	if j.data == nil {
		return
	}
	set := j.data.set
	j.s.toasts.Show(shell.Plain, j.s.book.T("teach.opening", filepath.Base(path)), "", nil)
	async(j.s, func(context.Context) (struct{}, error) { return struct{}{}, training.CheckTeacher(path, set) },
		func(_ struct{}, err error) {
			switch {
			case err != nil:
				j.s.fail(err)
			case j.data != nil && j.data.set == set:
				take(path)
			}
		})
}

// besideTeacher says how often a finished student is right beside its teacher.
func (j *session) besideTeacher(run *activeRun, o *training.Outcome) {
	if o == nil || o.Classification == nil || run.request.Recipe.Distill == nil {
		return
	}
	s, own := j.s, o.Classification.Accuracy
	async(s, func(ctx context.Context) (float64, error) {
		kept, err := train.LoadRecipe(filepath.Join(o.Dir, train.RecipeName))
		if err != nil {
			return 0, err
		}
		return training.TeacherAccuracy(ctx, kept)
	}, func(teacher float64, err error) {
		if err != nil {
			s.fail(err)
			return
		}
		s.toasts.Show(shell.Good, s.book.T("teacher.beside", s.book.Percent(teacher), s.book.Percent(own)), "", nil)
	})
}
