package doctor

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	goruntime "runtime"
	"strings"

	"athanor/inference/runtime"
)

// setup is the script that brings in what building and running need.
const setup = "scripts/setup"

// ThisRuntime starts ONNX Runtime in this process and tells where it is.
func ThisRuntime() (path, version string, err error) {
	if err := runtime.Load(); err != nil {
		return "", "", err
	}
	path, err = runtime.LibraryPath()
	return path, runtime.Version(), err
}

func onnxRuntime(h Host) Finding {
	f := Finding{ID: "onnxruntime", State: OK, Code: "found"}
	if h.Runtime == nil {
		f.State, f.Code = Optional, "unknown"
		return f
	}
	path, version, err := h.Runtime()
	if err != nil {
		f.State, f.Cure = Missing, setup
		f.Code = "wrong"
		if errors.Is(err, runtime.ErrLibraryMissing) {
			f.Code = "missing"
		}
		f.Values = map[string]string{"Error": err.Error()}
		return f
	}
	f.Values = map[string]string{"Version": version, "Architecture": goruntime.GOARCH, "Path": path}
	return f
}

// coreLibrary matches OpenCV's core library in a process's memory map; what
// follows ".so." is its version.
var coreLibrary = regexp.MustCompile(`libopencv_core\.so\.([0-9][0-9.]*)`)

// openCV is linked into the program, so it is there; the memory map tells which.
func openCV(h Host) Finding {
	f := Finding{ID: "opencv", State: OK, Code: "found"}
	maps, err := os.Open(h.path("/proc/self/maps"))
	if err != nil {
		f.State, f.Code = Optional, "unknown"
		return f
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if m := coreLibrary.FindStringSubmatch(lines.Text()); m != nil {
			f.Values = map[string]string{"Version": m[1]}
			return f
		}
	}
	f.State, f.Code, f.Cure = Optional, "unlinked", apt("libopencv-dev libopencv-contrib-dev")
	return f
}

func cascades(h Host) Finding {
	f := Finding{ID: "cascades", State: OK, Code: "found"}
	path := h.first("/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml",
		"/usr/share/opencv/haarcascades/haarcascade_frontalface_default.xml",
		"/usr/local/share/opencv4/haarcascades/haarcascade_frontalface_default.xml")
	if path == "" {
		f.State, f.Code, f.Cure = Missing, "missing", apt("opencv-data")
		return f
	}
	f.Values = map[string]string{"Path": filepath.Dir(path)}
	return f
}

func ffmpeg(h Host) Finding {
	f := Finding{ID: "ffmpeg", State: OK, Code: "found"}
	path, err := h.LookPath("ffmpeg")
	if err != nil {
		f.State, f.Code, f.Cure = Optional, "missing", apt("ffmpeg")
		return f
	}
	f.Values = map[string]string{"Path": path}
	return f
}

// camera lists the video devices; one that the person may not open is a
// question of a group, not of a driver.
func camera(h Host) Finding {
	f := Finding{ID: "camera", State: OK, Code: "found"}
	devices, _ := filepath.Glob(h.path("/dev/video*")) // the pattern is valid
	if len(devices) == 0 {
		f.State, f.Code = Optional, "none"
		return f
	}
	var names, closed []string
	for _, device := range devices {
		names = append(names, h.cameraName(device))
		if file, err := os.OpenFile(device, os.O_RDWR, 0); errors.Is(err, os.ErrPermission) {
			closed = append(closed, device)
		} else if err == nil {
			_ = file.Close()
		}
	}
	f.Values = map[string]string{"Devices": strings.Join(names, ", ")}
	if len(closed) == len(devices) {
		f.State, f.Code = Missing, "closed"
		f.Cure = `sudo usermod -aG video "$USER"`
	}
	return f
}

// cameraName is what the driver calls a device, with its path.
func (h Host) cameraName(device string) string {
	base := filepath.Base(device)
	name, err := os.ReadFile(h.path(filepath.Join("/sys/class/video4linux", base, "name")))
	if err != nil {
		return "/dev/" + base
	}
	return strings.TrimSpace(string(name)) + " (/dev/" + base + ")"
}
