package onnx

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Load reads a model file of at most 2 GiB. Data in other files stays outside
// until LoadExternal.
func Load(path string) (*Model, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("load model: %w", err)
	}
	m, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("load model %s: %w", filepath.Base(path), err)
	}
	return m, nil
}

func readFile(path string) ([]byte, error) {
	f, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	return data, nil
}

// openRegular opens a file of at most 2 GiB.
func openRegular(path string) (*os.File, os.FileInfo, error) {
	info, err := os.Stat(path) // before opening: opening a pipe would block
	switch {
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%s is not a regular file", filepath.Base(path))
	case info.Size() > maxFile:
		return nil, nil, fmt.Errorf("%s has %d bytes: %w (limit 2 GiB)", filepath.Base(path), info.Size(), ErrTooLarge)
	}
	f, err := os.Open(path)
	return f, info, err
}

// Save writes the model to a file: whole or not at all. A file already there is
// replaced only after the new one is on disk.
func (m *Model) Save(path string) error {
	data, err := m.Encode()
	if err != nil {
		return fmt.Errorf("save %s: %w", filepath.Base(path), err)
	}
	if err := writeFile(path, data); err != nil {
		return fmt.Errorf("save %s: %w", filepath.Base(path), err)
	}
	return nil
}

func writeFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".onnx-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
