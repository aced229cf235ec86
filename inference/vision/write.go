package vision

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"

	"gocv.io/x/gocv"
)

// EncodeJPEG returns the frame as JPEG of a quality from 1 to 100, without any
// metadata.
func EncodeJPEG(f *Frame, quality int) ([]byte, error) {
	m, err := matOf(f)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if f.W > 65500 || f.H > 65500 {
		return nil, fmt.Errorf("JPEG of %d×%d pixels: %w", f.W, f.H, ErrTooLarge)
	}
	buf, err := gocv.IMEncodeWithParams(gocv.JPEGFileExt, m, []int{gocv.IMWriteJpegQuality, min(max(quality, 1), 100)})
	if err != nil {
		return nil, fmt.Errorf("encode JPEG: %w", err)
	}
	defer buf.Close()
	return bytes.Clone(buf.GetBytes()), nil
}

// WritePicture writes the frame as JPEG or PNG; the
// ending decides. The file appears whole or not at all, and holds
// no metadata.
func WritePicture(path string, f *Frame) error {
	var data []byte
	var err error
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".jpg", ".jpeg":
		data, err = EncodeJPEG(f, 92)
	case ".png":
		var b bytes.Buffer
		err = png.Encode(&b, f.RGBA(nil))
		data = b.Bytes()
	default:
		err = fmt.Errorf("%w: pictures are written as .jpg or .png, not %q", ErrUnsupported, ext)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return WriteFile(path, data)
}

// WriteFile writes a file so that it appears whole or not at all: temporary
// file beside it, flush to disk, rename.
func WriteFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".athanor-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(tmp.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// VideoWriter writes frames of one size as a video file without sound.
type VideoWriter struct {
	inner *gocv.VideoWriter
	w, h  int
}

// CreateVideo starts a video file, H.264 where this machine has an encoder,
// else MPEG-4. The ending must be .mp4, .mov, .mkv or .avi. An odd side loses
// its last pixel, which these formats cannot hold.
func CreateVideo(path string, fps float64, w, h int) (*VideoWriter, error) {
	w, h = w&^1, h&^1
	if w < 2 || h < 2 || fps <= 0 || fps > 1000 || math.IsNaN(fps) {
		return nil, fmt.Errorf("write %s: a video of %d×%d pixels at %g frames a second cannot be", path, w, h, fps)
	}
	codecs := []string{"avc1", "mp4v"}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".mp4", ".mov", ".mkv":
	case ".avi":
		codecs = []string{"MJPG"}
	default:
		return nil, fmt.Errorf("write %s: %w: videos are written as .mp4, .mov, .mkv or .avi", path, ErrUnsupported)
	}
	for _, codec := range codecs {
		vw, err := gocv.VideoWriterFile(path, codec, fps, w, h, true)
		if err == nil && vw.IsOpened() {
			return &VideoWriter{inner: vw, w: w, h: h}, nil
		}
		if vw != nil {
			_ = vw.Close()
		}
	}
	return nil, fmt.Errorf("write %s: no video encoder takes it, or the folder cannot be written", path)
}

// Write adds a frame, which must be at least as large as the video.
func (v *VideoWriter) Write(f *Frame) error {
	if f.W < v.w || f.H < v.h {
		return fmt.Errorf("write video: a frame of %d×%d pixels in a video of %d×%d", f.W, f.H, v.w, v.h)
	}
	if f.W != v.w || f.H != v.h {
		f = f.Clone()
		f.W, f.H = v.w, v.h // the rows stay as long as they were
	}
	m, err := matOf(f)
	if err != nil {
		return err
	}
	defer m.Close()
	return v.inner.Write(m)
}

// Close finishes the file.
func (v *VideoWriter) Close() error { return v.inner.Close() }
