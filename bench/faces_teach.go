package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"math"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"time"

	"athanor/inference/face"
	"athanor/inference/vision"
)

// teachPictures is how many pictures of a class are captured, and teachUnseen
// how many later frames are asked about.
const (
	teachPictures = 100
	teachUnseen   = 60
)

// teach goes the whole way of "Teach with the webcam": three streams are shown
// to a live session one after the other and captured, the small residual network
// is trained on the captured folder, and asked about later frames of the streams.
func teach(ctx context.Context, b *bench) (section, error) {
	data, unseen := filepath.Join(b.work, "captured"), filepath.Join(b.work, "unseen")
	captured, err := captureStreams(ctx, filepath.Join(b.mnist, "..", "faces"), data, unseen)
	if err != nil {
		return section{}, err
	}
	run := filepath.Join(b.work, "teach")
	begin := time.Now()
	train := exec.CommandContext(ctx, b.athanor, "train", filepath.Join(b.root, "recipes", "webcam-resnet.toml"), "--data", data, "--out", run, "--json")
	if out, err := train.CombinedOutput(); err != nil {
		return section{}, fmt.Errorf("train: %w\n%s", err, tail(string(out)))
	}
	trained := time.Since(begin)
	right, asked, err := askUnseen(ctx, b.athanor, run, unseen)
	if err != nil {
		return section{}, err
	}
	return section{
		title: "Teach with the webcam",
		text:  "Three MJPEG streams on loopback (the clip, and a moving camera over two photos), captured live, trained from nothing by recipes/webcam-resnet.toml.",
		tables: []table{{
			head: []string{"pictures", "captured in", "trained in", "right on later, unseen frames"},
			rows: [][]string{{
				fmt.Sprintf("3 × %d", teachPictures), fmt.Sprintf("%.1f s", captured.Seconds()), fmt.Sprintf("%.1f s", trained.Seconds()),
				fmt.Sprintf("%d of %d (%.1f %%)", right, asked, 100*float64(right)/float64(asked)),
			}},
		}},
	}, nil
}

// captureStreams plays the first part of each stream to a live session, captures
// it, and keeps the second part as unseen frames. It returns the time of the capture.
func captureStreams(ctx context.Context, faces, data, unseen string) (time.Duration, error) {
	c, err := face.OpenCapture(data)
	if err != nil {
		return 0, err
	}
	later, err := face.OpenCapture(unseen)
	if err != nil {
		return 0, err
	}
	var spent time.Duration
	for class, scene := range map[string]func() ([]*vision.Frame, error){
		"people": func() ([]*vision.Frame, error) {
			return clipFrames(ctx, filepath.Join(faces, "video", "short_hamilton_clip.mp4"))
		},
		"couple": func() ([]*vision.Frame, error) {
			return panFrames(filepath.Join(faces, "images", "two_people.jpg"), 260)
		},
		"road": func() ([]*vision.Frame, error) {
			return panFrames(filepath.Join(faces, "images", "opencv", "road.jpg"), 260)
		},
	} {
		frames, err := scene()
		if err != nil {
			return 0, err
		}
		begin := time.Now()
		if err := captureClass(ctx, c, class, frames[:180]); err != nil {
			return 0, err
		}
		spent += time.Since(begin)
		for _, f := range frames[200:min(len(frames), 200+teachUnseen)] {
			if _, err := later.Add(class, f); err != nil {
				return 0, err
			}
		}
	}
	return spent, nil
}

// captureClass holds the button until all pictures of a class are there.
func captureClass(ctx context.Context, c *face.Capture, class string, frames []*vision.Frame) error {
	srv := httptest.NewServer(mjpegOf(frames))
	defer srv.Close()
	defer srv.CloseClientConnections()
	haar, err := face.NewHaar("haar")
	if err != nil {
		return err
	}
	defer haar.Close()
	l, err := face.StartLive(ctx, face.LiveConfig{
		Feed: vision.FeedConfig{Spec: srv.URL}, Detectors: []face.Detector{haar}, Params: []face.Params{{Side: 320}}, Budget: time.Millisecond,
	})
	if err != nil {
		return err
	}
	defer l.Close()
	return c.Burst(ctx, l, face.BurstConfig{Class: class, Max: teachPictures}, func(string, *vision.Frame) {})
}

// mjpegOf plays frames at 30 a second, over and over.
func mjpegOf(frames []*vision.Frame) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=frame")
		tick := time.NewTicker(time.Second / 30)
		defer tick.Stop()
		for i := 0; r.Context().Err() == nil; i++ {
			data, err := vision.EncodeJPEG(frames[i%len(frames)], 90)
			if err != nil {
				return
			}
			if _, err := fmt.Fprintf(w, "--frame\r\nContent-Type: image/jpeg\r\n\r\n%s\r\n", data); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			<-tick.C
		}
	}
}

func clipFrames(ctx context.Context, path string) ([]*vision.Frame, error) {
	src, err := vision.Open(ctx, path, vision.OpenConfig{})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	var list []*vision.Frame
	for len(list) < 260 {
		f, err := src.Next(ctx)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// panFrames moves a camera over a photo, near and far, in changing light.
func panFrames(path string, n int) ([]*vision.Frame, error) {
	photo, err := vision.ReadPicture(path)
	if err != nil {
		return nil, err
	}
	var list []*vision.Frame
	for i := range n {
		t := float64(i)
		zoom := 0.65 + 0.25*math.Sin(t/31)
		w, h := int(float64(photo.W)*zoom), int(float64(photo.H)*zoom)
		x := int(float64(photo.W-w) * (0.5 + 0.5*math.Sin(t/23)))
		y := int(float64(photo.H-h) * (0.5 + 0.5*math.Cos(t/17)))
		f, err := photo.Crop(image.Rect(x, y, x+w, y+h)).Resize(640, 360)
		if err != nil {
			return nil, err
		}
		light := 0.85 + 0.15*math.Sin(t/11)
		for k, v := range f.Pix {
			f.Pix[k] = byte(float64(v) * light)
		}
		list = append(list, f)
	}
	return list, nil
}

// askUnseen measures the trained model on the later frames.
func askUnseen(ctx context.Context, athanor, run, unseen string) (right, asked int, err error) {
	command := exec.CommandContext(ctx, athanor, "evaluate", filepath.Join(run, "model.onnx"), "--data", unseen, "--part", "", "--json")
	var told bytes.Buffer
	command.Stderr = &told
	out, err := command.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("evaluate: %w\n%s", err, tail(told.String()))
	}
	var report struct {
		Classification struct {
			Samples  int     `json:"samples"`
			Accuracy float64 `json:"accuracy"`
		} `json:"classification"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return 0, 0, fmt.Errorf("evaluate answers %q: %w", tail(string(out)), err)
	}
	return int(math.Round(report.Classification.Accuracy * float64(report.Classification.Samples))), report.Classification.Samples, nil
}
