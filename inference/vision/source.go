package vision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Kind is what a source is.
type Kind string

// The kinds of source.
const (
	KindCamera  Kind = "camera"
	KindPicture Kind = "picture"
	KindFolder  Kind = "folder"
	KindVideo   Kind = "video"
	KindStream  Kind = "stream"
)

// Live tells whether frames of this kind come at their own time, whether or
// not somebody looks.
func (k Kind) Live() bool { return k == KindCamera || k == KindStream }

// SourceInfo describes an open source. Zero means unknown.
type SourceInfo struct {
	Name   string // what the person typed, without a password
	Kind   Kind
	W, H   int     // pixels of the first frame
	FPS    float64 // frames a second
	Frames int     // how many frames there are; for a folder, its files
}

// Source delivers frames one after the other. It is used by one goroutine,
// except that Close may be called from any and ends a waiting Next.
type Source interface {
	Info() SourceInfo
	// Next returns the next frame, io.EOF after the last. A frame that cannot
	// be read while later ones may (one bad file in a folder) is a *FrameError.
	Next(ctx context.Context) (*Frame, error)
	Close() error
}

// FrameError says that one frame is lost and the source goes on.
type FrameError struct {
	Name string // of the file
	Err  error
}

func (e *FrameError) Error() string { return fmt.Sprintf("%s: %v", e.Name, e.Err) }

// Unwrap returns the cause.
func (e *FrameError) Unwrap() error { return e.Err }

// OpenConfig holds the wishes for a source. The zero value is good.
type OpenConfig struct {
	W, H  int           // size asked of a camera; 640×480 when 0
	FPS   float64       // rate asked of a camera; 30 when 0
	Stall time.Duration // how long a camera or stream may send nothing; 5 s when 0
}

func (c OpenConfig) withDefaults() OpenConfig {
	if c.W <= 0 || c.H <= 0 {
		c.W, c.H = 640, 480
	}
	if c.FPS <= 0 {
		c.FPS = 30
	}
	if c.Stall <= 0 {
		c.Stall = 5 * time.Second
	}
	return c
}

// KindOf tells what a person's words mean: a number or /dev/video* is a
// camera, an address with rtsp, rtmp, http or https is a stream, a folder is a
// folder; a file is a picture when its first bytes say so and else a video.
func KindOf(spec string) (Kind, error) {
	if spec == "" {
		return "", fmt.Errorf("%w: no source given; name a camera (0), a picture, a folder, a video or an address", ErrEmpty)
	}
	if _, err := cameraIndex(spec); err == nil {
		return KindCamera, nil
	}
	if u, err := url.Parse(spec); err == nil && strings.Contains(spec, "://") {
		switch u.Scheme {
		case "http", "https", "rtsp", "rtsps", "rtmp":
			return KindStream, nil
		}
		return "", fmt.Errorf("%w: addresses start with http, https, rtsp or rtmp, not %s", ErrUnsupported, u.Scheme)
	}
	return fileKind(spec)
}

func fileKind(path string) (Kind, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s: no such file or folder; check the name", path)
	case err != nil:
		return "", fmt.Errorf("open %s: %w", path, err)
	case info.IsDir():
		return KindFolder, nil
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%w: %s is neither a file nor a folder", ErrUnsupported, path)
	case info.Size() == 0:
		return "", fmt.Errorf("%w: %s is an empty file", ErrEmpty, path)
	}
	return headKind(path)
}

// headKind reads enough of a file to tell pictures from videos. Formats that
// are refused count as pictures: their error message names them.
func headKind(path string) (Kind, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", path, err)
	}
	defer f.Close()
	head := make([]byte, 32)
	n, _ := f.Read(head)
	head = head[:n]
	if name := foreign(head); name != "" && name != "a video" {
		return KindPicture, nil
	}
	for _, magic := range []string{"\xFF\xD8\xFF", "\x89PNG\r\n\x1a\n", "GIF8", "BM", "II*\x00", "MM\x00*"} {
		if strings.HasPrefix(string(head), magic) {
			return KindPicture, nil
		}
	}
	if n >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP" {
		return KindPicture, nil
	}
	return KindVideo, nil
}

// cameraIndex reads a camera's number from "0" or "/dev/video0".
func cameraIndex(spec string) (int, error) {
	spec = strings.TrimPrefix(spec, "camera:")
	if rest, ok := strings.CutPrefix(filepath.Clean(spec), "/dev/video"); ok {
		spec = rest
	}
	n, err := strconv.Atoi(spec)
	if err != nil || n < 0 || n > 255 {
		return 0, fmt.Errorf("%q is not the number of a camera", spec)
	}
	return n, nil
}

// Open opens a camera, picture, folder, video or stream, see KindOf. Its errors
// say what happened and what to do.
func Open(ctx context.Context, spec string, cfg OpenConfig) (Source, error) {
	kind, err := KindOf(spec)
	if err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	switch kind {
	case KindCamera:
		return openCamera(ctx, spec, cfg)
	case KindStream:
		return openStream(ctx, spec, cfg)
	case KindFolder:
		return openFolder(spec)
	case KindPicture:
		return openPicture(spec)
	default:
		return openVideo(spec)
	}
}
