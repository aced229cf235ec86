package ui

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"time"

	"fyne.io/fyne/v2"

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
	names  names
	keys   *serve.Keys
	secret string // of the newest key of this session
	live   *running
	stop   context.CancelFunc
	asking context.CancelFunc
	load   context.CancelFunc
}

// running is a service with what a client of this window needs.
type running struct {
	*serve.Server
	url, fingerprint string
}

func (p *servePart) build() fyne.CanvasObject {
	p.view = view.New(p.s.book, p.s.post)
	v := p.view
	v.OnStart, v.OnStop, v.OnModel, v.OnSwap = p.start, p.end, p.toggle, p.swap
	v.OnCopy, v.OnKey, v.OnRevoke = p.s.copyText, p.askKey, p.revoke
	v.OnOpen = func(address string) {
		u, err := url.Parse(address)
		if err == nil {
			err = p.s.app.OpenURL(u)
		}
		p.s.fail(err)
	}
	v.Try.OnAsk, v.Try.OnModel = p.ask, p.example
	v.Try.OnChoose = func() { p.s.chooseFile(pictureNames(), v.Try.Picture) }
	v.Load.OnRun = p.loadTest
	v.Load.OnCancel = func() {
		if p.load != nil {
			p.load()
		}
	}
	p.openKeys()
	if p.live != nil {
		v.Apply(p.live.state())
	}
	return v
}

func (p *servePart) shown() {
	p.s.listModels(func(list []try.Choice) {
		p.models = list
		if len(p.on) == 0 && len(list) > 0 && p.live == nil {
			p.on = []string{list[0].ID}
		}
		p.show()
	})
}

func (p *servePart) hidden() {}

// drop takes a dropped picture for the page that asks the service.
func (p *servePart) drop(uris []fyne.URI) bool {
	path := uris[0].Path()
	if p.live == nil || !isPicture(path) {
		return false
	}
	p.view.ShowPage(view.PageTry)
	p.view.Try.Picture(path)
	return true
}

func (p *servePart) show() {
	var choices []view.Choice
	for _, m := range p.models {
		choices = append(choices, view.Choice{ID: m.ID, Name: m.Name, Served: p.names.of(m.ID), On: slices.Contains(p.on, m.ID)})
	}
	p.view.ApplyModels(choices)
	asked := ""
	if len(p.on) > 0 {
		asked = p.names.of(p.on[0])
	}
	p.example(asked)
}

// names gives each path a name in addresses that no other has.
type names struct{ given map[string]string }

func (n *names) of(path string) string {
	if name, ok := n.given[path]; ok {
		return name
	}
	if n.given == nil {
		n.given = map[string]string{}
	}
	base := serve.NameOf(path)
	name := base
	for i := 2; n.taken(name); i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	n.given[path] = name
	return name
}

func (n *names) taken(name string) bool {
	for _, other := range n.given {
		if other == name {
			return true
		}
	}
	return false
}

// path is whose name it is, "" where there is none.
func (n *names) path(name string) string {
	for path, other := range n.given {
		if other == name {
			return path
		}
	}
	return ""
}

// toggle adds or removes a model, also while the service runs.
func (p *servePart) toggle(path string, on bool) {
	p.on = slices.DeleteFunc(p.on, func(s string) bool { return s == path })
	if on {
		p.on = append(p.on, path)
	}
	p.show()
	live, name, where := p.live, p.names.of(path), p.placed()
	if live == nil {
		return
	}
	async(p.s, func(context.Context) (struct{}, error) {
		if !on {
			return struct{}{}, live.Remove(name, "")
		}
		return struct{}{}, addModel(live.Server, where, name, "1", path)
	}, func(_ struct{}, err error) { p.s.fail(err) })
}

// placed is where served models run: with half of the threads, so that a training
// still runs.
func (p *servePart) placed() modelOptions { return p.s.modelOptions(max(1, runtime.NumCPU()/2)) }

func addModel(server *serve.Server, on modelOptions, name, version, path string) error {
	m, err := on.open(context.Background(), path)
	if err != nil {
		return fmt.Errorf("serve %s: %w", path, err)
	}
	if err := server.Add(name, version, m); err != nil {
		m.Close()
		return fmt.Errorf("serve %s: %w", path, err)
	}
	return nil
}

