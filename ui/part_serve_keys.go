package ui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/serve"
	"athanor/ui/look"
	view "athanor/ui/serve"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

func (p *servePart) keyFile() string { return filepath.Join(p.s.opts.Paths.Data, "keys.json") }

// openKeys reads the keys of the service; a file that cannot be trusted is told
// and not used.
func (p *servePart) openKeys() {
	if p.keys != nil {
		p.showKeys()
		return
	}
	p.keys = &serve.Keys{}
	path := p.keyFile()
	async(p.s, func(context.Context) (*serve.Keys, error) { return serve.LoadKeys(path) }, func(keys *serve.Keys, err error) {
		if err == nil && p.live == nil {
			p.keys = keys
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			p.s.fail(err)
		}
		p.showKeys()
	})
	p.showKeys()
}

func (p *servePart) showKeys() {
	b := p.s.book
	var list []view.Key
	for _, r := range p.keys.List() {
		rights := []string{b.T("serve.key.all")}
		if len(r.Models) > 0 {
			rights[0] = strings.Join(r.Models, ", ")
		}
		if r.PerSecond > 0 {
			rights = append(rights, b.T("serve.key.rate", strconv.FormatFloat(r.PerSecond, 'g', -1, 64)))
		}
		if r.Manage {
			rights = append(rights, b.T("serve.key.manages"))
		}
		list = append(list, view.Key{Name: r.Name, Detail: strings.Join(rights, " · ")})
	}
	p.view.ApplyKeys(list)
}

// askKey asks what a new key is called and may do.
func (p *servePart) askKey() {
	b := p.s.book
	var served []string
	for _, path := range p.on {
		served = append(served, p.names.of(path))
	}
	form := view.NewKeyForm(b, served)
	var pop *widget.PopUp
	cancel := widgets.NewButton(b.T("common.cancel"), func() { pop.Hide() })
	act := widgets.NewButton(b.T("serve.key.make"), func() {
		if wish, ok := form.Wish(); ok {
			pop.Hide()
			p.makeKey(wish)
		}
	})
	act.Importance = widget.HighImportance
	pop = shell.Modal(p.s.window, "info", b.T("serve.key.new"), form, cancel, act)
	pop.Show()
	p.s.window.Canvas().Focus(form.First())
}

// makeKey makes a key, keeps its hash, and shows the key this once.
func (p *servePart) makeKey(wish serve.Rights) {
	key, secret, err := serve.NewKey(wish.Name)
	if err != nil {
		p.s.fail(err)
		return
	}
	key.Models, key.Manage, key.PerSecond = wish.Models, wish.Manage, wish.PerSecond
	p.keys.Add(key)
	p.saveKeys(func() {
		p.secret = secret
		p.view.Try.SetKey(secret)
		p.view.Load.SetKey(secret)
		p.showSecret(wish.Name, secret)
	})
}

// saveKeys writes the key file and shows the list.
func (p *servePart) saveKeys(then func()) {
	keys, path := p.keys, p.keyFile()
	async(p.s, func(context.Context) (struct{}, error) {
		if err := makeFolder(filepath.Dir(path)); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, keys.Save(path)
	}, func(_ struct{}, err error) {
		p.showKeys()
		if err != nil {
			p.s.fail(fmt.Errorf("keep the service's keys: %w", err))
			return
		}
		then()
	})
}

func (p *servePart) showSecret(name, secret string) {
	b := p.s.book
	text := widgets.NewEntry()
	text.SetText(secret)
	text.OnChanged = func(string) { text.SetText(secret) } // to be marked and copied, not changed
	var pop *widget.PopUp
	copySecret := widgets.NewButtonWithIcon(b.T("serve.copy"), look.Icon("copy"), func() { p.s.copyText(secret) })
	done := widgets.NewButton(b.T("common.close"), func() { pop.Hide() })
	done.Importance = widget.HighImportance
	body := widgets.Column(look.Gap, widgets.Paragraph(b.T("serve.key.once", name), look.Muted), fyne.CanvasObject(text))
	pop = shell.Modal(p.s.window, "info", b.T("serve.key.new"), body, container.NewStack(copySecret), done)
	pop.Show()
}

// revoke takes a key back after asking: programs that use it are refused at once.
func (p *servePart) revoke(name string) {
	b := p.s.book
	shell.Ask(p.s.window, b, b.T("serve.key.revoke"), b.T("serve.key.revoke.text", name), b.T("serve.key.revoke.go"), func() {
		p.keys.Remove(name)
		p.saveKeys(func() {})
	})
}
