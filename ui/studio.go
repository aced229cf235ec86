// Package ui is the studio's window: it builds the screens, carries wishes to
// app and brings back what happened. Everything in it belongs to the UI
// goroutine, except what a function's comment says otherwise.
package ui

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/container"

	"athanor/app/project"
	"athanor/assets"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/shell"
)

// gcPercent lets the heap grow by half before it is collected: a window lives
// long and makes little garbage, so that memory is dearer than collections.
const gcPercent = 50

// gcPercentRun is for the time of a run: the window's heap, which is larger than
// the run's own, shall not be looked through for every few samples.
const gcPercentRun = 200

// Options is what main.go gives the window.
type Options struct {
	// Post brings a function to the UI goroutine and returns at once.
	Post    func(func())
	Version string
	// Paths are the person's folders.
	Paths project.Paths
	// Started is when the program began, for measuring.
	Started time.Time
	// Exit ends the program where the toolkit does not; any goroutine may call it.
	Exit func(code int)
}

// Studio is the open window.
type Studio struct {
	ctx     context.Context // the window's life: everything started from it ends with it
	cancel  context.CancelFunc
	opts    Options
	post    func(func())
	meter   *meter
	app     fyne.App
	window  fyne.Window
	book    *i18n.Book
	prefs   project.Settings
	variant fyne.ThemeVariant
	rail    *shell.Rail
	status  *shell.Status
	toasts  *shell.Toasts
	palette *shell.Palette
	tips    *shell.Tips
	folder  string // where a file was chosen last
	stage   *fyne.Container
	place   string
	screens map[string]fyne.CanvasObject
	parts   map[string]part
	jobs    *session
	project *project.Project // the open one, nil without
	resting *time.Timer
	left    leaves
	moves   int // how often a screen came
	closed  sync.Once
}

// part makes the screen of one place and hears when it comes and goes.
type part interface {
	build() fyne.CanvasObject
	shown()
	hidden()
}

// Run opens the window and returns when it was closed or ctx ended. It must be
// called from the main goroutine.
func Run(ctx context.Context, opts Options) error {
	if err := prepareDisplay(); err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	app.SetMetadata(fyne.AppMetadata{
		ID: "studio.athanor", Name: "Athanor", Version: opts.Version,
		Migrations: map[string]bool{"fyneDo": true},
	})
	if err := opts.Paths.Check(); err != nil {
		return err
	}
	var s *Studio
	ready := make(chan struct{})
	instance, first, err := alone(opts.Paths, func(paths []string) {
		<-ready
		s.post(func() { s.called(paths) })
	})
	if err != nil || !first {
		return err
	}
	defer instance.Close() //nolint:errcheck // the lock ends with the process
	report, err := watchCrashes(opts.Paths.Data)
	if err != nil {
		slog.Warn("crashes leave no report", "error", err)
	}
	if s, err = Open(ctx, app.NewWithID("studio.athanor"), opts); err != nil {
		return err
	}
	close(ready)
	returned := make(chan struct{})
	s.window.SetOnClosed(func() { go endWithin(endTime, returned, s.endAlone) })
	stop := context.AfterFunc(ctx, func() {
		go endWithin(endTime, returned, s.endAlone)
		s.post(s.app.Driver().Quit) // Fyne quits at signals, too: the window may be gone already
	})
	defer stop()
	s.app.Lifecycle().SetOnStarted(s.later)
	if err := show(s.window); err != nil {
		s.cancel()
		return err
	}
	s.afterCrash(report)
	s.app.Run()
	close(returned)
	s.keep()
	s.close()
	return nil
}

// later begins what can wait until the window is on screen.
func (s *Studio) later() {
	s.meter.onScreen(time.Since(s.opts.Started))
	s.meter.watch(s.ctx, s.opts.Paths.Data)
	time.AfterFunc(time.Second, func() { s.post(s.emptyTrash) })
	s.watch()
}

// Open builds the window over a Fyne app without showing it; tests give their
// own app.
func Open(ctx context.Context, a fyne.App, opts Options) (*Studio, error) {
	s := &Studio{opts: opts, app: a, screens: map[string]fyne.CanvasObject{}, left: leaves{}}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.meter = newMeter(opts.Post)
	s.post = s.meter.post
	s.meter.standing = s.standing
	prefs, trouble := project.LoadSettings(opts.Paths.Settings())
	s.prefs = prefs
	book, err := i18n.Open(s.language())
	if err != nil {
		return nil, err
	}
	s.book = book
	a.Settings().SetTheme(look.Theme{Mode: look.Mode(s.prefs.Theme)})
	s.window = a.NewWindow("Athanor")
	s.setIcon()
	s.window.SetPadded(false)
	s.window.SetMaster()
	s.window.Resize(smallest().Max(fyne.NewSize(float32(s.prefs.Window.Width), float32(s.prefs.Window.Height))))
	s.reopenProject()
	s.jobs = newSession(s)
	s.parts = s.makeParts()
	s.build()
	s.bind()
	s.followSystem()
	s.fail(trouble)
	return s, nil
}

func (s *Studio) setIcon() {
	png, err := assets.MarkPNG()
	if err != nil {
		slog.Warn("set the window's icon", "error", err)
		return
	}
	icon := fyne.NewStaticResource("athanor.png", png)
	s.app.SetIcon(icon)
	s.window.SetIcon(icon)
}

