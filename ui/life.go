package ui

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"athanor/app/desktop"
	"athanor/app/project"
	"athanor/ui/shell"
)

// alone makes this window the only one of its data folder. Where there is one
// already, that one comes to the front and first is false.
func alone(paths project.Paths, open func([]string)) (instance *project.Instance, first bool, err error) {
	instance, err = project.Lock(paths.Data, open)
	if errors.Is(err, project.ErrRunning) {
		return nil, false, project.Send(paths.Data, nil)
	}
	if err != nil {
		return nil, false, fmt.Errorf("open the studio: %w", err)
	}
	return instance, true, nil
}

// called takes what another start of the program handed over.
func (s *Studio) called(paths []string) {
	s.window.RequestFocus()
	var uris []fyne.URI
	for _, p := range paths {
		uris = append(uris, storage.NewFileURI(p))
	}
	s.dropped(uris)
}

// crashFile is where the runtime writes the end of a program that died.
const crashFile = "crash.log"

// watchCrashes sends the trace of a crash into a file. It returns the report of
// an earlier crash that nobody has seen, "" without one.
func watchCrashes(folder string) (report string, err error) {
	path := filepath.Join(folder, crashFile)
	if old, err := os.ReadFile(path); err == nil && len(old) > 0 {
		report = string(old)
		kept := filepath.Join(folder, "crash-"+time.Now().Format("20060102-150405")+".log")
		if err := os.Rename(path, kept); err != nil {
			return report, fmt.Errorf("keep the crash report: %w", err)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return report, fmt.Errorf("prepare the crash report: %w", err)
	}
	defer f.Close() //nolint:errcheck // the runtime has a copy of its own
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		return report, fmt.Errorf("prepare the crash report: %w", err)
	}
	return report, nil
}

// afterCrash says that the last time ended badly and, where there is a run, offers
// to go on with the last one; it does not open by itself what may have been the cause.
func (s *Studio) afterCrash(report string) {
	if report == "" {
		return
	}
	folder := s.runsFolder()
	async(s, func(ctx context.Context) (string, error) {
		runs, err := recentRuns(ctx, folder, 1)
		if err != nil || len(runs) == 0 {
			return "", err
		}
		return runs[0].Dir, nil
	}, func(dir string, err error) {
		s.fail(err)
		s.offerAfterCrash(dir)
	})
}

// offerAfterCrash asks whether the last run shall be opened; dir is "" without one.
func (s *Studio) offerAfterCrash(dir string) {
	b := s.book
	title, text := b.T("crash.title"), b.T("crash.text", s.opts.Paths.Data)
	if dir == "" {
		shell.Tell(s.window, title, text, b.T("common.close"))
		return
	}
	shell.Ask(s.window, b, title, text+" "+b.T("crash.ask"), b.T("crash.go"), func() { s.openProject(dir) })
}

// stayAwake keeps the machine from falling asleep until the returned function is
// called. Where there is no login manager to ask it does nothing.
func stayAwake(ctx context.Context) (release func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		sleep, err := desktop.StayAwake(ctx, "a network is learning")
		if err != nil {
			slog.Debug("the machine may fall asleep while training", "error", err)
			return
		}
		<-ctx.Done()
		sleep()
	}()
	return cancel
}

// endTime is how long the toolkit may take to return after its window closed.
const endTime = 3 * time.Second

// endWithin waits until returned is closed, but no longer than limit, then it
// calls alone.
func endWithin(limit time.Duration, returned <-chan struct{}, alone func()) {
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-returned:
	case <-late.C:
		alone()
	}
}

// endAlone ends the program where the toolkit does not: when Fyne 2.8 ends, it
// waits for its last event, for ever where that event comes to the queue of the
// main goroutine while the queue is being closed (runGL and runOnMainWithWait in
// its internal/driver/glfw/loop.go).
func (s *Studio) endAlone() {
	slog.Warn("the window's toolkit did not end; the program ends without it")
	s.close()
	s.opts.Exit(0)
}

// close ends everything the window started and writes down what it remembers. It
// may be called from several goroutines; all return when it is done.
func (s *Studio) close() {
	s.closed.Do(func() {
		s.resting.Stop()
		s.cancel()
		s.jobs.wait(3 * time.Second)
		s.meter.report(s.opts.Paths.Data)
	})
}
