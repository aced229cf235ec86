package ui

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2/widget"

	"athanor/inference/model"
	"athanor/inference/remote"
	"athanor/inference/serve"
	"athanor/ui/models"
	"athanor/ui/shell"
	"athanor/ui/try"
	"athanor/ui/widgets"
)

// remoteModels lists the models of services among those brought in.
func remoteModels(folder string) []try.Choice {
	files, _ := filepath.Glob(filepath.Join(folder, "*"+remote.RefSuffix)) // the pattern is right
	var list []try.Choice
	for _, f := range files {
		if r, err := remote.LoadRef(f); err == nil {
			host := strings.TrimPrefix(strings.TrimPrefix(r.URL, "http://"), "https://")
			list = append(list, try.Choice{ID: f, Name: r.Model + " @ " + host, Task: r.Task})
		}
	}
	return list
}

// describeRemote asks the service what its model says about itself.
func describeRemote(path string) (model.Info, error) {
	m, err := remote.OpenFile(context.Background(), path, model.Options{})
	if err != nil {
		return model.Info{}, err
	}
	defer m.Close()
	return m.Info(), nil
}

// askRemote asks for a service and one of its models.
func (p *modelsPart) askRemote() {
	s := p.s
	form := models.NewRemoteForm(s.book)
	form.OnLook = func(address, key string) {
		async(s, func(ctx context.Context) ([]remote.Entry, error) {
			c, err := remote.New(address, remote.Options{Key: key})
			if err != nil {
				return nil, err
			}
			defer c.Close()
			return c.Models(ctx)
		}, func(list []remote.Entry, err error) {
			var names []string
			for _, e := range list {
				names = append(names, e.Name)
			}
			form.Apply(names, err)
		})
	}
	var pop *widget.PopUp
	cancel := widgets.NewButton(s.book.T("common.cancel"), func() { pop.Hide() })
	add := widgets.NewButton(s.book.T("models.remote.add"), func() {
		p.addRemote(form.Ref(), func(err error) {
			if err != nil {
				form.Apply(nil, err)
				return
			}
			pop.Hide()
		})
	})
	add.Importance = widget.HighImportance
	pop = shell.Modal(s.window, "info", s.book.T("models.remote"), form, cancel, add)
	pop.Show()
	s.window.Canvas().Focus(form.First())
}

// addRemote keeps a model of a service after asking the service about it.
func (p *modelsPart) addRemote(r remote.Ref, then func(error)) {
	folder := p.s.opts.Paths.Models()
	async(p.s, func(ctx context.Context) (string, error) {
		m, err := r.Open(ctx)
		if err != nil {
			return "", err
		}
		r.Task = string(m.Info().Task)
		m.Close()
		if err := makeFolder(folder); err != nil {
			return "", err
		}
		path := freeName(filepath.Join(folder, serve.NameOf(r.Model+".x")+remote.RefSuffix))
		return path, r.Save(path)
	}, func(path string, err error) {
		if err != nil {
			then(fmt.Errorf("add %s: %w", r.Model, err))
			return
		}
		then(nil)
		p.s.toasts.Show(shell.Good, p.s.book.T("models.brought", r.Model), "", nil)
		p.list()
	})
}