func (s *Studio) language() i18n.Language {
	if s.prefs.Language != "" {
		return i18n.Match(s.prefs.Language)
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return i18n.Match(v)
		}
	}
	return i18n.English
}

// build makes the frame and forgets all screens; it is called at the start and
// whenever the language or the look changes.
func (s *Studio) build() {
	s.screens = map[string]fyne.CanvasObject{}
	speakFyne(s.book.Language())
	all := s.places(s.book)
	s.rail = shell.NewRail(s.book.T("app.name"), s.book.T("palette.find"), all[:len(all)-1], all[len(all)-1], s.openPalette)
	s.rail.OnSelect = s.Go
	s.status = shell.NewStatus()
	s.status.OnJob = func() { s.Go(placeTrain) }
	s.toasts = shell.NewToasts(s.post, 5*time.Second)
	s.tips = shell.NewTips(s.post, 400*time.Millisecond)
	s.stage = container.NewStack()
	frame := container.NewBorder(nil, s.status, s.rail, nil, s.stage)
	s.window.SetContent(container.NewStack(frame, s.toasts.Layer(), s.tips.Layer()))
	s.window.SetMainMenu(s.menu())
	s.window.SetTitle(s.title())
	place := s.place
	if place == "" {
		place = s.prefs.Window.View
	}
	s.place = ""
	s.Go(place)
	s.jobs.refreshStatus()
}

// title is the window's: the program and the open project.
func (s *Studio) title() string {
	if s.project == nil {
		return s.book.T("app.title")
	}
	return s.project.Name + " – " + s.book.T("app.title")
}

// Go shows a place; an unknown one is Home.
func (s *Studio) Go(id string) {
	if s.parts[id] == nil {
		id = placeHome
	}
	if id == s.place {
		return
	}
	if old := s.parts[s.place]; old != nil {
		old.hidden()
		s.restPart(s.place)
	}
	if s.screens[id] == nil {
		s.screens[id] = s.parts[id].build()
	}
	s.place, s.prefs.Window.View = id, id
	s.window.Canvas().Unfocus()
	s.tips.Show("", nil)
	s.stage.Objects = []fyne.CanvasObject{s.screens[id]}
	s.stage.Refresh()
	s.rail.Select(id)
	s.parts[id].shown()
	s.meter.moved()
	s.rest()
	s.settle()
}

// Place is the place on screen.
func (s *Studio) Place() string { return s.place }

// Window is the studio's window.
func (s *Studio) Window() fyne.Window { return s.window }

// SetLanguage switches the whole window, live.
func (s *Studio) SetLanguage(l i18n.Language) {
	if l == s.book.Language() {
		return
	}
	s.book.Use(l)
	s.prefs.Language = string(l)
	s.build()
	s.app.Settings().SetTheme(look.Theme{Mode: look.Mode(s.prefs.Theme)}) // or Fyne draws bold Chinese with the face that regular text looked for last
	s.keep()
}

// SetLook switches between light, dark and the system's choice, live.
func (s *Studio) SetLook(m look.Mode) {
	s.prefs.Theme = string(m)
	s.app.Settings().SetTheme(look.Theme{Mode: m})
	s.rebuild()
	s.keep()
}

// rebuild makes all screens anew: those that are not on screen do not hear of a
// change of the theme.
func (s *Studio) rebuild() {
	s.variant = s.app.Settings().ThemeVariant()
	s.build()
}

// followSystem makes the screens anew when the system turns dark or light.
func (s *Studio) followSystem() {
	s.variant = s.app.Settings().ThemeVariant()
	s.app.Settings().AddListener(func(set fyne.Settings) {
		if look.Mode(s.prefs.Theme) == look.System && set.ThemeVariant() != s.variant {
			s.rebuild()
		}
	})
}

// fail shows an error in the studio's one error dialog. An end that was asked
// for is no error.
func (s *Studio) fail(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	s.meter.failed()
	f := describe(err, s.book)
	shell.ShowFailure(s.window, s.book, f, func(text string) {
		s.app.Clipboard().SetContent(text)
		s.toasts.Show(shell.Good, s.book.T("common.copied"), "", nil)
	})
}

// copyText puts text on the clipboard and says so.
func (s *Studio) copyText(text string) {
	s.app.Clipboard().SetContent(text)
	s.toasts.Show(shell.Good, s.book.T("common.copied"), "", nil)
}

// async runs work off the UI goroutine and hands its outcome to done on it.
func async[T any](s *Studio, work func(context.Context) (T, error), done func(T, error)) context.CancelFunc {
	ctx, cancel := context.WithCancel(s.ctx)
	s.meter.begun()
	go func() {
		v, err := work(ctx)
		s.post(func() {
			defer s.meter.over()
			defer cancel()
			if ctx.Err() == nil {
				done(v, err)
			}
		})
	}()
	return cancel
}

// closing is asked before the window closes.
func (s *Studio) closing() {
	s.keep()
	if !s.jobs.live() {
		s.window.Close()
		return
	}
	s.askToClose()
}

// askToClose asks whether the window may close during a run.
func (s *Studio) askToClose() {
	shell.Ask(s.window, s.book, s.book.T("close.title"), s.book.T("close.text"), s.book.T("close.go"), s.window.Close)
}
