package e2e_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"athanor/app/desktop/desktoptest"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// TestTheDesktopKnowsOfARun trains on a desktop of its own: while the network
// learns the machine is kept awake, and its end is told by a notification. In
// between the program stands still for a while, as when a lid is closed: it goes on
// by itself.
func TestTheDesktopKnowsOfARun(t *testing.T) {
	needTools(t)
	testenv.NeedNative(t, runtime.Load())
	binary := build(t)
	desk := desktoptest.Start(t)
	d := openDisplay(t, "1280x800", outFolder(t))
	p := start(t, d, binary, t.TempDir(), "1", desk.Env()...)
	p.up(t)
	p.palette(t, "digits")
	p.rested(t)
	d.key("ctrl+Return")
	await(t, "somebody to keep the machine awake", 60*time.Second, func() bool { return desk.Held() == 1 })
	p.standStill(t)
	if asked := desk.Asked()[0]; asked.What != "idle:sleep" || asked.Mode != "block" || !strings.Contains(asked.Why, "learning") {
		t.Errorf("it asked %+v", asked)
	}
	await(t, "the notification", 120*time.Second, func() bool { return len(desk.Notes()) > 0 })
	if note := desk.Notes()[0]; !strings.Contains(note.Title, "Athanor") || !strings.Contains(note.Text, "%") {
		t.Errorf("the notification says %+v, want the accuracy", note)
	}
	await(t, "sleep to be allowed again", 20*time.Second, func() bool { return desk.Held() == 0 })
	if c := p.close(t); c.Errors != 0 {
		t.Errorf("%d errors were shown", c.Errors)
	}
}

// standStill stops the program, as a machine that sleeps does, until its run has
// written nothing for a while, and lets it go on.
func (p *program) standStill(t *testing.T) {
	t.Helper()
	signal := func(s syscall.Signal) {
		if err := p.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the run's first curves", 60*time.Second, func() bool { return !p.written().IsZero() })
	signal(syscall.SIGSTOP)
	await(t, "the run to stand still", 20*time.Second, func() bool { return time.Since(p.written()) > time.Second })
	signal(syscall.SIGCONT)
}

// written is when the first run wrote last; it writes its curves while it learns.
func (p *program) written() (last time.Time) {
	for _, dir := range p.runs() {
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			if info, err := f.Info(); err == nil && info.ModTime().After(last) {
				last = info.ModTime()
			}
		}
	}
	return last
}
