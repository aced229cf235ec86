package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"athanor/app/training"
	"athanor/inference/model"
	"athanor/inference/vision"
	"athanor/pipeline/train"
	"athanor/ui/try"
)

// stroking draws a digit stroke by stroke, each of which is centred and judged.
func stroking(ctx context.Context, b *bench) ([]string, error) {
	path, err := b.mnistModel(ctx, "digits", "cnn")
	if err != nil {
		return nil, err
	}
	m, err := model.Open(path, model.Options{Threads: b.threads})
	if err != nil {
		return nil, err
	}
	defer m.Close()
	ink := image.NewGray(image.Rect(0, 0, 280, 280))
	r := rand.New(rand.NewPCG(3, 3))
	x, y := float32(140), float32(140)
	var times []float64
	for range 200 {
		tox, toy := min(max(x+60*(r.Float32()-0.5), 20), 260), min(max(y+60*(r.Float32()-0.5), 20), 260)
		began := time.Now()
		try.Line(ink, x, y, tox, toy)
		if _, err := m.Images(ctx, try.Centre(ink)); err != nil {
			return nil, err
		}
		times = append(times, float64(time.Since(began).Microseconds())/1000)
		x, y = tox, toy
	}
	slices.Sort(times)
	return []string{"a stroke to its answer", fmt.Sprintf("%.1f ms median, %.1f ms 99th percentile", median(times), times[len(times)*99/100]), "30 ms", verdict(times[len(times)*99/100] < 30)}, nil
}

// watching judges a camera with the small residual network at 96×96.
func watching(ctx context.Context, b *bench) ([]string, error) {
	data := filepath.Join(b.mnist, "..")
	out, err := training.Run(ctx, training.Request{Dir: filepath.Join(b.work, "residual"), Recipe: train.Recipe{
		Task: "image", Seed: 1, Threads: b.threads, Data: train.Data{Path: filepath.Join(data, "image-folder", "hymenoptera"), Size: 96},
		Model: train.Model{Name: "resnet"}, Train: train.Loop{Epochs: 1, Batch: 16},
	}}, func(train.Event) {})
	if err != nil {
		return nil, err
	}
	m, err := model.Open(out.Model, model.Options{Threads: b.threads})
	if err != nil {
		return nil, err
	}
	defer m.Close()
	address, stop, err := playCamera(ctx, filepath.Join(data, "faces", "video", "short_hamilton_clip.mp4"))
	if err != nil {
		return nil, err
	}
	defer stop()
	return judgeFor(ctx, m, address, 10*time.Second)
}

// judgeFor judges what a camera sends for a while.
func judgeFor(ctx context.Context, m *model.Model, address string, span time.Duration) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	feed := vision.Watch(ctx, vision.FeedConfig{Spec: address})
	defer feed.Close()
	var late, took []float64
	var began time.Time
	err := m.Watch(ctx, feed, func(s model.Seen) {
		if began.IsZero() {
			began = time.Now() // the camera is open
		}
		late, took = append(late, float64(time.Since(s.Frame.Time).Microseconds())/1000), append(took, float64(s.Took.Microseconds())/1000)
		if time.Since(began) > span {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || len(late) == 0 {
		return nil, fmt.Errorf("judge a camera: %w", err)
	}
	slices.Sort(late)
	fps := float64(len(late)-1) / time.Since(began).Seconds()
	return []string{
		"live pictures judged at 96×96", fmt.Sprintf("%.1f fps; arrival to answer %.1f ms median, %.1f ms 99th percentile, of which judging %.1f ms; %d dropped",
			fps, median(late), late[len(late)*99/100], median(took), feed.State().Dropped), "30 fps", verdict(fps >= 29.5),
	}, nil
}
