package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"athanor/app/metrics"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
	"athanor/pipeline/eventfile"
)

// Sizes of the curves part.
const (
	longRun     = 10_000_000
	manyRuns    = 50
	manyRunSize = 100_000
	chartWidth  = 1280
	chartHeight = 700
)

// noisyLoss is value i of a series as trainings make them.
func noisyLoss(rng *rand.Rand, i, n int) float64 {
	f := float64(i) / float64(n)
	return 2.3*math.Exp(-6*f) + 0.05 + 0.2*math.Exp(-2*f)*rng.Float64()
}

// goals are rows that say what was measured, what must be reached and whether it
// was.
type goals [][]string

func (g *goals) add(what, measured, wanted string, reached bool) {
	*g = append(*g, []string{what, measured, wanted, verdict(reached)})
}

// frames adds the median and the 95th percentile of the time of frames, both of
// which must be under most.
func (g *goals) frames(what string, took []span, most time.Duration) {
	for _, q := range []struct {
		name  string
		share int
	}{{"median", 50}, {"95 % within", 95}} {
		s := quantile(took, q.share)
		g.add(what+", a frame, "+q.name, s.String(), "under "+ms(most), s.wall < most)
	}
}

// Times that must be reached.
const (
	mostAppend  = time.Microsecond
	mostFirst   = 300 * time.Millisecond
	mostSmooth  = 50 * time.Millisecond
	mostFrame   = 16 * time.Millisecond
	mostCrowded = 33 * time.Millisecond
	mostBytes   = 150_000_000
)

// plotting measures the curves: store, first picture, frames, smoothing, memory.
func plotting(ctx context.Context, b *bench) (section, error) {
	var g goals
	dir := filepath.Join(b.work, "curves")
	perPoint, err := writeLong(dir, "long", longRun)
	if err != nil {
		return section{}, err
	}
	g.add("append a point, amortised over "+thousands(longRun), fmt.Sprintf("%.0f ns", perPoint), "under 1 µs", perPoint < float64(mostAppend.Nanoseconds()))
	long, err := g.long(ctx, dir)
	if err != nil {
		return section{}, err
	}
	many, err := manyLines(dir)
	if err != nil {
		return section{}, err
	}
	frames, err := wander(ctx, many, manyRunSize, 120)
	if err != nil {
		return section{}, err
	}
	g.frames("50 runs of 100,000 points", frames, mostCrowded)
	if err := b.foreignFiles(ctx, &g, dir); err != nil {
		return section{}, err
	}
	text := fmt.Sprintf("One chart of %d×%d pixels, software rendering, files in the page cache. CPU is what both processors worked on a frame together, its own median and 95th percentile.", chartWidth, chartHeight)
	if line, err := b.beside(ctx, dir, long); err == nil {
		text += " " + line
	} else {
		slog.Warn("TensorBoard is not here to compare with", "error", err)
	}
	return section{title: "Curves", text: text, tables: []table{{head: []string{"what", "measured", "must", "verdict"}, rows: g}}}, nil
}

// long measures one metric of many points.
func (g *goals) long(ctx context.Context, dir string) (curve.Samples, error) {
	idle := anonymousBytes()
	long, first, err := firstPicture(dir)
	if err != nil {
		return nil, err
	}
	g.add("first picture of 10,000,000 points, every one in it", first.String(), "under "+ms(mostFirst), first.wall < mostFirst)
	var smooth curve.Samples
	changed := measure(func() { smooth = curve.Smooth(long, curve.EMAKind, 0.99) })
	changed = min2(changed, measure(func() { smooth = curve.Smooth(long, curve.EMAKind, 0.9) }))
	g.add("change the smoothing of all points", changed.String(), "under "+ms(mostSmooth), changed.wall < mostSmooth)
	for _, c := range []struct {
		name string
		spec chart.Spec
	}{
		{"pan and zoom, raw", lines(long)},
		{"pan and zoom, smoothed over raw", chart.Spec{Theme: chart.Dark(), Lines: []chart.Line{{Samples: long, Faint: true}, {Name: "loss", Samples: smooth}}}},
	} {
		frames, err := wander(ctx, c.spec, longRun, 240)
		if err != nil {
			return nil, err
		}
		g.frames(c.name, frames, mostFrame)
	}
	over := anonymousBytes() - idle
	g.add("anonymous memory over idle", fmt.Sprintf("%.0f MB", float64(over)/1e6), "at most 150 MB", over <= mostBytes)
	return long, nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// writeLong writes n points of one metric and returns nanoseconds a point.
func writeLong(dir, name string, n int) (float64, error) {
	w, err := metrics.Create(dir, name, []string{"loss"})
	if err != nil {
		return 0, err
	}
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 1<<16)
	for i := range values {
		values[i] = rng.Float64()
	}
	row := metrics.Row{Values: make([]float64, 1), Time: time.Unix(1.7e9, 0)}
	start := time.Now()
	for i := range n {
		row.Step, row.Values[0] = int64(i+1), values[i&(1<<16-1)]+2/(1+float64(i)/1e5)
		if err := w.Append(row); err != nil {
			return 0, errors.Join(err, w.Close())
		}
	}
	took := time.Since(start)
	return float64(took.Nanoseconds()) / float64(n), w.Close()
}

