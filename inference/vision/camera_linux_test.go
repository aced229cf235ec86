package vision

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel checks the size of each structure: it is part of the request's number.
func TestV4L2StructuresHaveTheKernelsSizes(t *testing.T) {
	for request, size := range map[uintptr]uintptr{
		vidiocQueryCap:       unsafe.Sizeof(v4l2Capability{}),
		vidiocEnumFmt:        unsafe.Sizeof(v4l2FmtDesc{}),
		vidiocEnumFrameSizes: unsafe.Sizeof(v4l2FrameSize{}),
		vidiocEnumIntervals:  unsafe.Sizeof(v4l2Interval{}),
	} {
		if want := request >> 16 & 0x3FFF; size != want {
			t.Errorf("request %#x wants %d bytes, the structure has %d", request, want, size)
		}
	}
}

func TestCameraTroublesAreExplained(t *testing.T) {
	for cause, want := range map[error]struct {
		kind  error
		words string
	}{
		unix.ENOENT: {ErrNoCamera, "plug one in"},
		unix.EACCES: {ErrDenied, "group video"},
		unix.EBUSY:  {ErrBusy, "close the program"},
		unix.ENXIO:  {unix.ENXIO, "/dev/video0"},
	} {
		err := cameraTrouble("/dev/video0", &os.PathError{Op: "open", Path: "/dev/video0", Err: cause})
		if !errors.Is(err, want.kind) || !strings.Contains(err.Error(), want.words) {
			t.Errorf("%v: %v", cause, err)
		}
	}
}

func TestFilesThatOnlyLookLikeCameras(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"video0", "video-of-a-cat", "videos"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("not a device"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := camerasIn(dir); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}
