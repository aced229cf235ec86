package vision

import (
	"os"
	"path/filepath"
	"testing"
	"unsafe"
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
