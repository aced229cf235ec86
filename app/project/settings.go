package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"athanor/app/store"
	"athanor/inference/face"
	"athanor/pipeline/train"
)

// Settings are what a person chose for the whole studio.
type Settings struct {
	Language string `toml:"language"` // "" as the system, en, zh
	Theme    string `toml:"theme"`    // system, light, dark
	Device   string `toml:"device"`   // auto, cpu, webgpu[:n], cuda[:n]
	Threads  int    `toml:"threads"`  // 0 lets the studio choose
	// DeviceLoss is what a run does when its device fails: "" or continue on the
	// processor, or stop, to be resumed.
	DeviceLoss string `toml:"device_loss,omitempty"`
	Projects   string `toml:"projects"` // folder of projects, "" for the usual one
	Last       string `toml:"last"`     // project opened last
	Notify     bool   `toml:"notify"`   // desktop notification when a run ends
	StayUp     bool   `toml:"stay_up"`  // no sleep while training
	// TensorBoard writes event files beside the metrics of new runs.
	TensorBoard bool      `toml:"tensorboard"`
	Retention   Retention `toml:"retention"`
	Window      Window    `toml:"window"`
	Faces       Faces     `toml:"faces"`
}

// Faces is how a person looks for faces: the detector that is followed, the one
// beside it, and what was turned, by detector.
type Faces struct {
	Detector string                 `toml:"detector"` // "" for the best there is
	Compare  string                 `toml:"compare"`  // "" for none
	Tuned    map[string]face.Params `toml:"tuned,omitempty"`
}

// Retention says what is kept how long.
type Retention struct {
	Checkpoints int `toml:"checkpoints"` // newest kept of a finished run, beside the best; 0 keeps all
	TrashDays   int `toml:"trash_days"`
}

// Window is where the window was.
type Window struct {
	Width  int    `toml:"width"`
	Height int    `toml:"height"`
	View   string `toml:"view"`
}

// DefaultSettings are those of a first start.
func DefaultSettings() Settings {
	return Settings{
		Theme: "system", Device: "auto", Notify: true, StayUp: true,
		Retention: Retention{Checkpoints: 3, TrashDays: 30}, Window: Window{Width: 1280, Height: 800},
	}
}

// clamp brings values into their ranges.
func (s *Settings) clamp() {
	s.Threads = min(max(s.Threads, 0), 1024)
	if s.DeviceLoss != train.LossStop {
		s.DeviceLoss = ""
	}
	s.Retention.Checkpoints = max(s.Retention.Checkpoints, 0)
	s.Retention.TrashDays = max(s.Retention.TrashDays, 0)
	s.Window.Width = min(max(s.Window.Width, 640), 16384)
	s.Window.Height = min(max(s.Window.Height, 480), 16384)
}

// LoadSettings reads the settings; none is as on a first start. A file that
// cannot be read as settings is moved aside; the defaults come back together
// with an error that says where it is.
func LoadSettings(path string) (Settings, error) {
	s := DefaultSettings()
	err := store.ReadTOML(path, &s)
	switch {
	case err == nil:
		s.clamp()
		return s, nil
	case errors.Is(err, fs.ErrNotExist):
		return s, nil
	case errors.Is(err, fs.ErrPermission):
		return DefaultSettings(), err
	}
	aside := path + ".broken-" + time.Now().Format("20060102-150405")
	if moved := os.Rename(path, aside); moved != nil {
		return DefaultSettings(), errors.Join(err, moved)
	}
	return DefaultSettings(), fmt.Errorf("%w; it was moved to %s and the usual settings are used", err, aside)
}

// Save replaces the settings' file.
func (s Settings) Save(path string) error {
	s.clamp()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	return store.WriteTOML(path, s)
}
