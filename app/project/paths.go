// Package project knows where a person's things lie: the data folder, settings,
// projects, and how a project becomes one file.
package project

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Paths are the folders and files of one person.
type Paths struct {
	// Data holds projects, models and the index; Config the settings; Cache what
	// can be made again.
	Data, Config, Cache string
}

// DefaultPaths returns the paths of this person: all in ATHANOR_HOME where that
// is set, else the XDG folders, else what the system uses.
func DefaultPaths() (Paths, error) {
	if home := os.Getenv("ATHANOR_HOME"); home != "" {
		abs, err := filepath.Abs(home)
		if err != nil {
			return Paths{}, fmt.Errorf("find ATHANOR_HOME: %w", err)
		}
		return Paths{Data: abs, Config: abs, Cache: filepath.Join(abs, "cache")}, nil
	}
	data, err := dataHome()
	if err != nil {
		return Paths{}, fmt.Errorf("find the data folder: %w; set ATHANOR_HOME", err)
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return Paths{}, fmt.Errorf("find the settings folder: %w; set ATHANOR_HOME", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return Paths{}, fmt.Errorf("find the cache folder: %w; set ATHANOR_HOME", err)
	}
	return Paths{
		Data: filepath.Join(data, "athanor"), Config: filepath.Join(config, "athanor"), Cache: filepath.Join(cache, "athanor"),
	}, nil
}

// dataHome is XDG_DATA_HOME, or ~/.local/share; elsewhere than on Linux what
// programs use there.
func dataHome() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return os.UserConfigDir()
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "share"), nil
}

// Index is the database's file.
func (p Paths) Index() string { return filepath.Join(p.Data, "index.db") }

// Settings is the settings' file.
func (p Paths) Settings() string { return filepath.Join(p.Config, "settings.toml") }

// Runs is where runs of the command line lie that belong to no project.
func (p Paths) Runs() string { return filepath.Join(p.Data, "runs") }

// Datasets is where decisions about data sets are kept.
func (p Paths) Datasets() string { return filepath.Join(p.Data, "datasets") }

// Captures is where pictures taken with the webcam lie that belong to no project.
func (p Paths) Captures() string { return filepath.Join(p.Data, "captures") }

// Projects is the folder of projects, unless the settings name another.
func (p Paths) Projects() string { return filepath.Join(p.Data, "projects") }

// Models is where models lie that were brought in or fetched.
func (p Paths) Models() string { return filepath.Join(p.Data, "models") }

// Check makes the folders and tells when one cannot be written.
func (p Paths) Check() error {
	for _, dir := range []string{p.Data, p.Config} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("%w: %w; set ATHANOR_HOME to a folder that you may write", ErrHome, err)
		}
		f, err := os.CreateTemp(dir, ".write-test-*")
		if err != nil {
			return fmt.Errorf("%w: %w; set ATHANOR_HOME to a folder that you may write", ErrHome, err)
		}
		name := f.Name()
		if err := f.Close(); err != nil {
			return fmt.Errorf("%w: %w", ErrHome, err)
		}
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("%w: %w", ErrHome, err)
		}
	}
	return nil
}
