package ui

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"athanor/inference/onnx"
)

// copyInto copies a model into a folder under its own name, numbered where that
// is taken; the copy appears whole or not at all. A model whose weights lie in
// other files gets a folder of its own with them.
func copyInto(folder, path string) (string, error) {
	if err := makeFolder(folder); err != nil {
		return "", err
	}
	m, err := onnx.Skim(path)
	if err != nil {
		return "", err
	}
	if m.HasExternal() {
		return copyWithWeights(folder, path, m)
	}
	to := freeName(filepath.Join(folder, filepath.Base(path)))
	return to, copyFile(to, func() (*os.File, error) { return os.Open(path) })
}

// copyWithWeights copies a model and the files that hold its weights; those may
// not leave the model's folder.
func copyWithWeights(folder, path string, m *onnx.Model) (string, error) {
	from := filepath.Dir(path)
	if err := m.CheckExternal(from); err != nil {
		return "", err
	}
	files, err := m.ExternalFiles()
	if err != nil {
		return "", err
	}
	root, err := os.OpenRoot(from)
	if err != nil {
		return "", fmt.Errorf("copy model: %w", err)
	}
	defer root.Close() //nolint:errcheck // only read
	part, err := os.MkdirTemp(folder, ".part-*")
	if err != nil {
		return "", fmt.Errorf("copy model: %w", err)
	}
	defer os.RemoveAll(part) //nolint:errcheck // gone already when all went well
	if err := copyFile(filepath.Join(part, "model.onnx"), func() (*os.File, error) { return os.Open(path) }); err != nil {
		return "", err
	}
	for _, name := range files {
		to := filepath.Join(part, filepath.FromSlash(name))
		if err := makeFolder(filepath.Dir(to)); err != nil {
			return "", err
		}
		if err := copyFile(to, func() (*os.File, error) { return root.Open(name) }); err != nil {
			return "", err
		}
	}
	to := freeName(filepath.Join(folder, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))))
	if err := errors.Join(os.Chmod(part, 0o755), os.Rename(part, to)); err != nil {
		return "", fmt.Errorf("copy model: %w", err)
	}
	return filepath.Join(to, "model.onnx"), nil
}

// copyFile writes what open opens to a new file, whole or not at all.
func copyFile(to string, open func() (*os.File, error)) error {
	in, err := open()
	if err != nil {
		return fmt.Errorf("copy model: %w", err)
	}
	defer in.Close() //nolint:errcheck // only read
	part, err := os.CreateTemp(filepath.Dir(to), ".part-*")
	if err != nil {
		return fmt.Errorf("copy model: %w", err)
	}
	defer os.Remove(part.Name()) //nolint:errcheck // gone already when all went well
	_, err = io.Copy(part, in)
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), to)
	}
	if err != nil {
		return fmt.Errorf("copy model: %w", err)
	}
	return nil
}
