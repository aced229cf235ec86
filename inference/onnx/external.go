package onnx

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

func (t *Tensor) load(root *os.Root, left *int64) error {
	e, err := t.extent()
	if err != nil {
		return err
	}
	n, err := t.Len()
	if err != nil {
		return err
	}
	size, err := t.Type.ByteSize(n)
	switch {
	case err != nil:
		return err
	case e.length >= 0 && e.length != size:
		return fmt.Errorf("shape %v of %s wants %d bytes, the reference says %d", t.Dims, t.Type, size, e.length)
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

func readRange(root *os.Root, path string, offset, size int64) ([]byte, error) {
	info, err := root.Stat(path) // before opening: opening a pipe would block
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not a regular file", path)
	}
	f, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if offset > info.Size() || size > info.Size()-offset {
		return nil, fmt.Errorf("%q has %d bytes, %d from %d are asked for", path, info.Size(), size, offset)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(f, offset, size), data); err != nil {
		return nil, fmt.Errorf("read %q: %w", path, err)
	}
	return data, nil
}
