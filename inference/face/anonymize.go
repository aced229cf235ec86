package face

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"athanor/inference/vision"
)

// AnonymizeConfig says what to make anonymous and where to write it.
type AnonymizeConfig struct {
	Source string // a picture, a folder or a video
	Out    string // the file to write; for a folder, a folder
	Hider  Hider
	// Progress is told how many of how many frames are done, 0 of 0 when the
	// number is unknown; a video is gone through twice. It may be nil.
	Progress func(done, total int)
}

// Anonymized is what became of it.
type Anonymized struct {
	Frames  int // pictures or frames written
	Faces   int // faces hidden, in all frames together
	Again   int // times that a hidden face was still found and hidden more strongly
	Skipped []error
	Sound   string // of a video: kept, none, or why it was not kept
}

// ErrSame says that a result would overwrite its source.
var ErrSame = errors.New("the result would overwrite the original")

// Anonymize writes a copy in which no detector finds the faces it found before.
// Metadata (EXIF, GPS, titles) is not copied. Nothing but Out is written.
func Anonymize(ctx context.Context, cfg AnonymizeConfig) (Anonymized, error) {
	kind, err := vision.KindOf(cfg.Source)
	if err != nil {
		return Anonymized{}, err
	}
	if cfg.Progress == nil {
		cfg.Progress = func(int, int) {}
	}
	if err := different(cfg.Source, cfg.Out); err != nil {
		return Anonymized{}, err
	}
	switch kind {
	case vision.KindPicture:
		return anonymizePicture(ctx, cfg)
	case vision.KindFolder:
		return anonymizeFolder(ctx, cfg)
	case vision.KindVideo:
		return anonymizeVideo(ctx, cfg)
	default:
		return Anonymized{}, fmt.Errorf("anonymise %s: %w: record a camera or stream first, then anonymise the file", cfg.Source, vision.ErrUnsupported)
	}
}

func different(source, out string) error {
	if out == "" {
		return fmt.Errorf("anonymise: no place to write to is given")
	}
	a, errA := os.Stat(source)
	b, errB := os.Stat(out)
	if errA == nil && errB == nil && os.SameFile(a, b) {
		return fmt.Errorf("anonymise %s: %w; choose another name", source, ErrSame)
	}
	return nil
}

func anonymizePicture(ctx context.Context, cfg AnonymizeConfig) (Anonymized, error) {
	var a Anonymized
	err := a.picture(ctx, &cfg.Hider, cfg.Source, cfg.Out)
	cfg.Progress(1, 1)
	return a, err
}

// picture anonymises one file.
func (a *Anonymized) picture(ctx context.Context, h *Hider, from, to string) error {
	f, err := vision.ReadPicture(from)
	if err != nil {
		return err
	}
	faces, err := h.Find(ctx, f)
	if err != nil {
		return fmt.Errorf("find faces in %s: %w", from, err)
	}
	again, err := h.Hide(ctx, f, boxesOf(faces))
	if err != nil {
		return fmt.Errorf("hide faces in %s: %w", from, err)
	}
	if err := vision.WritePicture(to, f); err != nil {
		return err
	}
	a.Frames, a.Faces, a.Again = a.Frames+1, a.Faces+len(faces), a.Again+again
	return nil
}

func boxesOf(faces []Face) []Box {
	boxes := make([]Box, len(faces))
	for i, f := range faces {
		boxes[i] = f.Box
	}
	return boxes
}

// anonymizeFolder keeps the folder's tree; pictures in other formats become
// PNG, and those that cannot be read are skipped and named.
func anonymizeFolder(ctx context.Context, cfg AnonymizeConfig) (Anonymized, error) {
	var a Anonymized
	paths, err := vision.PicturesIn(cfg.Source)
	if err != nil {
		return a, err
	}
	for i, path := range paths {
		if err := ctx.Err(); err != nil {
			return a, err
		}
		rel, err := filepath.Rel(cfg.Source, path)
		if err != nil {
			return a, fmt.Errorf("anonymise %s: %w", path, err)
		}
		to := filepath.Join(cfg.Out, rel)
		if ext := strings.ToLower(filepath.Ext(to)); ext != ".jpg" && ext != ".jpeg" && ext != ".png" {
			to += ".png"
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return a, fmt.Errorf("anonymise: %w", err)
		}
		if err := a.picture(ctx, &cfg.Hider, path, to); err != nil {
			if ctx.Err() != nil {
				return a, ctx.Err()
			}
			a.Skipped = append(a.Skipped, err)
		}
		cfg.Progress(i+1, len(paths))
	}
	return a, nil
}

