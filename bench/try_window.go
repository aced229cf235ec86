package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"athanor/app/training"
	"athanor/pipeline/train"
)

// trying measures the Try screen in the program itself, on a virtual display with
// software OpenGL on the same cores as everything else.
func trying(ctx context.Context, b *bench) (section, error) {
	s := section{
		title: "Try in the window",
		text: "The program on a virtual display of 1280×800 with software OpenGL. " +
			"Strokes: digits are drawn with the mouse, 25 places a second, and judged by the convolutional network of digits. A place is answered when the frame " +
			"whose bars hold it was handed to the display; the time begins when the window gets the mouse's move. A move waits for the toolkit's next turn, 60 a second, before that, " +
			"up to 17 ms more. " +
			"Live: an MJPEG camera of 640×480 at 30 frames a second on loopback, judged by the small residual network at 96×96, for 30 seconds; a picture counts when the frame " +
			"that shows it and its bars was handed to the display.",
	}
	t := table{head: []string{"what", "count", "a second", "median", "95 % within", "99 % within", "wanted", ""}}
	for _, measure := range []func(context.Context, *bench) ([]string, error){strokesShown, liveShown} {
		row, err := measure(ctx, b)
		if err != nil {
			return s, err
		}
		t.rows = append(t.rows, row)
	}
	s.tables = []table{t}
	return s, nil
}

// tryProgram opens the program on the Try screen with one model.
func tryProgram(ctx context.Context, b *bench, name string, recipe train.Recipe) (*openedWindow, error) {
	home := filepath.Join(b.work, "try-"+name)
	run := filepath.Join(home, "runs", name)
	if err := os.MkdirAll(run, 0o755); err != nil {
		return nil, err
	}
	if _, err := training.Run(ctx, training.Request{Dir: run, Recipe: recipe}, func(train.Event) {}); err != nil {
		return nil, err
	}
	w, err := openProgram(ctx, b, home, fmt.Sprintf("threads = %d\n[window]\nwidth = 1280\nheight = 800\nview = \"try\"\n", b.threads), "1")
	if err == nil {
		time.Sleep(3 * time.Second) // the model is opened
	}
	return w, err
}

// strokesDrawn is how many digits are drawn; the first is not counted.
const strokesDrawn = 12

func strokesShown(ctx context.Context, b *bench) ([]string, error) {
	w, err := tryProgram(ctx, b, "digits", train.Recipe{
		Task: "image", Seed: 1, Threads: b.threads, Data: train.Data{Path: "digits"}, Model: train.Model{Name: "cnn"}, Train: train.Loop{Epochs: 1, Batch: 128},
	})
	if err != nil {
		return nil, err
	}
	defer w.close()
	if err := w.draw(ctx, 0); err != nil {
		return nil, err
	}
	if _, err := w.counters(ctx); err != nil {
		return nil, err
	}
	for i := range strokesDrawn {
		if err := w.draw(ctx, i+1); err != nil {
			return nil, err
		}
	}
	c, err := w.counters(ctx)
	if err != nil {
		return nil, err
	}
	return shownRow("a stroke's place to its answer on screen", c.Answers, "30 ms", c.Answers.P99MS <= 30), nil
}

func shownRow(what string, p shownTimes, wanted string, reached bool) []string {
	ms := func(v float64) string { return fmt.Sprintf("%.1f ms", v) }
	return []string{what, fmt.Sprint(p.Pictures), fmt.Sprintf("%.1f", p.FPS), ms(p.MedianMS), ms(p.P95MS), ms(p.P99MS), wanted, verdict(reached)}
}

// places are how many points of a loop are drawn.
const places = 40

// draw wipes the sheet and draws a loop on it, each a little different, with 25
// places a second: about as fast as a hand moves.
func (w *openedWindow) draw(ctx context.Context, number int) error {
	var s strings.Builder
	s.WriteString(click(463, 677)) // the button that wipes
	for i := range places {
		angle := float64(i) / places * 2 * math.Pi * float64(1+number%2)
		x, y := 576+90*math.Sin(angle)*(1+0.05*float64(number)), 396-140*math.Cos(angle/float64(1+number%3))
		fmt.Fprintf(&s, "mousemove %.0f %.0f\n", x, y)
		if i == 0 {
			s.WriteString("sleep 0.2\nmousedown 1\n")
		}
		s.WriteString("sleep 0.04\n")
	}
	s.WriteString("mouseup 1\nsleep 0.2\n")
	return w.script(ctx, s.String())
}

// click presses a place of the window, slowly enough for the toolkit, which takes
// the pointer's place once a frame.
func click(x, y int) string {
	return fmt.Sprintf("mousemove %d %d\nsleep 0.2\nmousedown 1\nsleep 0.1\nmouseup 1\nsleep 0.5\n", x, y)
}

// script runs commands of xdotool, a line each.
func (w *openedWindow) script(ctx context.Context, lines string) error {
	c := exec.CommandContext(ctx, "xdotool", "-")
	c.Env = append(os.Environ(), "DISPLAY="+w.display)
	c.Stdin = strings.NewReader(lines)
	c.Stdout = io.Discard
	return c.Run()
}

func liveShown(ctx context.Context, b *bench) ([]string, error) {
	data := filepath.Join(b.mnist, "..")
	address, stop, err := playCamera(ctx, filepath.Join(data, "faces", "video", "short_hamilton_clip.mp4"))
	if err != nil {
		return nil, err
	}
	defer stop()
	w, err := tryProgram(ctx, b, "live", train.Recipe{
		Task: "image", Seed: 1, Threads: b.threads, Data: train.Data{Path: filepath.Join(data, "image-folder", "hymenoptera"), Size: 96},
		Model: train.Model{Name: "resnet"}, Train: train.Loop{Epochs: 1, Batch: 16},
	})
	if err != nil {
		return nil, err
	}
	defer w.close()
	if err := w.script(ctx, click(560, 719)+"type --delay 25 "+address+"\nsleep 0.5\nkey Return\n"); err != nil {
		return nil, err
	}
	time.Sleep(5 * time.Second) // it comes to its pace
	if _, err := w.counters(ctx); err != nil {
		return nil, err
	}
	time.Sleep(paintedFor)
	c, err := w.counters(ctx)
	if err != nil {
		return nil, err
	}
	if c.Preview.Pictures == 0 {
		return nil, errors.New("the window shows no picture of the camera")
	}
	return shownRow("live pictures at 96×96, arrival to screen", c.Preview, "30 fps", c.Preview.FPS >= 29.5), nil
}
