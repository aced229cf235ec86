package e2e_test

import (
	"encoding/json"
	"image/color"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"athanor/app/store"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/ui"
)

// measured is what the run leaves in out/e2e/report.json.
type measured struct {
	WindowSeconds  float64     `json:"window_seconds"`     // start to window on screen
	WindowCPU      float64     `json:"window_cpu_seconds"` // processor time until then
	TrainedSeconds float64     `json:"trained_seconds"`    // start to trained model, all keys included
	Accuracy       float64     `json:"accuracy"`           // on the test part
	ChartsSecond   float64     `json:"charts_per_second"`  // of the loss, while training
	IdleCPU        float64     `json:"idle_cpu_percent"`
	FreshResident  float64     `json:"fresh_resident_mb"` // on Home after the start
	FreshAnonymous float64     `json:"fresh_anonymous_mb"`
	ResidentMB     float64     `json:"resident_mb"` // on Home after training and all screens
	AnonymousMB    float64     `json:"anonymous_mb"`
	Busy           float64     `json:"busy"` // how busy the machine was, 1 is quiet
	Training       ui.Counters `json:"training"`
	Window         ui.Counters `json:"window"`
}

func TestFromFirstStartToATrainedNetwork(t *testing.T) {
	needTools(t)
	testenv.NeedNative(t, runtime.Load())
	binary := build(t)
	d := openDisplay(t, "1280x800", outFolder(t))
	m := measured{Busy: busy()}
	began := time.Now()
	p := start(t, d, binary, t.TempDir(), "1")
	m.WindowSeconds = p.up(t)
	m.WindowCPU = p.cpu(t).Seconds()
	d.still()
	d.shoot("first-start")
	m.FreshResident, m.FreshAnonymous = p.status(t, "VmRSS:"), p.status(t, "RssAnon:")
	m.ChartsSecond, m.Training = p.train(t, d)
	m.TrainedSeconds = time.Since(began).Seconds()
	m.Busy = max(m.Busy, busy())
	p.check(t)
	m.Accuracy = p.tested(t)
	p.rested(t)
	img := d.shoot("trained")
	if share(img, img.Bounds(), color.RGBA{R: 0xe6, G: 0x9f, A: 255}) < 0.0005 {
		t.Error("no training curve is on the screen")
	}
	p.gallery(t, d)
	m.IdleCPU, m.ResidentMB, m.AnonymousMB = p.idle(t, d)
	m.Busy = max(m.Busy, busy())
	m.Window = p.close(t)
	report(t, m)
	check(t, m)
}

// room is what a share or a rate measured over a few seconds may miss its goal by
// before the test fails: other programs' work shows in both.
const room = 1.5

// check holds the report against what must be reached. Times on the wall get the
// slack of a busy machine, shares and rates some room, and memory a twentieth.
func check(t *testing.T, m measured) {
	t.Helper()
	slack := 1.0
	if m.Busy > 1.15 {
		slack = 1.5 * m.Busy
	}
	most := func(what string, value, limit float64) {
		if value > limit {
			t.Errorf("%s is %.3g, must be at most %.3g (slack %.2f)", what, value, limit, slack)
		}
	}
	most("seconds to the window", m.WindowSeconds, slack*1.0)
	most("seconds to a trained network", m.TrainedSeconds, slack*60)
	most("milliseconds of a call on the UI goroutine", m.Window.LongestMS, slack*50)
	most("milliseconds of a call while training", m.Training.LongestMS, slack*50)
	most("processor milliseconds of a call on the UI goroutine", max(m.Window.LongestCPU, m.Training.LongestCPU), 50)
	most("percent of a core while idle (wanted 2)", m.IdleCPU, room*2)
	most("MB resident after the start", m.FreshResident, 400)
	most("MB anonymous after the start", m.FreshAnonymous, 200)
	more := 1.0
	if m.Busy > 1.15 { // collections come at other moments: runs differed by 7 MB
		more = 1.05
	}
	most("MB resident after all screens (wanted 400)", m.ResidentMB, more*400)
	most("MB anonymous after all screens (wanted 200)", m.AnonymousMB, more*200)
	most("errors shown", float64(m.Window.Errors), 0)
	if m.Accuracy < 0.97 {
		t.Errorf("test accuracy %.4f, want 0.97", m.Accuracy)
	}
	if m.ChartsSecond*slack*room < 5 {
		t.Errorf("%.1f charts a second while training, want 5", m.ChartsSecond)
	}
}

