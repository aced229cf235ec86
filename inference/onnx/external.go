package onnx

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrExternal is wrapped by errors about data outside the model file.
var ErrExternal = errors.New("cannot use the model's external data")

// MaxExternal is the most LoadExternal reads for one model.
const MaxExternal = 16 << 30

// HasExternal says whether any constant still lies in another file.
func (m *Model) HasExternal() bool {
	errFound := errors.New("found")
	return m.Graph.WalkTensors(func(t *Tensor) error {
		if t.IsExternal() {
			return errFound
		}
		return nil
	}) != nil
}

// LoadExternal reads all external data from files in dir (the model's folder)
// into the tensors. Absolute paths, paths with "..", links that leave dir,
// files that are not regular, ranges outside a file, lengths that disagree
// with the shape, and more than MaxExternal bytes together are refused.
// Tensors read before an error stay loaded.
func (m *Model) LoadExternal(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrExternal, err)
	}
	defer root.Close()
	left := int64(MaxExternal)
	return m.Graph.WalkTensors(func(t *Tensor) error {
		if !t.IsExternal() {
			return nil
		}
		if err := t.load(root, &left); err != nil {
			return fmt.Errorf("%w: tensor %q: %w", ErrExternal, t.Name, err)
		}
		return nil
	})
}

// CheckExternal looks whether all external data is in dir, as LoadExternal would,
// without reading it.
func (m *Model) CheckExternal(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrExternal, err)
	}
	defer root.Close()
	return m.Graph.WalkTensors(func(t *Tensor) error {
		if !t.IsExternal() {
			return nil
		}
		e, size, err := t.place()
		if err == nil {
			err = checkRange(root, e.location, e.offset, size)
		}
		if err != nil {
			return fmt.Errorf("%w: tensor %q: %w", ErrExternal, t.Name, err)
		}
		return nil
	})
}

// ExternalFiles are the files that hold the model's external data, relative to
// its folder, each once.
func (m *Model) ExternalFiles() ([]string, error) {
	var files []string
	err := m.Graph.WalkTensors(func(t *Tensor) error {
		if !t.IsExternal() {
			return nil
		}
		e, err := t.extent()
		if err != nil {
			return fmt.Errorf("%w: tensor %q: %w", ErrExternal, t.Name, err)
		}
		if !slices.Contains(files, e.location) {
			files = append(files, e.location)
		}
		return nil
	})
	return files, err
}

// ExternalSize is how many bytes of the model's constants lie in other files, as
// their shapes say.
func (m *Model) ExternalSize() int64 {
	total := int64(0)
	_ = m.Graph.WalkTensors(func(t *Tensor) error { // the function below returns no error
		if !t.IsExternal() {
			return nil
		}
		n, err := t.Len()
		if size, failed := t.Type.ByteSize(n); err == nil && failed == nil && size <= math.MaxInt64-total {
			total += size
		}
		return nil
	})
	return total
}

// extent is where in which file a tensor's bytes lie; length -1 means to the
// size the shape asks for.
type extent struct {
	location       string
	offset, length int64
}

func (t *Tensor) extent() (e extent, err error) {
	e.length = -1
	for _, p := range t.External {
		switch p.Key {
		case "location":
			e.location = p.Value
		case "offset":
			e.offset, err = strconv.ParseInt(p.Value, 10, 64)
		case "length":
			e.length, err = strconv.ParseInt(p.Value, 10, 64)
		}
		if err != nil || e.offset < 0 || e.length < -1 {
			return e, fmt.Errorf("%s %q is no valid number", p.Key, p.Value)
		}
	}
	return e, checkLocation(e.location)
}

func checkLocation(path string) error {
	slashed := strings.ReplaceAll(path, `\`, "/")
	if path == "" || strings.HasPrefix(slashed, "/") || !filepath.IsLocal(filepath.FromSlash(slashed)) {
		return fmt.Errorf("location %q leaves the model's folder", path)
	}
	return nil
}

// place is where a tensor's bytes lie and how many they are.
func (t *Tensor) place() (e extent, size int64, err error) {
	if e, err = t.extent(); err != nil {
		return e, 0, err
	}
	n, err := t.Len()
	if err != nil {
		return e, 0, err
	}
	if size, err = t.Type.ByteSize(n); err != nil {
		return e, 0, err
	}
	if e.length >= 0 && e.length != size {
		return e, 0, fmt.Errorf("shape %v of %s wants %d bytes, the reference says %d", t.Dims, t.Type, size, e.length)
	}
	return e, size, nil
}

func (t *Tensor) load(root *os.Root, left *int64) error {
	e, size, err := t.place()
	switch {
	case err != nil:
		return err
	case size > *left:
		return fmt.Errorf("%w: over %d bytes together", ErrTooLarge, int64(MaxExternal))
	}
	data, err := readRange(root, e.location, e.offset, size)
	if err != nil {
		return err
	}
	*left -= size
	t.Raw, t.External = data, nil
	return nil
}

// checkRange looks whether a regular file in root has size bytes at an offset.
func checkRange(root *os.Root, path string, offset, size int64) error {
	info, err := root.Stat(path) // before opening: opening a pipe would block
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%q is not a regular file", path)
	}
	if offset > info.Size() || size > info.Size()-offset {
		return fmt.Errorf("%q has %d bytes, %d from %d are asked for", path, info.Size(), size, offset)
	}
	return nil
}

func readRange(root *os.Root, path string, offset, size int64) ([]byte, error) {
	if err := checkRange(root, path, offset, size); err != nil {
		return nil, err
	}
	f, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(f, offset, size), data); err != nil {
		return nil, fmt.Errorf("read %q: %w", path, err)
	}
	return data, nil
}
