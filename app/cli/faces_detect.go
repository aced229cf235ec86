package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"athanor/inference/face"
	"athanor/inference/vision"
)

// frameFaces is one line of `athanor faces --json`.
type frameFaces struct {
	Source   string     `json:"source"`
	Frame    int64      `json:"frame"`
	TimeMS   float64    `json:"time_ms"`
	Width    int        `json:"width"`
	Height   int        `json:"height"`
	Faces    []faceJSON `json:"faces"`
	DetectMS float64    `json:"detect_ms"`
	Detector string     `json:"detector,omitempty"` // where several run
}

type faceJSON struct {
	X         float32      `json:"x"`
	Y         float32      `json:"y"`
	W         float32      `json:"w"`
	H         float32      `json:"h"`
	Score     float32      `json:"score"`
	Landmarks [][2]float32 `json:"landmarks"`
	Track     int          `json:"track"`
}

// detectRun is the state of one `athanor faces` without score and anonymise.
type detectRun struct {
	cmd       *cobra.Command
	flags     facesFlags
	detectors []face.Detector
	read, bad int
}

func runDetect(cmd *cobra.Command, sources []string, detectors []face.Detector, f facesFlags) error {
	if f.draw != "" {
		if err := os.MkdirAll(f.draw, 0o755); err != nil {
			return fmt.Errorf("make the folder for pictures with boxes: %w", err)
		}
	}
	r := &detectRun{cmd: cmd, flags: f, detectors: detectors}
	for _, spec := range sources {
		if err := r.source(cmd.Context(), spec); err != nil {
			if len(sources) == 1 || cmd.Context().Err() != nil {
				return stopped(cmd.Context(), err)
			}
			r.skip(err)
		}
	}
	if r.read == 0 && r.bad > 0 {
		return fmt.Errorf("none of the pictures could be read: %w", vision.ErrUnsupported)
	}
	return nil
}

// stopped turns Ctrl+C into a good end.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// skip tells about a file that cannot be read, and goes on.
func (r *detectRun) skip(err error) {
	r.bad++
	fmt.Fprintln(r.cmd.ErrOrStderr(), "skipped:", err)
}

// source goes through one source. Tracks are numbered within it.
func (r *detectRun) source(ctx context.Context, spec string) error {
	kind, err := vision.KindOf(spec)
	if err != nil {
		return err
	}
	next, end, err := frameReader(ctx, spec, kind)
	if err != nil {
		return err
	}
	defer end()
	trackers := make([]*face.Tracker, len(r.detectors))
	for i := range trackers {
		trackers[i] = face.NewTracker(face.TrackConfig{Confirm: 1})
	}
	faces, begin, n := 0, time.Now(), 0
	for ; r.flags.frames == 0 || n < r.flags.frames; n++ {
		frame, name, err := next()
		var one *vision.FrameError
		switch {
		case errors.Is(err, io.EOF):
			return r.total(kind, spec, n, faces, trackers[0].Total())
		case errors.As(err, &one):
			r.skip(err)
			continue
		case err != nil:
			return err
		}
		r.read++
		found, err := r.frame(ctx, frame, name, kind, trackers, begin)
		if err != nil {
			return err
		}
		faces += found
	}
	return r.total(kind, spec, n, faces, trackers[0].Total())
}

// frameReader returns a function that reads the next frame and its name, and
// one that ends the source. Cameras and streams are opened again when they break
// off.
func frameReader(ctx context.Context, spec string, kind vision.Kind) (func() (*vision.Frame, string, error), func(), error) {
	if kind.Live() {
		// the first opening says at once what is wrong
		src, err := vision.Open(ctx, spec, vision.OpenConfig{})
		if err != nil {
			return nil, nil, err
		}
		name := src.Info().Name
		_ = src.Close()
		feed, after := vision.Watch(ctx, vision.FeedConfig{Spec: spec}), int64(-1)
		next := func() (*vision.Frame, string, error) {
			f, err := feed.Next(ctx, after)
			if err == nil {
				after = f.Index
			}
			return f, name, err
		}
		return next, func() { _ = feed.Close() }, nil
	}
	src, err := vision.Open(ctx, spec, vision.OpenConfig{})
	if err != nil {
		return nil, nil, err
	}
	next := func() (*vision.Frame, string, error) {
		f, err := src.Next(ctx)
		if path := vision.PathOf(src); path != "" {
			return f, path, err
		}
		return f, spec, err
	}
	return next, func() { _ = src.Close() }, nil
}

