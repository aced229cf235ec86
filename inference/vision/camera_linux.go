package vision

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests of the kernel's Video4Linux2 interface (linux/videodev2.h).
const (
	vidiocQueryCap       = 0x80685600
	vidiocEnumFmt        = 0xC0405602
	vidiocEnumFrameSizes = 0xC02C564A
	vidiocEnumIntervals  = 0xC034564B

	capVideoCapture = 0x00000001
	capDeviceCaps   = 0x80000000
	bufVideoCapture = 1
	discrete        = 1
	maxEntries      = 64 // of each list; a driver that counts on is not believed
)

type v4l2Capability struct {
	Driver       [16]byte
	Card         [32]byte
	BusInfo      [32]byte
	Version      uint32
	Capabilities uint32
	DeviceCaps   uint32
	_            [3]uint32
}

type v4l2FmtDesc struct {
	Index, Type, Flags uint32
	Description        [32]byte
	PixelFormat        uint32
	_                  [4]uint32
}

type v4l2FrameSize struct {
	Index, PixelFormat, Type uint32
	Data                     [6]uint32 // discrete: width, height; else min, max, step of both
	_                        [2]uint32
}

type v4l2Interval struct {
	Index, PixelFormat, W, H, Type uint32
	Data                           [6]uint32 // discrete: numerator, denominator of seconds
	_                              [2]uint32
}

// ask makes one request; arg points at the request's structure.
func ask[T any](f *os.File, request uintptr, arg *T) bool {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(arg)))
	return errno == 0
}

// queryCamera asks a device for its name and sizes. It is false for devices
// that take no pictures (a camera's metadata node, a loudspeaker, a plain file).
func queryCamera(path string) (Camera, bool) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return Camera{Name: "camera without permission"}, errors.Is(err, os.ErrPermission)
	}
	defer f.Close()
	var c v4l2Capability
	if !ask(f, vidiocQueryCap, &c) {
		return Camera{}, false
	}
	caps := c.Capabilities
	if caps&capDeviceCaps != 0 {
		caps = c.DeviceCaps
	}
	if caps&capVideoCapture == 0 {
		return Camera{}, false
	}
	name, _, _ := bytes.Cut(c.Card[:], []byte{0})
	return Camera{Name: string(name), Formats: formats(f)}, true
}

func formats(f *os.File) []CameraFormat {
	var list []CameraFormat
	for i := range uint32(maxEntries) {
		d := v4l2FmtDesc{Index: i, Type: bufVideoCapture}
		if !ask(f, vidiocEnumFmt, &d) {
			break
		}
		list = append(list, sizes(f, d.PixelFormat)...)
	}
	return list
}

func sizes(f *os.File, format uint32) []CameraFormat {
	var list []CameraFormat
	code := string(binary.LittleEndian.AppendUint32(nil, format))
	for i := range uint32(maxEntries) {
		s := v4l2FrameSize{Index: i, PixelFormat: format}
		if !ask(f, vidiocEnumFrameSizes, &s) {
			break
		}
		w, h := s.Data[0], s.Data[1]
		if s.Type != discrete { // a range: name its largest size
			w, h = s.Data[1], s.Data[4]
		}
		list = append(list, CameraFormat{Code: code, W: int(w), H: int(h), FPS: fastest(f, format, w, h)})
		if s.Type != discrete {
			break
		}
	}
	return list
}

// fastest is the highest frame rate a camera offers at a size.
func fastest(f *os.File, format, w, h uint32) float64 {
	best := 0.0
	for i := range uint32(maxEntries) {
		v := v4l2Interval{Index: i, PixelFormat: format, W: w, H: h}
		if !ask(f, vidiocEnumIntervals, &v) || v.Data[0] == 0 {
			break
		}
		best = max(best, float64(v.Data[1])/float64(v.Data[0]))
		if v.Type != discrete {
			break
		}
	}
	return best
}

func isBusy(err error) bool { return errors.Is(err, unix.EBUSY) }
