package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"athanor/inference/face"
	"athanor/inference/vision"
)

// scoreJSON is one line of `athanor faces --score --json`.
type scoreJSON struct {
	Detector    string  `json:"detector"`
	Pictures    int     `json:"pictures"`
	Truths      int     `json:"truths"`
	Finds       int     `json:"finds"`
	Hits        int     `json:"hits"`
	FalseAlarms int     `json:"false_alarms"`
	Precision   float64 `json:"precision"`
	Recall      float64 `json:"recall"`
	AP          float64 `json:"ap"`
	IoU         float32 `json:"iou"`
	Confidence  float32 `json:"confidence"`
}

// runScore compares detectors with true boxes. A picture is known by its file's
// name, a frame of a video by its number.
func runScore(cmd *cobra.Command, sources []string, detectors []face.Detector, f facesFlags) error {
	file, err := os.Open(f.score)
	if err != nil {
		return fmt.Errorf("open true boxes: %w", err)
	}
	defer file.Close()
	truths, err := face.ReadBoxes(file)
	if err != nil {
		return fmt.Errorf("%s: %w", f.score, err)
	}
	s := &scoring{truths: map[string]face.Truth{}, detectors: detectors, params: f.params, finds: make([][][]face.Face, len(detectors))}
	for _, t := range truths {
		s.truths[filepath.Base(t.Name)] = t
	}
	for _, spec := range sources {
		if err := s.source(cmd.Context(), spec, cmd.ErrOrStderr()); err != nil {
			return err
		}
	}
	if len(s.seen) == 0 {
		return fmt.Errorf("none of the pictures is named in %s; its column image holds file names, or frame numbers of a video", f.score)
	}
	return s.report(cmd.OutOrStdout(), f)
}

type scoring struct {
	truths    map[string]face.Truth
	detectors []face.Detector
	params    face.Params
	seen      []face.Truth
	finds     [][][]face.Face // by detector, then as seen
}

func (s *scoring) source(ctx context.Context, spec string, errOut io.Writer) error {
	src, err := vision.Open(ctx, spec, vision.OpenConfig{})
	if err != nil {
		return err
	}
	defer src.Close()
	for {
		f, err := src.Next(ctx)
		var one *vision.FrameError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &one):
			fmt.Fprintln(errOut, "skipped:", err)
			continue
		case err != nil:
			return err
		}
		name := filepath.Base(vision.PathOf(src))
		if vision.PathOf(src) == "" {
			name = strconv.FormatInt(f.Index, 10)
		}
		if truth, ok := s.truths[name]; ok {
			if err := s.picture(ctx, f, truth); err != nil {
				return fmt.Errorf("find faces in %s: %w", name, err)
			}
		}
	}
}

// picture runs all detectors with almost no least score, for the whole curve.
func (s *scoring) picture(ctx context.Context, f *vision.Frame, truth face.Truth) error {
	s.seen = append(s.seen, truth)
	p := s.params
	p.Confidence = 0.02
	for i, d := range s.detectors {
		faces, err := d.Detect(ctx, f, p)
		if err != nil {
			return err
		}
		for k := range faces {
			faces[k].Box = faces[k].Box.Scale(float32(f.Reduced), float32(f.Reduced))
		}
		s.finds[i] = append(s.finds[i], faces)
	}
	return nil
}

func (s *scoring) report(out io.Writer, f facesFlags) error {
	encoder := json.NewEncoder(out)
	if !f.json {
		fmt.Fprintf(out, "%-10s %8s %6s %6s %12s %10s %7s %7s\n", "detector", "pictures", "faces", "hits", "false alarms", "precision", "recall", "AP")
	}
	for i, d := range s.detectors {
		confidence := f.params.Confidence
		if confidence == 0 {
			confidence = d.Defaults().Confidence
		}
		q := face.Measure(s.seen, s.finds[i], f.iou, confidence)
		if !f.json {
			fmt.Fprintf(out, "%-10s %8d %6d %6d %12d %10.3f %7.3f %7.3f\n", d.Name(), len(s.seen), q.Truths, q.Hits, q.FalseAlarms, q.Precision, q.Recall, q.AP)
			continue
		}
		err := encoder.Encode(scoreJSON{
			Detector: d.Name(), Pictures: len(s.seen), Truths: q.Truths, Finds: q.Finds, Hits: q.Hits, FalseAlarms: q.FalseAlarms,
			Precision: q.Precision, Recall: q.Recall, AP: q.AP, IoU: f.iou, Confidence: confidence,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