// frame detects, tracks, tells and draws one frame; it returns how many faces
// the first detector found.
func (r *detectRun) frame(ctx context.Context, f *vision.Frame, name string, kind vision.Kind, trackers []*face.Tracker, begin time.Time) (int, error) {
	place := f.Pos
	if kind.Live() {
		place = f.Time.Sub(begin)
	}
	first := 0
	for i, d := range r.detectors {
		start := time.Now()
		faces, err := d.Detect(ctx, f, r.flags.params)
		if err != nil {
			return 0, fmt.Errorf("find faces in %s: %w", name, err)
		}
		took := time.Since(start)
		if kind == vision.KindVideo || kind.Live() {
			trackers[i].Update(place, faces)
		}
		if i == 0 {
			first = len(faces)
		}
		if err := r.tell(f, name, place, faces, took, d.Name()); err != nil {
			return 0, err
		}
		if err := r.drawn(f, name, kind, faces, d.Name()); err != nil {
			return 0, err
		}
	}
	return first, nil
}

func (r *detectRun) tell(f *vision.Frame, name string, place time.Duration, faces []face.Face, took time.Duration, detector string) error {
	out := r.cmd.OutOrStdout()
	if len(r.detectors) == 1 {
		detector = ""
	}
	if !r.flags.json {
		if detector != "" {
			detector = " by " + detector
		}
		fmt.Fprintf(out, "%s [%d]: %d faces%s, %.1f ms\n", name, f.Index, len(faces), detector, millis(took))
		return nil
	}
	scale := float32(f.Reduced)
	line := frameFaces{
		Source: name, Frame: f.Index, TimeMS: millis(place), Width: f.W * f.Reduced, Height: f.H * f.Reduced,
		Faces: make([]faceJSON, 0, len(faces)), DetectMS: millis(took), Detector: detector,
	}
	for _, one := range faces {
		b := one.Box.Scale(scale, scale)
		j := faceJSON{X: b.X, Y: b.Y, W: b.W, H: b.H, Score: one.Score, Track: one.Track, Landmarks: [][2]float32{}}
		for _, p := range one.Landmarks {
			j.Landmarks = append(j.Landmarks, [2]float32{p.X * scale, p.Y * scale})
		}
		line.Faces = append(line.Faces, j)
	}
	return json.NewEncoder(out).Encode(line)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// drawn writes the frame with boxes, when asked for.
func (r *detectRun) drawn(f *vision.Frame, name string, kind vision.Kind, faces []face.Face, detector string) error {
	if r.flags.draw == "" {
		return nil
	}
	base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	if kind.Live() {
		base = "frame"
	}
	if kind != vision.KindPicture && kind != vision.KindFolder {
		base = fmt.Sprintf("%s-%06d", base, f.Index)
	}
	if len(r.detectors) > 1 {
		base += "-" + detector
	}
	copied := f.Clone()
	if err := face.Draw(copied, faces); err != nil {
		return fmt.Errorf("draw faces of %s: %w", name, err)
	}
	return vision.WritePicture(r.free(base), copied)
}

// free returns a name in the drawing folder that nothing has yet: pictures from
// different folders may have the same.
func (r *detectRun) free(base string) string {
	path := filepath.Join(r.flags.draw, base+".jpg")
	for i := 2; ; i++ {
		if _, err := os.Lstat(path); err != nil {
			return path
		}
		path = filepath.Join(r.flags.draw, fmt.Sprintf("%s-%d.jpg", base, i))
	}
}

// total ends a source with one line for a person.
func (r *detectRun) total(kind vision.Kind, spec string, frames, faces, tracks int) error {
	if r.flags.json || kind == vision.KindPicture {
		return nil
	}
	out := r.cmd.OutOrStdout()
	if kind == vision.KindFolder {
		fmt.Fprintf(out, "%s: %d faces in %d pictures\n", spec, faces, frames)
		return nil
	}
	fmt.Fprintf(out, "%d frames, %d different faces\n", frames, tracks)
	return nil
}
