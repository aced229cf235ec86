package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/app/doctor"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// machine is a made-up machine below a temporary folder.
type machine struct {
	root string
	env  map[string]string
	host doctor.Host
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{root: t.TempDir(), env: map[string]string{}}
	m.host = doctor.Host{
		Root:     m.root,
		Env:      func(name string) string { return m.env[name] },
		LookPath: func(string) (string, error) { return "", errors.New("not there") },
		DataDir:  filepath.Join(m.root, "home", "athanor"),
		Runtime:  func() (string, string, error) { return "", "", fmt.Errorf("load: %w", runtime.ErrLibraryMissing) },
	}
	return m
}

func (m *machine) file(t *testing.T, path, text string) {
	t.Helper()
	path = filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) finding(t *testing.T, id string) doctor.Finding {
	t.Helper()
	for _, f := range doctor.Check(t.Context(), m.host) {
		if f.ID == id {
			return f
		}
	}
	t.Fatalf("no finding %q", id)
	return doctor.Finding{}
}

func TestBareMachineNamesEveryCure(t *testing.T) {
	m := newMachine(t)
	want := map[string]string{
		"onnxruntime": "scripts/setup",
		"cascades":    "sudo apt-get install -y opencv-data",
		"font":        "sudo apt-get install -y fonts-noto-cjk",
		"opengl":      "sudo apt-get install -y libgl1-mesa-dri",
	}
	for id, cure := range want {
		f := m.finding(t, id)
		if f.State != doctor.Missing || f.Cure != cure {
			t.Errorf("%s: %s, cure %q, want missing and %q", id, f.State, f.Cure, cure)
		}
	}
	if got := doctor.Worst(doctor.Check(t.Context(), m.host)); got != doctor.Missing {
		t.Errorf("worst is %s", got)
	}
}

func TestFullMachineIsFine(t *testing.T) {
	m := newMachine(t)
	m.env["DISPLAY"], m.env["XMODIFIERS"] = ":0", "@im=fcitx"
	m.file(t, "usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml", "")
	m.file(t, "usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "")
	m.file(t, "usr/lib/x86_64-linux-gnu/dri/swrast_dri.so", "")
	m.file(t, "proc/self/maps", "7f00 r-xp /usr/lib/libopencv_core.so.4.6.0\n")
	m.file(t, "proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n")
	m.file(t, "dev/video0", "")
	m.file(t, "sys/class/video4linux/video0/name", "HD Webcam\n")
	m.host.LookPath = func(name string) (string, error) { return "/usr/bin/" + name, nil }
	m.host.Runtime = func() (string, string, error) { return "/lib/ort.so", "1.30.0", nil }

	want := map[string]string{
		"onnxruntime": "1.30.0 for ", "opencv": "4.6.0", "camera": "HD Webcam (/dev/video0)",
		"display": "X11 :0", "opengl": "in software", "input": "fcitx", "font": "NotoSansCJK-Regular.ttc",
		"ffmpeg": "/usr/bin/ffmpeg", "memory": "8.0 GB free of 16 GB", "disk": " GB free at ",
	}
	for id, part := range want {
		f := m.finding(t, id)
		if got := f.Message("en"); !strings.Contains(got, part) {
			t.Errorf("%s says %q, want %q in it", id, got, part)
		}
		if f.State != doctor.OK && id != "disk" {
			t.Errorf("%s is %s", id, f.State)
		}
	}
}

func TestLowMemoryOfAContainerIsAWarning(t *testing.T) {
	m := newMachine(t)
	m.file(t, "proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n")
	m.file(t, "sys/fs/cgroup/memory.max", "536870912\n")
	if f := m.finding(t, "memory"); f.State != doctor.Warning || f.Values["Total"] != "0.5 GB" {
		t.Errorf("%s %v, want a warning at 0.5 GB", f.State, f.Values)
	}
}

func TestBrokenFiguresAreSaid(t *testing.T) {
	m := newMachine(t)
	m.file(t, "proc/meminfo", "MemTotal: nonsense\n\x00\n")
	if f := m.finding(t, "memory"); f.Code != "unknown" {
		t.Errorf("code %q", f.Code)
	}
}

func TestDataFolderThatIsAFile(t *testing.T) {
	m := newMachine(t)
	m.file(t, "home", "a file where the folder should be")
	if f := m.finding(t, "data"); f.State != doctor.Missing || f.Cure == "" {
		t.Errorf("%s, cure %q; want missing with a cure", f.State, f.Cure)
	}
	entries, err := os.ReadDir(m.root)
	if err != nil || len(entries) != 1 {
		t.Errorf("looking left something behind: %v %v", entries, err)
	}
}

func TestWaylandAloneIsToldApart(t *testing.T) {
	m := newMachine(t)
	m.env["WAYLAND_DISPLAY"] = "wayland-0"
	if f := m.finding(t, "display"); f.Code != "wayland" {
		t.Errorf("display is %q", f.Code)
	}
	if f := m.finding(t, "input"); f.State != doctor.Warning {
		t.Errorf("input is %s", f.State)
	}
}

// Every finding on any machine has words in both languages, with no value left open.
func TestEverythingIsSaidInBothLanguages(t *testing.T) {
	full := newMachine(t)
	full.env["DISPLAY"] = ":1"
	bare := newMachine(t)
	for _, host := range []doctor.Host{full.host, bare.host, {DataDir: t.TempDir()}} {
		for _, f := range doctor.Check(t.Context(), host) {
			for _, lang := range []string{"en", "zh-Hans"} {
				text := f.Title(lang) + ": " + f.Message(lang)
				if f.Title(lang) == "" || f.Message(lang) == "" || strings.ContainsAny(text, "{}") {
					t.Errorf("%s.%s in %s: %q", f.ID, f.Code, lang, text)
				}
			}
		}
	}
}

func TestCancelStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := doctor.Check(ctx, newMachine(t).host); len(got) != 0 {
		t.Errorf("%d findings after cancel", len(got))
	}
}

func TestThisRuntimeIsFound(t *testing.T) {
	path, version, err := doctor.ThisRuntime()
	testenv.NeedNative(t, err)
	if path == "" || !strings.HasPrefix(version, "1.") {
		t.Errorf("path %q, version %q", path, version)
	}
}
