package face

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"athanor/inference/vision"
)

// scoreLeast is the confidence from which finds enter the precision-recall curve.
const scoreLeast = 0.02

// ErrNoTruth says that none of the pictures has true boxes.
var ErrNoTruth = errors.New("no true boxes for these pictures")

// ScoreConfig says which detectors are compared with which true boxes.
type ScoreConfig struct {
	Sources   []string // pictures, folders, videos
	Truths    []Truth
	Detectors []Detector
	Params    []Params // of each detector; missing ones are zero
	IoU       float32  // least overlap of a hit; 0.4 when 0
	// Progress is told how many of how many pictures with true boxes are done, and
	// Skipped of pictures that cannot be read. Both may be nil.
	Progress func(done, total int)
	Skipped  func(error)
}

// Scored is how one detector did.
type Scored struct {
	Quality
	Detector   string
	Pictures   int
	Confidence float32 // at which precision and recall were counted
	Took       time.Duration
}

// Score runs all detectors on the pictures and frames that have true boxes. A
// picture is known by its file's name, a frame of a video by its number.
func Score(ctx context.Context, cfg ScoreConfig) ([]Scored, error) {
	s := &scoring{cfg: cfg, truths: map[string]Truth{}, finds: make([][][]Face, len(cfg.Detectors)), took: make([]time.Duration, len(cfg.Detectors))}
	if s.cfg.IoU == 0 {
		s.cfg.IoU = 0.4
	}
	for _, t := range cfg.Truths {
		s.truths[filepath.Base(t.Name)] = t
	}
	for _, spec := range cfg.Sources {
		if err := s.source(ctx, spec); err != nil {
			return nil, err
		}
	}
	if len(s.seen) == 0 {
		return nil, fmt.Errorf("score detectors: %w", ErrNoTruth)
	}
	return s.report(), nil
}

type scoring struct {
	cfg    ScoreConfig
	truths map[string]Truth
	seen   []Truth
	finds  [][][]Face // by detector, then as seen
	took   []time.Duration
}

func (s *scoring) source(ctx context.Context, spec string) error {
	return eachPicture(ctx, spec, s.cfg.Skipped, func(name string, f *vision.Frame) error {
		truth, ok := s.truths[name]
		if !ok {
			return nil
		}
		if err := s.picture(ctx, f, truth); err != nil {
			return fmt.Errorf("find faces in %s: %w", name, err)
		}
		if s.cfg.Progress != nil {
			s.cfg.Progress(len(s.seen), len(s.truths))
		}
		return nil
	})
}

// eachPicture calls see with every frame of a source and the name that a table of
// boxes has for it; frames that cannot be read are told to skipped.
func eachPicture(ctx context.Context, spec string, skipped func(error), see func(name string, f *vision.Frame) error) error {
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
			if skipped != nil {
				skipped(err)
			}
			continue
		case err != nil:
			return err
		}
		name := filepath.Base(vision.PathOf(src))
		if vision.PathOf(src) == "" {
			name = strconv.FormatInt(f.Index, 10)
		}
		if err := see(name, f); err != nil {
			return err
		}
	}
}

// picture runs all detectors with almost no least score, for the whole curve.
func (s *scoring) picture(ctx context.Context, f *vision.Frame, truth Truth) error {
	s.seen = append(s.seen, truth)
	for i, d := range s.cfg.Detectors {
		p := s.params(i)
		p.Confidence = scoreLeast
		begin := time.Now()
		faces, err := d.Detect(ctx, f, p)
		if err != nil {
			return err
		}
		s.took[i] += time.Since(begin)
		for k := range faces {
			faces[k].Box = faces[k].Box.Scale(float32(f.Reduced), float32(f.Reduced))
		}
		s.finds[i] = append(s.finds[i], faces)
	}
	return nil
}

func (s *scoring) params(i int) Params {
	if i < len(s.cfg.Params) {
		return s.cfg.Params[i]
	}
	return Params{}
}

func (s *scoring) report() []Scored {
	var list []Scored
	for i, d := range s.cfg.Detectors {
		confidence := s.params(i).or(d.Defaults()).Confidence
		list = append(list, Scored{
			Quality: Measure(s.seen, s.finds[i], s.cfg.IoU, confidence), Detector: d.Name(),
			Pictures: len(s.seen), Confidence: confidence, Took: s.took[i] / time.Duration(len(s.seen)),
		})
	}
	return list
}

// labelSide is the longest side of a picture that is shown for drawing boxes.
const labelSide = 1280

// Labelling is a picture or frame to draw true boxes on.
type Labelling struct {
	Name  string        // as a table of boxes names it
	Frame *vision.Frame // shrunk to at most 1280 pixels
	Scale float32       // boxes in pixels of Frame times Scale are those of the file
}

// Pick takes at most most pictures of a source for drawing true boxes on, spread
// evenly over it; those that cannot be read are left out. The source is read once
// from start to end. most must be positive.
func Pick(ctx context.Context, spec string, most int) ([]Labelling, error) {
	kind, err := vision.KindOf(spec)
	if err != nil {
		return nil, err
	}
	if kind.Live() {
		return nil, fmt.Errorf("draw boxes on %s: %w: record a camera or stream first", spec, vision.ErrUnsupported)
	}
	var list []Labelling
	step, n := 1, 0
	err = eachPicture(ctx, spec, nil, func(name string, f *vision.Frame) error {
		n++
		if (n-1)%step != 0 {
			return nil
		}
		if len(list) == most { // twice as far apart from here on
			list, step = everySecond(list), 2*step
			if (n-1)%step != 0 {
				return nil
			}
		}
		one, err := labelling(name, f)
		list = append(list, one)
		return err
	})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("draw boxes on %s: %w: no picture in it can be read", spec, vision.ErrEmpty)
	}
	return list, err
}

func everySecond(list []Labelling) []Labelling {
	kept := list[:0]
	for i := 0; i < len(list); i += 2 {
		kept = append(kept, list[i])
	}
	clear(list[len(kept):])
	return kept
}

func labelling(name string, f *vision.Frame) (Labelling, error) {
	one := Labelling{Name: name, Frame: f, Scale: float32(max(1, f.Reduced))}
	if w, h := fitSide(f.W, f.H, labelSide); w < f.W {
		small, err := f.Resize(w, h)
		if err != nil {
			return one, err
		}
		one.Frame, one.Scale = small, one.Scale*float32(f.W)/float32(w)
	}
	return one, nil
}
