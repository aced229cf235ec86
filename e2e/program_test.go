package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"athanor/app/store"
	"athanor/inference/testenv"
	"athanor/ui"
)

// program is Athanor running on a display.
type program struct {
	cmd  *exec.Cmd
	home string
	d    *display
}

// built builds the program, once for all tests.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "athanor-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "athanor")
	c := exec.Command("go", "build", "-tags", "migrated_fynedo", "-o", path, "athanor")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // a temporary folder
	}
	os.Exit(code)
}

func build(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// start starts the program with an environment of its own; debug is what
// ATHANOR_DEBUG says.
func start(t *testing.T, d *display, binary, home, debug string, more ...string) *program {
	t.Helper()
	c := exec.Command(binary)
	c.Dir = testenv.Root(t)
	c.Env = d.env(append([]string{"ATHANOR_HOME=" + home, "ATHANOR_DEBUG=" + debug, "LANG=en_US.UTF-8", "LC_ALL="}, more...)...)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	return &program{cmd: c, home: home, d: d}
}

// outFolder is where pictures and report are kept.
func outFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(testenv.Root(t), "out", "e2e")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (p *program) runs() []string {
	dirs, err := store.RunDirs(filepath.Join(p.home, "runs"))
	if err != nil {
		return nil
	}
	return dirs
}

// settings writes the settings before the program starts.
func settings(t *testing.T, home, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(home, "settings.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ticks is the processor time of the program (man 5 proc, fields 14 and 15).
func (p *program) ticks(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		t.Fatalf("cannot read the processor time in %q", raw)
	}
	return user + system
}

// status reads one line of /proc/PID/status in MB.
func (p *program) status(t *testing.T, name string) float64 {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return float64(kb) / 1024
		}
	}
	return 0
}

// close ends the program as a desktop does and reads what it counted.
func (p *program) close(t *testing.T) ui.Counters {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the program ended badly: %v", err)
		}
	case <-time.After(40 * time.Second): // its last files wait for the disk, which others may keep busy
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // Go tells on stderr where every goroutine stands
		t.Fatalf("the program does not end; above is where it stood (%v)", <-ended)
	}
	return p.counters(t)
}

func (p *program) countersFile() string { return filepath.Join(p.home, "window-counters.json") }

func (p *program) counters(t *testing.T) ui.Counters {
	t.Helper()
	raw, err := os.ReadFile(p.countersFile())
	if err != nil {
		t.Fatal(err)
	}
	var c ui.Counters
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// read asks the running program for its counters; the longest times begin anew then.
func (p *program) read(t *testing.T) ui.Counters {
	t.Helper()
	return p.ask(t, syscall.SIGUSR1)
}

// up waits until the window is on screen and tells what it counts.
func (p *program) up(t *testing.T) (seconds float64) {
	t.Helper()
	took := await(t, "the window", 30*time.Second, p.d.hasWindow)
	await(t, "the first counters", 30*time.Second, func() bool {
		_, err := os.Stat(p.countersFile())
		return err == nil
	})
	return took.Seconds()
}

// until waits until the program tells that what is asked for is so.
func (p *program) until(t *testing.T, what string, so func(ui.Counters) bool) {
	t.Helper()
	await(t, what, 60*time.Second, func() bool { return so(p.ask(t, syscall.SIGUSR2)) })
}

// rested waits until the program has no work in the background, and its picture
// stands still.
func (p *program) rested(t *testing.T) {
	t.Helper()
	p.until(t, "the end of the work in the background", func(c ui.Counters) bool { return c.Pending == 0 })
	p.d.still()
}

// goes presses the key of a screen and waits until that screen is there and rests.
func (p *program) goes(t *testing.T, place, key string) {
	t.Helper()
	p.d.key("ctrl+" + key)
	p.until(t, place, func(c ui.Counters) bool { return c.Place == place })
	p.rested(t)
}

// palette opens the palette, types what finds a command, and confirms it.
func (p *program) palette(t *testing.T, text string) {
	t.Helper()
	p.d.key("ctrl+k")
	p.until(t, "the palette", func(c ui.Counters) bool { return c.Palette })
	p.d.do("type", "--delay", "4", text)
	p.until(t, "the typed text", func(c ui.Counters) bool { return c.Field == text })
	p.d.key("Return")
	p.until(t, "the end of the palette", func(c ui.Counters) bool { return !c.Palette })
}

func (p *program) ask(t *testing.T, signal syscall.Signal) ui.Counters {
	t.Helper()
	if err := os.Remove(p.countersFile()); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	await(t, "the counters", 10*time.Second, func() bool {
		_, err := os.Stat(p.countersFile())
		return err == nil
	})
	return p.counters(t)
}

// cpu is the processor time the program has used.
func (p *program) cpu(t *testing.T) time.Duration {
	t.Helper()
	return time.Duration(p.ticks(t)) * 10 * time.Millisecond // USER_HZ is 100 on Linux
}
