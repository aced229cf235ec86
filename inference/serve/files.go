package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"athanor/inference/model"
)

// ModelFile is a model on disk and what it is served as.
type ModelFile struct {
	Name, Version, Path string
}

// ParseModelFile reads what a person writes: a model file, or a folder of a run
// with model.onnx inside, optionally with a name before it: [NAME=]PATH. The
// name is otherwise the file's or folder's.
func ParseModelFile(s string) (ModelFile, error) {
	m := ModelFile{Version: "1", Path: s}
	if name, path, ok := strings.Cut(s, "="); ok && checkName(name) == nil {
		m.Name, m.Path = name, path
	}
	path, err := FindModel(m.Path)
	if err != nil {
		return m, err
	}
	if m.Path = path; m.Name == "" {
		m.Name = NameOf(m.Path)
	}
	return m, checkName(m.Name)
}

// FindModel returns the model file that a person means: a file, or model.onnx
// in the folder of a run.
func FindModel(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("find model: %w", err)
	}
	if !info.IsDir() {
		return path, nil
	}
	path = filepath.Join(path, "model.onnx")
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("find model: %w; give a .onnx file or a run's folder", err)
	}
	return path, nil
}

// NameOf makes a servable name of a path: a run's file has its folder's name.
func NameOf(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if abs, err := filepath.Abs(path); err == nil && name == "model" {
		name = filepath.Base(filepath.Dir(abs))
	}
	name = regexp.MustCompile(`[^A-Za-z0-9_.-]+`).ReplaceAllString(name, "-")
	if name = strings.TrimLeft(name, "-_."); name == "" {
		return "model" // a name of other letters
	}
	return name
}

// Open opens the model.
func (m ModelFile) Open(o model.Options) (*model.Model, error) { return model.Open(m.Path, o) }

// Folder is a Repository of the .onnx files in a folder, and of runs below it.
// Other files are never opened, whatever name a client asks for.
type Folder struct {
	Path    string
	Options model.Options
}

// Names lists the models in the folder.
func (f Folder) Names(ctx context.Context) ([]string, error) {
	files, err := f.files(ctx)
	names := make([]string, len(files))
	for i, m := range files {
		names[i] = m.Name
	}
	return names, err
}

// Open opens a model of the folder by name.
func (f Folder) Open(ctx context.Context, name string) (Runner, string, error) {
	files, err := f.files(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, m := range files {
		if m.Name != name {
			continue
		}
		r, err := m.Open(f.Options)
		if err != nil {
			return nil, "", err
		}
		return r, m.Version, nil
	}
	return nil, "", unknown(name, "")
}

// files finds NAME.onnx and NAME/model.onnx, as the studio writes them, and
// NAME/VERSION/model.onnx, as Triton's repositories are laid out.
func (f Folder) files(ctx context.Context) ([]ModelFile, error) {
	root, err := filepath.Abs(f.Path)
	if err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	var list []ModelFile
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrPermission):
			return nil
		case err != nil:
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		depth := strings.Count(filepath.ToSlash(rel), "/")
		if d.IsDir() && depth >= 2 {
			return fs.SkipDir
		}
		if m, ok := repositoryFile(path, rel, depth); ok && d.Type().IsRegular() {
			list = append(list, m)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	return newest(list), nil
}

func repositoryFile(path, rel string, depth int) (ModelFile, bool) {
	m := ModelFile{Version: "1", Path: path}
	switch {
	case filepath.Ext(path) != ".onnx":
		return m, false
	case depth == 2 && filepath.Base(path) == "model.onnx":
		m.Version = filepath.Base(filepath.Dir(path))
		m.Name, _, _ = strings.Cut(filepath.ToSlash(rel), "/")
	case depth == 0 || (depth == 1 && filepath.Base(path) == "model.onnx"):
		m.Name = NameOf(path)
	default:
		return m, false
	}
	return m, checkName(m.Name) == nil
}

// newest keeps the highest version of each name, sorted by name.
func newest(list []ModelFile) []ModelFile {
	slices.SortFunc(list, func(a, b ModelFile) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return compareVersions(b.Version, a.Version)
	})
	return slices.CompactFunc(list, func(a, b ModelFile) bool { return a.Name == b.Name })
}
