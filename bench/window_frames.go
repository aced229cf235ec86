package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"athanor/app/store"
)

// watched is what the window drew while a network learnt.
type watched struct {
	seconds float64
	charts  int
	longest float64 // call on the UI goroutine, in milliseconds
}

// watch measures from the second epoch of a run to the last but one.
type watch struct {
	from time.Time
	done bool
}

func (l *watch) at(ctx context.Context, w *openedWindow, dir string) {
	info, err := store.ReadInfo(dir)
	switch {
	case err != nil || l.done:
	case info.Status.Epoch >= 2 && l.from.IsZero():
		if _, err := w.counters(ctx); err == nil {
			l.from = time.Now()
		}
	case info.Status.Epoch >= 9 && !l.from.IsZero():
		l.done = true
		span := time.Since(l.from)
		if c, err := w.counters(ctx); err == nil {
			w.watched = append(w.watched, watched{span.Seconds(), c.Charts, c.LongestMS})
		}
	}
}

// trained sums up what was drawn during all runs.
func (w *openedWindow) trained() [][]string {
	var seconds, longest float64
	charts := 0
	for _, one := range w.watched {
		seconds, charts, longest = seconds+one.seconds, charts+one.charts, max(longest, one.longest)
	}
	rate := float64(charts) / seconds
	return [][]string{
		{"charts of the loss a second while training", fmt.Sprintf("%.1f (%d in %.1f s)", rate, charts, seconds), "≥ 5", verdict(rate >= 5)},
		{"longest call on the UI goroutine while training", fmt.Sprintf("%.1f ms", longest), "≤ 50 ms", verdict(longest <= 50)},
	}
}

// manySamples is how many pictures are scrolled through, in how many rounds.
const (
	manySamples  = 100_000
	scrollRounds = 10
)

// scrolling opens many pictures and scrolls through them by the wheel at once, while
// they are looked over.
func scrolling(ctx context.Context, b *bench) (rows [][]string, err error) {
	data := filepath.Join(b.work, "many")
	pictures, err := writeMany(data)
	if err != nil {
		return nil, err
	}
	w, err := openProgram(ctx, b, filepath.Join(b.work, "scrolled"), "[window]\nwidth = 1280\nheight = 800\n", "frames")
	if err != nil {
		return nil, err
	}
	defer w.close()
	time.Sleep(2 * time.Second) // the window comes to rest
	if err := w.palette(ctx, pictures); err != nil {
		return nil, err
	}
	var c windowCounters
	err = until(ctx, time.Minute, func() bool {
		c, err = w.counters(ctx)
		return err == nil && c.PictureMS > 0
	})
	if err != nil {
		return nil, fmt.Errorf("no picture of %d comes: %w", manySamples, err)
	}
	var frames, work []float64
	for range scrollRounds {
		turned, err := w.wheel(ctx)
		if err != nil {
			return nil, err
		}
		frames, work = append(frames, turned.FrameMS), append(work, turned.FrameCPU)
	}
	worst := slices.Max(frames)
	ms := func(v float64) string { return fmt.Sprintf("%.1f ms", v) }
	return [][]string{
		{"window on screen after the start", ms(c.ShownMS), "≤ 1,000 ms", verdict(c.ShownMS <= 1000)},
		{"first picture of 100,000", ms(c.PictureMS), "≤ 300 ms", verdict(c.PictureMS <= 300)},
		{"longest frame while scrolling through them", fmt.Sprintf("%s on the wall (%d rounds of 40 turns: %s), %s of the UI thread's work", ms(worst), scrollRounds, listed(frames, ms), ms(slices.Max(work))), "≤ 50 ms", verdict(worst <= 50)},
	}, nil
}

// listed is every value, in the order of measuring.
func listed(values []float64, show func(float64) string) string {
	var words []string
	for _, v := range values {
		words = append(words, show(v))
	}
	return strings.Join(words, ", ")
}

// wheel turns the wheel over the samples forty times, and tells what was counted.
func (w *openedWindow) wheel(ctx context.Context) (windowCounters, error) {
	if err := w.do(ctx, "mousemove", "500", "400"); err != nil {
		return windowCounters{}, err
	}
	time.Sleep(500 * time.Millisecond)
	if _, err := w.counters(ctx); err != nil {
		return windowCounters{}, err
	}
	if err := w.do(ctx, "click", "--repeat", "40", "--delay", "25", "5"); err != nil {
		return windowCounters{}, err
	}
	return w.counters(ctx)
}

// writeMany writes an IDX pair of random pictures and returns the pictures' path.
func writeMany(dir string) (string, error) {
	const side = 28
	r := rand.New(rand.NewPCG(1, 2))
	pixels, labels := make([]byte, manySamples*side*side), make([]byte, manySamples)
	for i := range labels {
		labels[i] = byte(i % 10)
	}
	for i := range pixels {
		pixels[i] = byte(r.Uint32() >> 26 * uint32(labels[i/(side*side)]))
	}
	pictures := filepath.Join(dir, "train-images-idx3-ubyte")
	return pictures, errors.Join(os.MkdirAll(dir, 0o755),
		writeIDX(pictures, pixels, 0x803, manySamples, side, side),
		writeIDX(filepath.Join(dir, "train-labels-idx1-ubyte"), labels, 0x801, manySamples))
}

func writeIDX(path string, content []byte, header ...uint32) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	if err := binary.Write(w, binary.BigEndian, header); err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return err
	}
	return w.Flush()
}