func (d *display) hasWindow() bool {
	out, err := d.run("xdotool", "search", "--onlyvisible", "--name", "Athanor")
	return err == nil && out != ""
}

// train goes from Home to a finished run by keyboard. It returns the charts drawn
// a second while the network learnt, and what the window counted meanwhile.
func (p *program) train(t *testing.T, d *display) (charts float64, counted ui.Counters) {
	t.Helper()
	p.palette(t, "digits")
	p.rested(t)
	d.key("ctrl+Return")
	await(t, "the run", 60*time.Second, func() bool { return len(p.runs()) > 0 })
	var from time.Time
	await(t, "the end of the run", 120*time.Second, func() bool {
		info, err := store.ReadInfo(p.runs()[0])
		if err == nil && info.Status.Epoch >= 2 && from.IsZero() {
			p.read(t) // from here on the network learns and nothing else happens
			from = time.Now()
		}
		if err == nil && info.Status.Epoch >= 8 && charts == 0 && !from.IsZero() {
			counted = p.read(t)
			charts = float64(counted.Charts) / time.Since(from).Seconds()
			d.shoot("training")
		}
		_, err = os.Stat(filepath.Join(p.runs()[0], "card.md"))
		return err == nil
	})
	return charts, counted
}

// check looks at what the one run left.
func (p *program) check(t *testing.T) {
	t.Helper()
	dirs := p.runs()
	if len(dirs) != 1 {
		t.Fatalf("%d runs were kept, want 1", len(dirs))
	}
	curves, err := store.OpenCurves(dirs[0])
	if err != nil {
		t.Fatal(err)
	}
	defer curves.Close() //nolint:errcheck // only read
	if len(curves.Metrics()) == 0 {
		t.Error("the run kept no curves")
	}
}

// tested reads the accuracy on the test part from the model's card.
func (p *program) tested(t *testing.T) float64 {
	t.Helper()
	card, err := os.ReadFile(filepath.Join(p.runs()[0], "card.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`test accuracy \| ([\d.]+) %`).FindSubmatch(card)
	if found == nil {
		t.Fatalf("the card tells no test accuracy:\n%s", card)
	}
	percent, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return percent / 100
}

// looks are the languages and looks of the gallery.
func looks() [][3]string {
	return [][3]string{{"en-dark", "dark", "English"}, {"zh-light", "light", "zh"}}
}

// places are the screens with their keys, in the order of the rail.
func places() [][2]string {
	return [][2]string{
		{"home", "1"},
		{"data", "2"},
		{"train", "3"},
		{"curves", "4"},
		{"evaluate", "5"},
		{"try", "6"},
		{"sentiment", "7"},
		{"faces", "8"},
		{"serve", "9"},
		{"models", "0"},
		{"settings", "comma"},
	}
}

// gallery photographs every screen in both languages and looks.
func (p *program) gallery(t *testing.T, d *display) {
	t.Helper()
	for _, look := range looks() {
		p.dress(t, look)
		for _, place := range places() {
			p.goes(t, place[0], place[1])
			d.shoot(place[0] + "-" + look[0])
		}
	}
	p.dress(t, looks()[0])
}

// dress changes language and look.
func (p *program) dress(t *testing.T, look [3]string) {
	t.Helper()
	p.palette(t, look[1])
	p.palette(t, look[2])
	p.until(t, "look and language", func(c ui.Counters) bool { return c.Look == look[1] && strings.HasPrefix(look[0], c.Language) })
}

// idle measures the program while nothing happens, on Home.
func (p *program) idle(t *testing.T, d *display) (cpu, resident, anonymous float64) {
	t.Helper()
	p.goes(t, "home", "1")
	p.until(t, "memory to be given back", func(c ui.Counters) bool { return c.Held == 0 && c.Settled })
	p.rested(t)
	const span = 5 * time.Second
	before := p.cpu(t)
	time.Sleep(span)
	cpu = float64(p.cpu(t)-before) / float64(span) * 100
	return cpu, p.status(t, "VmRSS:"), p.status(t, "RssAnon:")
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
