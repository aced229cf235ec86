package e2e_test

import (
	"encoding/json"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"athanor/app/store"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/ui"
)

// measured is what the run leaves in out/e2e/report.json.
type measured struct {
	WindowSeconds  float64     `json:"window_seconds"`  // start to window on screen
	TrainedSeconds float64     `json:"trained_seconds"` // start to trained model, all clicks included
	Accuracy       float64     `json:"accuracy"`
	IdleCPU        float64     `json:"idle_cpu_percent"`
	ResidentMB     float64     `json:"resident_mb"`
	AnonymousMB    float64     `json:"anonymous_mb"`
	Window         ui.Counters `json:"window"`
}

// program is Athanor running on a display.
type program struct {
	cmd  *exec.Cmd
	home string
}

func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "athanor")
	c := exec.Command("go", "build", "-o", path, ".")
	c.Dir = testenv.Root(t)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

func start(t *testing.T, d *display, binary, home string) *program {
	t.Helper()
	c := exec.Command(binary)
	c.Dir = testenv.Root(t)
	c.Env = d.env("ATHANOR_HOME="+home, "ATHANOR_DEBUG=1", "LANG=en_US.UTF-8", "LC_ALL=")
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	return &program{cmd: c, home: home}
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

func TestFromFirstStartToATrainedNetwork(t *testing.T) {
	needTools(t)
	testenv.NeedNative(t, runtime.Load())
	binary := build(t)
	d := openDisplay(t, "1280x800", outFolder(t))
	began := time.Now()
	p := start(t, d, binary, t.TempDir())
	var m measured
	m.WindowSeconds = await(t, "the window", 20*time.Second, func() bool { return d.hasWindow() }).Seconds()
	d.settle()
	d.shoot("first-start")
	p.train(t, d)
	m.TrainedSeconds = time.Since(began).Seconds()
	info := p.run(t)
	m.Accuracy = info.Status.Best["val_accuracy"]
	d.settle()
	img := d.shoot("trained")
	if share(img, img.Bounds(), color.RGBA{R: 0xe6, G: 0x9f, A: 255}) < 0.0005 {
		t.Error("no training curve is on the screen")
	}
	d.gallery()
	m.IdleCPU, m.ResidentMB, m.AnonymousMB = p.idle(t, d)
	m.Window = p.close(t)
	report(t, m)
	check(t, m)
}

// check holds the report against what must be reached; times are generous where
// a busy machine would make the test lie.
func check(t *testing.T, m measured) {
	t.Helper()
	if m.WindowSeconds > 5 {
		t.Errorf("the window took %.1f s", m.WindowSeconds)
	}
	if m.TrainedSeconds > 120 {
		t.Errorf("first start to trained network took %.1f s", m.TrainedSeconds)
	}
	if m.Accuracy < 0.95 {
		t.Errorf("validation accuracy %.4f", m.Accuracy)
	}
	if m.Window.Errors != 0 {
		t.Errorf("%d errors were shown", m.Window.Errors)
	}
	if m.ResidentMB > 800 {
		t.Errorf("%.0f MB resident after training", m.ResidentMB)
	}
}

func (d *display) hasWindow() bool {
	out, err := d.run("xdotool", "search", "--onlyvisible", "--name", "Athanor")
	return err == nil && out != ""
}

// train goes from Home to a finished run by keyboard.
func (p *program) train(t *testing.T, d *display) {
	t.Helper()
	d.palette("digits")
	await(t, "the run", 60*time.Second, func() bool {
		d.key("ctrl+Return")
		time.Sleep(300 * time.Millisecond)
		return len(p.runs()) > 0
	})
	shot := false
	await(t, "the end of the run", 120*time.Second, func() bool {
		if info, err := store.ReadInfo(p.runs()[0]); err == nil && info.Status.Epoch >= 3 && !shot {
			d.shoot("training")
			shot = true
		}
		_, err := os.Stat(filepath.Join(p.runs()[0], "card.md"))
		return err == nil
	})
}

func (p *program) runs() []string {
	dirs, err := store.RunDirs(filepath.Join(p.home, "runs"))
	if err != nil {
		return nil
	}
	return dirs
}

// run reads the one run from the store.
func (p *program) run(t *testing.T) store.Info {
	t.Helper()
	dirs := p.runs()
	if len(dirs) != 1 {
		t.Fatalf("%d runs were kept, want 1", len(dirs))
	}
	info, err := store.ReadInfo(dirs[0])
	if err != nil {
		t.Fatal(err)
	}
	curves, err := store.OpenCurves(dirs[0])
	if err != nil {
		t.Fatal(err)
	}
	defer curves.Close() //nolint:errcheck // only read
	if len(curves.Metrics()) == 0 {
		t.Error("the run kept no curves")
	}
	return info
}

// gallery photographs every screen in both languages and looks.
func (d *display) gallery() {
	keys := map[string]string{
		"home": "1", "data": "2", "train": "3", "curves": "4", "evaluate": "5", "try": "6",
		"sentiment": "7", "faces": "8", "serve": "9", "models": "0", "settings": "comma",
	}
	for _, look := range [][2]string{{"en-dark", ""}, {"zh-light", "light"}} {
		if look[1] != "" {
			d.palette(look[1])
			d.palette("zh")
		}
		for name, key := range keys {
			d.key("ctrl+" + key)
			time.Sleep(500 * time.Millisecond) // what loads in the background needs a moment
			d.settle()
			d.shoot(name + "-" + look[0])
		}
	}
	d.palette("English")
	d.palette("dark")
}

// idle measures the program while nothing happens, on Home.
func (p *program) idle(t *testing.T, d *display) (cpu, resident, anonymous float64) {
	t.Helper()
	d.key("ctrl+1")
	d.settle()
	time.Sleep(2 * time.Second)
	const span = 5 * time.Second
	before := p.ticks(t)
	time.Sleep(span)
	cpu = float64(p.ticks(t)-before) / 100 / span.Seconds() * 100 // USER_HZ is 100 on Linux
	return cpu, p.status(t, "VmRSS:"), p.status(t, "RssAnon:")
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
	case <-time.After(10 * time.Second):
		t.Fatal("the program does not end")
	}
	raw, err := os.ReadFile(filepath.Join(p.home, "window-counters.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c ui.Counters
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func report(t *testing.T, m measured) {
	t.Helper()
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", raw)
	if err := os.WriteFile(filepath.Join(outFolder(t), "report.json"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}
