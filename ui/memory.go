package ui

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"

	"athanor/ui/i18n"
	"athanor/ui/look"
)

// memory is what the window remembers from one start to the next.
type memory struct {
	Language i18n.Language `toml:"language,omitempty"`
	Look     look.Mode     `toml:"look"`
	Place    string        `toml:"place"`
	Width    float32       `toml:"width"`
	Height   float32       `toml:"height"`
}

const memoryFile = "window.toml"

// smallest is the size the screens are made for at least.
func smallest() (width, height float32) { return 1024, 700 }

// recall reads the window's memory; what cannot be read is as on the first day.
func recall(folder string) memory {
	m := memory{Look: look.System, Place: placeHome, Width: 1280, Height: 800}
	raw, err := os.ReadFile(filepath.Join(folder, memoryFile))
	if err == nil {
		err = toml.Unmarshal(raw, &m)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		slog.Warn("read the window's memory", "error", err)
	}
	width, height := smallest()
	m.Width, m.Height = min(max(m.Width, width), 8192), min(max(m.Height, height), 8192)
	return m
}

// keep writes the window's memory down. That it cannot be written must not
// bother anybody: it is only comfort.
func (s *Studio) keep() {
	if size := s.window.Canvas().Size(); size.Width > 1 {
		s.memory.Width, s.memory.Height = size.Width, size.Height
	}
	if err := writeMemory(s.opts.Folder, s.memory); err != nil {
		slog.Warn("keep the window's memory", "error", err)
	}
}

func writeMemory(folder string, m memory) error {
	raw, err := toml.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return writeFile(filepath.Join(folder, memoryFile), raw)
}

// writeFile writes a file at once or not at all.
func writeFile(path string, raw []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return fmt.Errorf("make temporary file: %w", err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already when all went well
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
