package ui

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"athanor/inference/model"
	"athanor/inference/serve"
	view "athanor/ui/serve"
	"athanor/ui/shell"
	"athanor/ui/try"
)

// servePart is the serve screen's link to the studio. The service goes on when
// the screen changes.
type servePart struct {
	s      *Studio
	view   *view.View
	models []try.Choice
	on     []string // paths of the models to serve
	server *serve.Server
	stop   context.CancelFunc
}

func (p *servePart) build() fyne.CanvasObject {
	p.view = view.New(p.s.book)
	p.view.OnStart, p.view.OnStop, p.view.OnModel = p.start, p.end, p.toggle
	p.view.OnCopy = p.s.copyText
	p.view.OnOpen = func(address string) {
		p.s.fail(p.s.app.OpenURL(&url.URL{Scheme: "http", Host: address, Path: "/"}))
	}
	if p.server != nil {
		snap := p.server.Snapshot()
		p.view.Apply(&snap)
	}
	return p.view
}

func (p *servePart) shown() {
	p.s.listModels(func(list []try.Choice) {
		p.models = list
		if len(p.on) == 0 && len(list) > 0 && p.server == nil {
			p.on = []string{list[0].ID}
		}
		p.show()
	})
}

func (p *servePart) hidden() {}

func (p *servePart) show() {
	var choices []view.Choice
	for _, m := range p.models {
		choices = append(choices, view.Choice{ID: m.ID, Name: m.Name, On: slices.Contains(p.on, m.ID)})
	}
	p.view.ApplyModels(choices)
	if len(p.on) > 0 {
		p.view.SetServed(serveName(p.on[0]))
	}
}

// serveName is what a model is called in addresses.
func serveName(path string) string {
	if filepath.Base(path) == "model.onnx" {
		return filepath.Base(filepath.Dir(path))
	}
	return filepath.Base(path[:len(path)-len(filepath.Ext(path))])
}

// toggle adds or removes a model, also while the service runs.
func (p *servePart) toggle(path string, on bool) {
	if on {
		p.on = append(p.on, path)
	} else {
		p.on = slices.DeleteFunc(p.on, func(s string) bool { return s == path })
	}
	server := p.server
	if server == nil {
		return
	}
	async(p.s, func(context.Context) (struct{}, error) {
		if !on {
			return struct{}{}, server.Remove(serveName(path), "")
		}
		return struct{}{}, addModel(server, path)
	}, func(_ struct{}, err error) { p.s.fail(err) })
}

func addModel(server *serve.Server, path string) error {
	m, err := model.Open(path, model.Options{})
	if err != nil {
		return fmt.Errorf("serve %s: %w", path, err)
	}
	if err := server.Add(serveName(path), "1", m); err != nil {
		m.Close()
		return fmt.Errorf("serve %s: %w", path, err)
	}
	return nil
}

// start opens the chosen models and listens.
func (p *servePart) start(address string) {
	paths, version := slices.Clone(p.on), p.s.opts.Version
	async(p.s, func(context.Context) (*serve.Server, error) {
		server, err := serve.New(serve.Config{Addr: address, Version: version})
		if err != nil {
			return nil, fmt.Errorf("serve: %w", err)
		}
		for _, path := range paths {
			if err := addModel(server, path); err != nil {
				return nil, err
			}
		}
		if err := server.Start(); err != nil {
			return nil, fmt.Errorf("serve: %w", err)
		}
		return server, nil
	}, func(server *serve.Server, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.server = server
		p.follow()
	})
}

// follow shows the service twice a second while it runs, and its end where it
// fails by itself.
func (p *servePart) follow() {
	ctx, cancel := context.WithCancel(p.s.ctx)
	p.stop = cancel
	server := p.server
	p.s.rail.Light(placeServe, true)
	show := func() {
		snap := server.Snapshot()
		p.s.post(func() {
			if p.server == server {
				p.view.Apply(&snap)
			}
		})
	}
	go func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			show()
			select {
			case <-tick.C:
			case err := <-server.Ended():
				p.s.post(func() { p.ended(server, err) })
				return
			case <-ctx.Done():
				return
			}
		}
	}()
}

func (p *servePart) ended(server *serve.Server, err error) {
	if p.server != server {
		return
	}
	p.server = nil
	p.view.Apply(nil)
	p.s.rail.Light(placeServe, false)
	p.s.fail(err)
}

// patience is how long requests under way may take when the service ends.
const patience = 5 * time.Second

// end stops the service; requests under way are still answered.
func (p *servePart) end() {
	server := p.server
	if server == nil {
		return
	}
	p.server = nil
	p.stop()
	p.view.Apply(nil)
	p.s.rail.Light(placeServe, false)
	async(p.s, func(ctx context.Context) (struct{}, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return struct{}{}, server.Stop(ctx)
	}, func(_ struct{}, err error) {
		if errors.Is(err, context.DeadlineExceeded) {
			err = nil // whoever did not finish was cut off, as announced
		}
		p.s.fail(err)
		p.s.toasts.Show(shell.Plain, p.s.book.T("serve.ended"), "", nil)
	})
}

// serveModel opens the serve screen with a model chosen.
func (s *Studio) serveModel(path string) {
	if p, ok := s.parts[placeServe].(*servePart); ok {
		if !slices.Contains(p.on, path) {
			p.on = append(p.on, path)
		}
		s.Go(placeServe)
	}
}
