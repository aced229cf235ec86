package vision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"gocv.io/x/gocv"
)

// Camera is a camera of this machine.
type Camera struct {
	Index   int
	Path    string // for example /dev/video0
	Name    string // as its driver gives it
	Formats []CameraFormat
}

// CameraFormat is a picture size that a camera offers.
type CameraFormat struct {
	Code string  // four letters, for example MJPG or YUYV
	W, H int     // pixels
	FPS  float64 // the highest rate; 0 when the driver does not say
}

// Cameras lists the cameras of this machine by number. It is empty, without an
// error, where there is none.
func Cameras() ([]Camera, error) { return camerasIn("/dev") }

func camerasIn(dir string) ([]Camera, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "video*"))
	if err != nil {
		return nil, fmt.Errorf("list cameras: %w", err)
	}
	var list []Camera
	for _, path := range paths {
		var index int
		if _, err := fmt.Sscanf(filepath.Base(path), "video%d", &index); err != nil {
			continue
		}
		c, ok := queryCamera(path)
		if !ok {
			continue
		}
		c.Index, c.Path = index, path
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Camera) int { return cmp.Compare(a.Index, b.Index) })
	return list, nil
}

func openCamera(ctx context.Context, spec string, cfg OpenConfig) (Source, error) {
	index, err := cameraIndex(spec)
	if err != nil {
		return nil, err
	}
	path := fmt.Sprintf("/dev/video%d", index)
	if err := reachable(path); err != nil {
		return nil, err
	}
	info := SourceInfo{Name: spec, Kind: KindCamera}
	return openCapture(ctx, info, cfg.Stall, func() (*gocv.VideoCapture, error) { return startCamera(index, path, cfg) })
}

// reachable explains why a device cannot be opened before OpenCV fails on it
// without a word.
func reachable(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return cameraTrouble(path, err)
	}
	return f.Close()
}

// cameraTrouble says in words why a device cannot be opened.
func cameraTrouble(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w at %s: plug one in, or choose a picture, a folder, a video or an address instead", ErrNoCamera, path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("camera %s: %w: add yourself to the group video (sudo usermod -aG video $USER) and log in again", path, ErrDenied)
	case isBusy(err):
		return fmt.Errorf("camera %s: %w: close the program that shows it", path, ErrBusy)
	}
	return fmt.Errorf("camera %s: %w", path, err)
}

func startCamera(index int, path string, cfg OpenConfig) (*gocv.VideoCapture, error) {
	c, err := gocv.VideoCaptureDeviceWithAPI(index, gocv.VideoCaptureV4L2)
	if err != nil {
		if c != nil {
			_ = c.Close()
		}
		return nil, fmt.Errorf("camera %s: %w, or not a camera that takes pictures: close the program that shows it, or try the next number", path, ErrBusy)
	}
	// Motion JPEG first: most cameras reach 30 frames a second only with it.
	c.Set(gocv.VideoCaptureFOURCC, c.ToCodec("MJPG"))
	c.Set(gocv.VideoCaptureFrameWidth, float64(cfg.W))
	c.Set(gocv.VideoCaptureFrameHeight, float64(cfg.H))
	c.Set(gocv.VideoCaptureFPS, cfg.FPS)
	c.Set(gocv.VideoCaptureBufferSize, 1)
	return c, nil
}
