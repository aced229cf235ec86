package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"athanor/app/store"
	"athanor/pipeline/train"
)

// windowPairs is how many pairs of runs are compared in one call; -laps adds those
// of several.
const windowPairs = 10

// digitSamples is what an epoch of the embedded digits has.
const digitSamples = 9000

// The two ways of training a pair compares, as -laps keeps them.
const (
	byCommand = "command"
	inWindow  = "window"
)

// window measures how much slower a network learns when its curves are watched:
// pairs of the same run, by command and in the window, one after the other.
func window(ctx context.Context, b *bench) (section, error) {
	kept, err := readLaps(b.laps)
	if err != nil {
		return section{}, err
	}
	if kept[inWindow] == nil {
		kept[inWindow] = laps{}
	}
	w, err := openWindow(ctx, b)
	if err != nil {
		return section{}, err
	}
	defer w.close()
	for range windowPairs {
		if err := b.pair(ctx, w, kept[inWindow]); err != nil {
			return section{}, err
		}
		if err := writeLaps(b.laps, kept); err != nil {
			return section{}, err
		}
	}
	report := windowReport(kept[inWindow])
	goals := w.trained()
	scrolled, err := scrolling(ctx, b)
	if err != nil {
		return section{}, err
	}
	report.tables = append(report.tables, table{head: []string{"what", "measured", "must", "verdict"}, rows: append(goals, scrolled...)})
	return report, nil
}

// pair trains by command and in the window, every other time the other way round.
func (b *bench) pair(ctx context.Context, w *openedWindow, l laps) error {
	i := len(l[byCommand])
	var alone, watched float64
	first, second := func() (err error) { alone, err = b.digitsAlone(ctx, w.recipe, i); return err }, func() (err error) { watched, err = w.digits(ctx); return err }
	if i%2 == 1 {
		first, second = second, first
	}
	if err := errors.Join(first(), second()); err != nil {
		return err
	}
	l[byCommand], l[inWindow] = append(l[byCommand], alone), append(l[inWindow], watched)
	slog.Info("pair", "number", i+1, "command", int(alone), "window", int(watched))
	return nil
}

func windowReport(l laps) section {
	rows, slower := [][]string{}, []float64{}
	for i, alone := range l[byCommand] {
		watched := l[inWindow][i]
		slower = append(slower, 100*(alone/watched-1))
		rows = append(rows, []string{fmt.Sprint(i + 1), fmt.Sprintf("%.0f", alone), fmt.Sprintf("%.0f", watched), fmt.Sprintf("%.1f %%", slower[i])})
	}
	rows = append(rows, []string{"median", "", "", fmt.Sprintf("%.1f %% (at most 15: %s)", median(slower), verdict(median(slower) <= 15))})
	return section{
		title: "The window while training",
		text: "The same run of the embedded digits (MLP, 10 epochs), by command and in the window on the Train screen with both charts " +
			"moving (Xvfb, software OpenGL, 1280×800), in turn. Samples a second are the median over the epochs but the first; at most 15 % slower is asked for.",
		tables: []table{{head: []string{"pair", "command, samples/s", "window, samples/s", "slower"}, rows: rows}},
	}
}

// digitsAlone trains what the window trained by command and returns samples a second.
func (b *bench) digitsAlone(ctx context.Context, recipe string, i int) (float64, error) {
	dir := filepath.Join(b.work, fmt.Sprintf("alone-%d", i))
	if _, err := launch(ctx, b.athanor, "train", recipe, "--out", dir, "--json"); err != nil {
		return 0, err
	}
	return epochRate(dir)
}

// epochRate is a run's samples a second, over whole epochs.
func epochRate(dir string) (float64, error) {
	events, err := store.ReadEvents(filepath.Join(dir, store.EventsFile))
	if err != nil {
		return 0, err
	}
	var rates []float64
	for _, e := range events {
		if epoch, ok := e.(train.Epoch); ok && epoch.Epoch > 1 && epoch.Seconds > 0 {
			rates = append(rates, digitSamples/epoch.Seconds)
		}
	}
	if len(rates) == 0 {
		return 0, fmt.Errorf("%s tells no epochs", dir)
	}
	return median(rates), nil
}

// openedWindow is the program on a virtual display.
type openedWindow struct {
	server, program *exec.Cmd
	display, home   string
	recipe          string // of its runs
	watched         []watched
}

