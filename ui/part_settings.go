package ui

import (
	"context"
	"errors"
	"log/slog"
	"slices"
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
	s       *Studio
	view    *settings.View
	page    int
	testing context.CancelFunc
}

func (p *settingsPart) build() fyne.CanvasObject {
	s := p.s
	p.view = settings.New(s.book, s.opts.Paths, s.prefs)
	p.view.OnLanguage, p.view.OnLook, p.view.OnCopy = s.SetLanguage, s.SetLook, s.copyText
	p.view.OnChange = func(c project.Settings) {
		c.Language, c.Theme, c.Window = s.prefs.Language, s.prefs.Theme, s.prefs.Window
		s.prefs = c
		s.keep()
		s.jobs.settle()
	}
	p.view.OnClean, p.view.OnCheck, p.view.OnProjects, p.view.OnTest = p.clean, p.check, p.projects, p.test
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

// test measures every device for a second, those computed in software and the one
// that is chosen and not there included, one after another.
func (p *settingsPart) test() {
	if p.testing != nil {
		p.testing()
	}
	chosen, test := p.s.prefs.Device, p.watched(device.Own())
	p.testing = async(p.s, func(ctx context.Context) (struct{}, error) {
		list, err := runtime.Devices()
		if err != nil {
			return struct{}{}, err
		}
		for _, name := range testable(list, chosen) {
			if _, err := test(ctx, name, time.Second); ctx.Err() != nil {
				return struct{}{}, err // others are shown at their device
			}
		}
		return struct{}{}, nil
	}, func(_ struct{}, err error) {
		p.testing = nil
		p.s.fail(err)
	})
}

// testable are the names of devices, and the chosen one's where it is none of them.
func testable(list []runtime.Device, chosen string) (all []string) {
	for _, d := range list {
		all = append(all, d.Name)
	}
	if chosen != "" && chosen != settings.Auto && !slices.Contains(all, chosen) {
		all = append(all, chosen)
	}
	return all
}

// watched is a test that the screen shows.
func (p *settingsPart) watched(test device.Test) device.Test {
	return func(ctx context.Context, name string, length time.Duration) (runtime.Speed, error) {
		tell := func(t settings.Test) { p.s.post(func() { p.view.ApplyTest(name, t) }) }
		tell(settings.Test{})
		speed, err := test(ctx, name, length)
		t := settings.Test{Done: true, GFLOPS: speed.GFLOPS, Start: speed.Start}
		if err != nil {
			t.Failed = err.Error()
		}
		tell(t)
		return speed, err
	}
}

func (p *settingsPart) hidden() { p.page = p.view.Chosen() }

// check looks at the machine.
func (p *settingsPart) check() {
	host := doctor.Host{
		DataDir: p.s.opts.Paths.Data, Runtime: doctor.ThisRuntime, Devices: runtime.Devices, Test: doctor.DeviceTest(p.watched(device.Own())),
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
