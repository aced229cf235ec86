package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// typing is what is typed into the Sentiment screen, a key every typedEvery.
const (
	typing     = "The room was clean and quiet but breakfast was cold and the staff did not care at all. "
	typedEvery = 200 // milliseconds, of which half with the key down: a quick typist
	typedTimes = 3
)

// keystrokesShown measures in the program itself, on a virtual display, how long the
// Sentiment screen takes from a key to the frame that shows the verdict with every
// word's share.
func keystrokesShown(ctx context.Context, b *bench) (shownTimes, error) {
	settings := fmt.Sprintf("language = \"en\"\nthreads = %d\n[window]\nwidth = 1280\nheight = 800\nview = \"sentiment\"\n", b.threads)
	w, err := openProgram(ctx, b, b.work+"/sentiment-window", settings, "1")
	if err != nil {
		return shownTimes{}, err
	}
	defer w.close()
	time.Sleep(3 * time.Second) // the models are opened
	if err := w.script(ctx, click(560, 240)+"key ctrl+a\nkey BackSpace\nsleep 0.5\ntype --delay 60 warm\nsleep 1\n"); err != nil {
		return shownTimes{}, err
	}
	if _, err := w.counters(ctx); err != nil {
		return shownTimes{}, err
	}
	keys := fmt.Sprintf("type --delay %d %q\nsleep 0.5\n", typedEvery, typing)
	if err := w.script(ctx, strings.Repeat(keys, typedTimes)); err != nil {
		return shownTimes{}, err
	}
	c, err := w.counters(ctx)
	if err != nil {
		return shownTimes{}, err
	}
	if c.Answers.Pictures < typedTimes*len(typing)*9/10 {
		return shownTimes{}, fmt.Errorf("the screen answered %d of %d keys", c.Answers.Pictures, typedTimes*len(typing))
	}
	return c.Answers, nil
}