func openWindow(ctx context.Context, b *bench) (*openedWindow, error) {
	settings := fmt.Sprintf("threads = %d\n[window]\nwidth = 1280\nheight = 800\nview = \"train\"\n", b.threads)
	w, err := openProgram(ctx, b, filepath.Join(b.work, "window"), settings, "1")
	if err != nil {
		return nil, err
	}
	return w, w.ready(ctx)
}

// openProgram starts the program on a virtual display of 1280×800 and waits for
// its window; debug is what ATHANOR_DEBUG says.
func openProgram(ctx context.Context, b *bench, home, settings, debug string) (*openedWindow, error) {
	w := &openedWindow{home: home}
	if err := errors.Join(os.MkdirAll(w.home, 0o755), writeFile(filepath.Join(w.home, "settings.toml"), settings)); err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	w.server = exec.CommandContext(ctx, "Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp")
	w.server.ExtraFiles = []*os.File{write}
	if err := w.server.Start(); err != nil {
		return nil, fmt.Errorf("a virtual display is needed: %w", err)
	}
	_ = write.Close() // the server has its own
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		w.close()
		return nil, fmt.Errorf("open a virtual display: %w", err)
	}
	w.display = ":" + strings.TrimSpace(number)
	w.program = exec.CommandContext(ctx, b.athanor)
	w.program.Env = append(os.Environ(), "DISPLAY="+w.display, "WAYLAND_DISPLAY=", "LIBGL_ALWAYS_SOFTWARE=1", "ATHANOR_HOME="+w.home, "ATHANOR_DEBUG="+debug)
	if err := w.program.Start(); err != nil {
		w.close()
		return nil, err
	}
	if err := until(ctx, 30*time.Second, func() bool { return w.do(ctx, "search", "--onlyvisible", "--name", "Athanor") == nil }); err != nil {
		w.close()
		return nil, fmt.Errorf("the window does not come: %w", err)
	}
	return w, nil
}

// palette opens the palette, types and confirms.
func (w *openedWindow) palette(ctx context.Context, text string) error {
	for _, step := range [][]string{{"key", "ctrl+k"}, {"type", "--delay", "25", text}, {"key", "Return"}} {
		time.Sleep(time.Second)
		if err := w.do(ctx, step...); err != nil {
			return err
		}
	}
	return nil
}

// ready opens the digits in the window.
func (w *openedWindow) ready(ctx context.Context) error {
	if err := w.palette(ctx, "digits"); err != nil {
		return err
	}
	time.Sleep(5 * time.Second) // the data, and the trial of a few steps
	if _, err := w.digits(ctx); err != nil {
		return err
	}
	dirs, err := store.RunDirs(filepath.Join(w.home, "runs"))
	if err == nil {
		w.recipe = filepath.Join(dirs[0], store.RecipeFile)
	}
	return err
}

func (w *openedWindow) do(ctx context.Context, args ...string) error {
	c := exec.CommandContext(ctx, "xdotool", args...)
	c.Env = append(os.Environ(), "DISPLAY="+w.display)
	return c.Run()
}

// digits trains in the window and returns samples a second.
func (w *openedWindow) digits(ctx context.Context) (float64, error) {
	before, err := store.RunDirs(filepath.Join(w.home, "runs"))
	if err != nil {
		return 0, err
	}
	if err := w.do(ctx, "key", "ctrl+Return"); err != nil {
		return 0, err
	}
	var dir string
	var look watch
	err = until(ctx, 3*time.Minute, func() bool {
		dirs, err := store.RunDirs(filepath.Join(w.home, "runs"))
		if err != nil || len(dirs) <= len(before) {
			return false
		}
		i := slices.IndexFunc(dirs, func(d string) bool { return !slices.Contains(before, d) })
		dir = dirs[i]
		look.at(ctx, w, dir)
		_, err = os.Stat(filepath.Join(dir, "card.md"))
		return err == nil
	})
	if err != nil {
		return 0, fmt.Errorf("the run in the window does not end: %w", err)
	}
	time.Sleep(2 * time.Second) // the window comes to rest
	return epochRate(dir)
}

// until polls until done, ctx's end or the limit.
func until(ctx context.Context, limit time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func (w *openedWindow) close() {
	for _, c := range []*exec.Cmd{w.program, w.server} {
		if c != nil && c.Process != nil {
			_ = c.Process.Kill() // it has nothing to save
			_ = c.Wait()
		}
	}
}