// anonymizeVideo goes through the video twice: first it follows every face from
// its first to its last frame, then it hides them, the frames in which a
// detector missed one included.
func anonymizeVideo(ctx context.Context, cfg AnonymizeConfig) (Anonymized, error) {
	var a Anonymized
	total := 0
	boxes, info, err := follow(ctx, cfg, &total)
	if err != nil {
		return a, err
	}
	ext := filepath.Ext(cfg.Out)
	tmp := filepath.Join(filepath.Dir(cfg.Out), fmt.Sprintf(".athanor-%d%s", time.Now().UnixNano(), ext))
	defer os.Remove(tmp)
	src, err := vision.Open(ctx, cfg.Source, vision.OpenConfig{})
	if err != nil {
		return a, err
	}
	defer src.Close()
	if err := a.rewrite(ctx, cfg, src, tmp, info, boxes); err != nil {
		return a, err
	}
	a.Sound, err = addSound(ctx, tmp, cfg.Source)
	if err != nil {
		return a, err
	}
	if err := os.Rename(tmp, cfg.Out); err != nil {
		return a, fmt.Errorf("write %s: %w", cfg.Out, err)
	}
	return a, nil
}

// eachFrame calls do for every frame of a video. A video that is cut off ends
// where it is cut.
func eachFrame(ctx context.Context, src vision.Source, do func(*vision.Frame) error) error {
	for n := 0; ; n++ {
		f, err := src.Next(ctx)
		if errors.Is(err, io.EOF) || n > 0 && errors.Is(err, vision.ErrBroken) {
			return nil
		}
		if err == nil {
			err = do(f)
		}
		if err != nil {
			return err
		}
	}
}

// follow returns for every frame the boxes to hide.
func follow(ctx context.Context, cfg AnonymizeConfig, total *int) ([][]Box, vision.SourceInfo, error) {
	src, err := vision.Open(ctx, cfg.Source, vision.OpenConfig{})
	if err != nil {
		return nil, vision.SourceInfo{}, err
	}
	defer src.Close()
	info := src.Info()
	*total = info.Frames
	var paths pathRecorder
	tracker := NewTracker(TrackConfig{Confirm: 1, Hold: time.Second})
	step := time.Duration(float64(time.Second) / cmp.Or(info.FPS, 25))
	err = eachFrame(ctx, src, func(f *vision.Frame) error {
		faces, err := cfg.Hider.Find(ctx, f)
		if err != nil {
			return err
		}
		tracker.Update(time.Duration(f.Index)*step, faces)
		paths.add(faces)
		cfg.Progress(int(f.Index)+1, 2*info.Frames)
		return nil
	})
	return paths.fill(int(time.Second/step) / 2), info, err
}

// rewrite draws the second pass into a file.
func (a *Anonymized) rewrite(ctx context.Context, cfg AnonymizeConfig, src vision.Source, to string, info vision.SourceInfo, boxes [][]Box) (err error) {
	out, err := vision.CreateVideo(to, cmp.Or(info.FPS, 25), info.W, info.H)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	return eachFrame(ctx, src, func(f *vision.Frame) error {
		if int(f.Index) >= len(boxes) {
			return fmt.Errorf("anonymise %s: the video has more frames than a moment ago; it is being written", cfg.Source)
		}
		again, err := cfg.Hider.Hide(ctx, f, boxes[f.Index])
		if err != nil {
			return err
		}
		a.Frames, a.Faces, a.Again = a.Frames+1, a.Faces+len(boxes[f.Index]), a.Again+again
		cfg.Progress(info.Frames+a.Frames, 2*info.Frames)
		return out.Write(f)
	})
}