// swap gives a served name another model, as its next version; requests under
// way end with the old one, none fails.
func (p *servePart) swap(name, path string) {
	live := p.live
	if live == nil {
		return
	}
	on := p.placed()
	async(p.s, func(context.Context) (string, error) {
		old := live.newest(name)
		next := strconv.Itoa(old + 1)
		if err := addModel(live.Server, on, name, next, path); err != nil {
			return "", err
		}
		return next, live.Remove(name, strconv.Itoa(old))
	}, func(version string, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.s.toasts.Show(shell.Good, p.s.book.T("serve.swapped", name, version), "", nil)
	})
}

func (r *running) newest(name string) (version int) {
	for _, m := range r.Snapshot().Models {
		if m.Name == name && len(m.Versions) > 0 {
			version, _ = strconv.Atoi(m.Versions[len(m.Versions)-1]) // the registry takes numbers only
		}
	}
	return version
}

// start opens the chosen models and listens.
func (p *servePart) start(address string) {
	config := serve.Config{Addr: address, Version: p.s.opts.Version, Keys: p.keys, KeysOptional: true}
	var models [][2]string
	for _, path := range p.on {
		models = append(models, [2]string{p.names.of(path), path})
	}
	p.view.ApplyStarting(true)
	on := p.placed()
	async(p.s, func(ctx context.Context) (*running, error) { return startService(ctx, config, on, models) },
		func(r *running, err error) {
			p.view.ApplyStarting(false)
			if used, ok := errors.AsType[*serve.InUseError](err); ok {
				p.offer(used)
				return
			}
			if err != nil {
				p.s.fail(err)
				return
			}
			p.live = r
			p.follow()
		})
}

func startService(ctx context.Context, config serve.Config, on modelOptions, models [][2]string) (*running, error) {
	r := &running{}
	var err error
	if config.TLS, r.fingerprint, err = certificate(config.Addr); err != nil {
		return nil, err
	}
	if r.Server, err = serve.New(config); err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	for _, m := range models {
		if err := addModel(r.Server, on, m[0], "1", m[1]); err != nil {
			return nil, errors.Join(err, r.Stop(ctx))
		}
	}
	if err := r.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("serve: %w", err), r.Stop(ctx))
	}
	scheme := "http"
	if config.TLS != nil {
		scheme = "https"
	}
	r.url = scheme + "://" + r.Addr()
	return r, nil
}

// certificate makes one where others can reach the service.
func certificate(address string) (config *tls.Config, fingerprint string, err error) {
	local, err := serve.IsLoopback(address)
	if err != nil || local {
		return nil, "", err
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", fmt.Errorf("serve: %w", err)
	}
	return serve.GenerateTLS(host)
}

// offer names who has the port and another one that is free.
func (p *servePart) offer(used *serve.InUseError) {
	b := p.s.book
	who := used.Owner
	if who == "" {
		who = b.T("serve.used.other")
	}
	shell.Ask(p.s.window, b, b.T("serve.used"), b.T("serve.used.text", used.Addr, who, used.Free), b.T("serve.used.go", used.Free), func() {
		p.view.SetAddress(used.Free)
		p.start(used.Free)
	})
}

func (r *running) state() view.State {
	return view.State{On: true, URL: r.url, Fingerprint: r.fingerprint, Snapshot: r.Snapshot(), History: r.History()}
}

// follow shows the service twice a second while it runs, and its end where it
// fails by itself.
func (p *servePart) follow() {
	ctx, cancel := context.WithCancel(p.s.ctx)
	p.stop = cancel
	live := p.live
	p.s.rail.Light(placeServe, true)
	show := func() {
		state := live.state()
		p.s.post(func() {
			if p.live == live {
				p.view.Apply(state)
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
			case err := <-live.Ended():
				p.s.post(func() { p.ended(live, err) })
				return
			case <-ctx.Done():
				return
			}
		}
	}()
}

func (p *servePart) ended(live *running, err error) {
	if p.live != live {
		return
	}
	p.off()
	p.s.fail(err)
}

func (p *servePart) off() {
	p.live = nil
	p.view.Apply(view.State{})
	p.s.rail.Light(placeServe, false)
}

// patience is how long requests under way may take when the service ends.
const patience = 5 * time.Second

// end stops the service; requests under way are still answered.
func (p *servePart) end() {
	live := p.live
	if live == nil {
		return
	}
	p.stop()
	p.off()
	async(p.s, func(ctx context.Context) (struct{}, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return struct{}{}, live.Stop(ctx)
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
