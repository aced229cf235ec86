package ui

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/device"
	"athanor/app/doctor"
	"athanor/app/project"
	"athanor/app/store"
	"athanor/inference/runtime"
	"athanor/ui/settings"
	"athanor/ui/shell"
)

// settingsPart is the settings screen's link to the studio.
type settingsPart struct {
	s    *Studio
	view *settings.View
	page int
}

func (p *settingsPart) build() fyne.CanvasObject {
	s := p.s
	p.view = settings.New(s.book, s.opts.Paths, s.prefs, []string{"auto", runtime.CPU})
	p.view.OnLanguage, p.view.OnLook, p.view.OnCopy = s.SetLanguage, s.SetLook, s.copyText
	p.view.OnChange = func(c project.Settings) {
		c.Language, c.Theme, c.Window = s.prefs.Language, s.prefs.Theme, s.prefs.Window
		s.prefs = c
		s.keep()
		s.jobs.settle()
	}
	p.view.OnClean, p.view.OnCheck, p.view.OnProjects = p.clean, p.check, p.projects
	p.view.Page(p.page)
	return p.view
}

func (p *settingsPart) shown() {
	p.devices()
	p.measure()
	p.check()
}

// devices lists what can compute here.
func (p *settingsPart) devices() {
	async(p.s, func(context.Context) ([]runtime.Device, error) { return runtime.Devices() },
		func(list []runtime.Device, err error) {
			if err == nil {
				p.view.ApplyDevices(list)
			}
		})
}

func (p *settingsPart) hidden() { p.page = p.view.Chosen() }

// check looks at the machine.
func (p *settingsPart) check() {
	host := doctor.Host{
		DataDir: p.s.opts.Paths.Data, Runtime: doctor.ThisRuntime, Devices: runtime.Devices, Test: doctor.DeviceTest(device.Own()),
	}
	async(p.s, func(ctx context.Context) ([]doctor.Finding, error) { return doctor.Check(ctx, host), nil },
		func(list []doctor.Finding, _ error) { p.view.ApplyDoctor(list) })
}

// measure adds up what the data folder takes.
func (p *settingsPart) measure() {
	dir := p.s.opts.Paths.Data
	async(p.s, func(ctx context.Context) (project.Usage, error) { return project.Measure(ctx, dir) },
		func(u project.Usage, err error) {
			if err == nil {
				p.view.ApplyUsage(u)
			}
		})
}

// projects moves new projects to another folder; those there are stay where they
// are.
func (p *settingsPart) projects() {
	s := p.s
	s.chooseProjects(func(path string) {
		s.prefs.Projects = path
		s.keep()
		s.build()
		s.settingsPart().view.Page(1)
	})
}

// clean removes old checkpoints of runs that are over.
func (p *settingsPart) clean(keep int) {
	folder, age := p.s.runsFolder(), p.s.trashAge()
	async(p.s, func(ctx context.Context) (int64, error) {
		freed, err := cleanRuns(ctx, folder, keep)
		_, emptied := store.EmptyTrash(folder, age)
		return freed, errors.Join(err, emptied)
	}, func(freed int64, err error) {
		p.s.fail(err)
		p.s.toasts.Show(shell.Good, p.s.book.T("settings.cleaned", p.s.book.Bytes(freed)), "", nil)
		p.measure()
	})
}

func cleanRuns(ctx context.Context, folder string, keep int) (int64, error) {
	dirs, err := store.RunDirs(folder)
	total := int64(0)
	for _, dir := range dirs {
		if ctx.Err() != nil {
			return total, ctx.Err()
		}
		freed, cleaned := project.CleanCheckpoints(dir, keep)
		total += freed
		err = errors.Join(err, cleaned)
	}
	return total, err
}

// trashAge is how long discarded runs can be taken back.
func (s *Studio) trashAge() time.Duration {
	return time.Duration(s.prefs.Retention.TrashDays) * 24 * time.Hour
}

// emptyTrash removes discarded runs that are older than the settings say.
func (s *Studio) emptyTrash() {
	folder, age := s.runsFolder(), s.trashAge()
	async(s, func(context.Context) (int, error) { return store.EmptyTrash(folder, age) }, func(_ int, err error) {
		if err != nil {
			slog.Warn("empty the trash", "error", err)
		}
	})
}