// firstPicture opens a table and draws all of it.
func firstPicture(dir string) (s curve.Samples, took span, err error) {
	took = measure(func() {
		var t *metrics.Table
		if t, err = metrics.Open(dir, "long"); err != nil {
			return
		}
		if s, err = t.View().Series("loss", metrics.Step); err != nil {
			return
		}
		var p *chart.Picture
		if p, err = chart.Render(lines(s), chartWidth, chartHeight, 1); err == nil && (p.Shown != longRun || p.Total != longRun) {
			err = fmt.Errorf("%d of %d points are in the picture, want %d", p.Shown, p.Total, longRun)
		}
	})
	return s, took, err
}

// span is how long something took, and how much of that the processor worked on
// it: on a machine that does other things too the first says little.
type span struct{ wall, cpu time.Duration }

func (s span) String() string { return ms(s.wall) + " (CPU " + ms(s.cpu) + ")" }

func measure(f func()) span {
	start, cpu := time.Now(), cpuTime()
	f()
	return span{time.Since(start), cpuTime() - cpu}
}

// min2 is the faster of two tries.
func min2(a, b span) span { return span{min(a.wall, b.wall), min(a.cpu, b.cpu)} }

// cpuTime is how long the processors have worked for this process.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func lines(all ...curve.Samples) chart.Spec {
	s := chart.Spec{Theme: chart.Dark(), X: chart.Axis{Label: "step"}, Y: chart.Axis{Label: "loss"}}
	for i, l := range all {
		s.Lines = append(s.Lines, chart.Line{Name: "run " + strconv.Itoa(i), Samples: l, Dash: chart.DashPattern(i / 8)})
	}
	return s
}

// wander draws n frames of a person zooming in and out and moving about.
func wander(ctx context.Context, s chart.Spec, points, n int) ([]span, error) {
	rng := rand.New(rand.NewPCG(3, 4))
	var d chart.Drawer // as the window's charts keep one each
	var took []span
	for range n {
		width := float64(points) * math.Pow(10, -4*rng.Float64())
		s.X.Min = rng.Float64() * (float64(points) - width)
		s.X.Max = s.X.Min + width
		var p *chart.Picture
		var err error
		took = append(took, measure(func() { p, err = d.Render(s, chartWidth, chartHeight, 1) }))
		d.Recycle(p)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, err
		}
	}
	return took, nil
}

// quantile is the given percentile of the wall and, for itself, of the processor's
// time.
func quantile(d []span, percent int) span {
	wall, cpu := make([]time.Duration, len(d)), make([]time.Duration, len(d))
	for i, s := range d {
		wall[i], cpu[i] = s.wall, s.cpu
	}
	slices.Sort(wall)
	slices.Sort(cpu)
	at := (len(d) - 1) * percent / 100
	return span{wall[at], cpu[at]}
}

// manyLines are 50 runs in tables of their own.
func manyLines(dir string) (chart.Spec, error) {
	var all []curve.Samples
	for i := range manyRuns {
		name := "run" + strconv.Itoa(i)
		w, err := metrics.Create(dir, name, []string{"loss"})
		if err != nil {
			return chart.Spec{}, err
		}
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		row := metrics.Row{Values: make([]float64, 1)}
		for k := range manyRunSize {
			row.Step, row.Values[0] = int64(k+1), noisyLoss(rng, k, manyRunSize)+float64(i)/20
			if err := w.Append(row); err != nil {
				return chart.Spec{}, errors.Join(err, w.Close())
			}
		}
		if err := w.Close(); err != nil {
			return chart.Spec{}, err
		}
		t, err := metrics.Open(dir, name)
		if err != nil {
			return chart.Spec{}, err
		}
		s, err := t.View().Series("loss", metrics.Step)
		if err != nil {
			return chart.Spec{}, err
		}
		all = append(all, s)
	}
	return lines(all...), nil
}

// anonymousBytes is this process's anonymous memory in bytes after a collection, 0
// where the system does not tell.
func anonymousBytes() int64 {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n * 1024
		}
	}
	return 0
}

// beside lets TensorBoard load the same points and tells how long it took and
// how many it kept.
func (b *bench) beside(ctx context.Context, dir string, s curve.Samples) (string, error) {
	python := filepath.Join(b.root, "bench", "peers", ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		return "", err
	}
	logs := filepath.Join(dir, "logs")
	w, err := eventfile.Create(logs, time.Now())
	if err != nil {
		return "", err
	}
	ys := make([]float64, 4096)
	for from := 0; from < s.Len(); from += len(ys) {
		part := ys[:min(len(ys), s.Len()-from)]
		s.Y(from, part)
		for i, y := range part {
			if err := w.Add(eventfile.Scalar{Tag: "loss", Step: int64(from + i + 1), Value: y}); err != nil {
				return "", errors.Join(err, w.Close())
			}
		}
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, python, filepath.Join(b.root, "bench", "peers", "tensorboard", "check.py"), "reservoir", logs).Output()
	if err != nil {
		return "", fmt.Errorf("run TensorBoard: %w", err)
	}
	seconds, kept, _ := strings.Cut(strings.TrimSpace(string(out)), ",")
	return fmt.Sprintf("TensorBoard 2.20 needed %s s to load the same %d points and kept %s of them.", seconds, s.Len(), kept), nil
}
