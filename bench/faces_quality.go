package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"athanor/inference/face"
	"athanor/inference/runtime"
	"athanor/inference/vision"
)

// quality scores every detector on dlib's nine photos with 43 boxes.
func (f *facesBench) quality(ctx context.Context, _ *bench) (table, error) {
	t := table{head: []string{"dlib's 9 photos, IoU 0.4", "hits of faces", "false alarms", "AP", "faces found in apple, orange, road"}}
	file, err := os.Open(filepath.Join(f.data, "images", "dlib", "boxes.csv"))
	if err != nil {
		return t, err
	}
	defer file.Close()
	truths, err := face.ReadBoxes(file)
	if err != nil {
		return t, err
	}
	haar, err := face.NewHaar("haar")
	if err != nil {
		return t, err
	}
	defer haar.Close()
	ultra, err := face.OpenModel(filepath.Join(f.data, "models", "version-RFB-320_simplified.onnx"), runtime.Options{Threads: f.threads})
	if err != nil {
		return t, err
	}
	defer ultra.Close()
	for _, r := range []struct {
		name  string
		find  func(path string) ([]face.Face, error)
		least float32
	}{
		{"Haar as in the article, minNeighbors 1, from 20 px", with(ctx, haar, face.Params{MinSize: 20, Neighbors: 1, Plain: true}), 0},
		{"Haar with the second look, from 20 px", with(ctx, haar, face.Params{MinSize: 20, Neighbors: 1, Confidence: 0.02}), 0.5},
		{"YuNet", with(ctx, f.yunet, face.Params{Confidence: 0.02}), 0.7},
		{"YuNet by OpenCV", func(path string) ([]face.Face, error) {
			faces, _, err := f.peer.ask(ynAsk{Path: path, Confidence: 0.02, Repeat: 1})
			return faces, err
		}, 0.7},
		{"UltraFace", with(ctx, ultra, face.Params{Confidence: 0.02}), 0.7},
	} {
		row, err := f.scoreRow(truths, r.find, r.least)
		if err != nil {
			return t, err
		}
		t.rows = append(t.rows, append([]string{r.name}, row...))
	}
	return t, nil
}

func with(ctx context.Context, d face.Detector, p face.Params) func(string) ([]face.Face, error) {
	return func(path string) ([]face.Face, error) {
		frame, err := vision.ReadPicture(path)
		if err != nil {
			return nil, err
		}
		return d.Detect(ctx, frame, p)
	}
}

func (f *facesBench) scoreRow(truths []face.Truth, find func(string) ([]face.Face, error), least float32) ([]string, error) {
	var finds [][]face.Face
	for _, truth := range truths {
		faces, err := find(filepath.Join(f.data, "images", "dlib", truth.Name))
		if err != nil {
			return nil, err
		}
		finds = append(finds, faces)
	}
	fruit := 0
	for _, name := range []string{"apple.jpg", "orange.jpg", "road.jpg"} {
		faces, err := find(filepath.Join(f.data, "images", "opencv", name))
		if err != nil {
			return nil, err
		}
		for _, one := range faces {
			if one.Score >= least {
				fruit++
			}
		}
	}
	q := face.Measure(truths, finds, 0.4, least)
	return []string{fmt.Sprintf("%d of %d", q.Hits, q.Truths), strconv.Itoa(q.FalseAlarms), fmt.Sprintf("%.3f", q.AP), strconv.Itoa(fruit)}, nil
}

// anonymous makes the clip anonymous in each style and counts the faces that a
// detector finds where it found one before.
func anonymous(ctx context.Context, b *bench) (section, error) {
	data := filepath.Join(b.mnist, "..", "faces")
	detectors, err := face.OpenAll(face.OpenConfig{
		Models:  []string{filepath.Join(data, "models", yunetModel), filepath.Join(data, "models", "version-RFB-320_simplified.onnx")},
		Options: runtime.Options{Threads: b.threads},
	})
	if err != nil {
		return section{}, err
	}
	defer func() {
		for _, d := range detectors {
			_ = d.Close()
		}
	}()
	t := table{head: []string{"Style"}}
	for _, d := range detectors {
		t.head = append(t.head, d.Name()+": before, after")
	}
	source := filepath.Join(data, "video", "short_hamilton_clip.mp4")
	for _, style := range []vision.Style{vision.Blur, vision.Pixelate, vision.Solid} {
		out := filepath.Join(b.work, string(style)+".mp4")
		if _, err := face.Anonymize(ctx, face.AnonymizeConfig{Source: source, Out: out, Hider: face.Hider{Style: style, Detectors: detectors}}); err != nil {
			return section{}, err
		}
		row := []string{string(style)}
		for _, d := range detectors {
			cell, err := beforeAfter(ctx, d, source, out)
			if err != nil {
				return section{}, err
			}
			row = append(row, cell)
		}
		t.rows = append(t.rows, row)
	}
	return section{
		title: "Anonymised clip", tables: []table{t},
		text: "Faces that each detector finds in the 275 frames of the clip, and those of them that it still finds in the anonymised one.",
	}, nil
}

// beforeAfter counts a detector's faces in a video, and those of them it still
// finds in the other.
func beforeAfter(ctx context.Context, d face.Detector, before, after string) (string, error) {
	a, err := vision.Open(ctx, before, vision.OpenConfig{})
	if err != nil {
		return "", err
	}
	defer a.Close()
	b, err := vision.Open(ctx, after, vision.OpenConfig{})
	if err != nil {
		return "", err
	}
	defer b.Close()
	had, left := 0, 0
	for {
		was, err := next(ctx, d, a)
		if errors.Is(err, io.EOF) {
			return fmt.Sprintf("%d, %d", had, left), nil
		}
		if err != nil {
			return "", err
		}
		is, err := next(ctx, d, b)
		if err != nil {
			return "", err
		}
		had += len(was)
		for _, w := range was {
			for _, i := range is {
				if face.IoU(w.Box, i.Box) > 0.2 {
					left++
					break
				}
			}
		}
	}
}

func next(ctx context.Context, d face.Detector, src vision.Source) ([]face.Face, error) {
	f, err := src.Next(ctx)
	if err != nil {
		return nil, err
	}
	return d.Detect(ctx, f, face.Params{})
}
