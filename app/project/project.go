package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"athanor/app/store"
)

// File is the name of a project's own file.
const File = "project.toml"

// Project is a folder with data sets and runs.
type Project struct {
	Dir string `toml:"-"`

	Name    string    `toml:"name"`
	Kind    string    `toml:"kind"` // digits, images, webcam, text, table, …: the starting card
	Created time.Time `toml:"created"`
	Note    string    `toml:"note,omitempty"`
	// Data is the path of the data set that is open in the project.
	Data string `toml:"data,omitempty"`
}

// Runs is the folder of the project's runs.
func (p Project) Runs() string { return filepath.Join(p.Dir, "runs") }

// Datasets is the folder of its data sets.
func (p Project) Datasets() string { return filepath.Join(p.Dir, "datasets") }

// Create makes a project in the folder of projects. The folder is named after
// the project; a taken name gets a number.
func Create(projects, name, kind string, now time.Time) (Project, error) {
	if err := os.MkdirAll(projects, 0o755); err != nil {
		return Project{}, fmt.Errorf("create project: %w", err)
	}
	dir, err := freeDir(projects, store.SafeName(name))
	if err != nil {
		return Project{}, fmt.Errorf("create project: %w", err)
	}
	p := Project{Dir: dir, Name: name, Kind: kind, Created: now.Truncate(time.Second)}
	for _, d := range []string{p.Runs(), p.Datasets()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return Project{}, fmt.Errorf("create project: %w", err)
		}
	}
	return p, p.Save()
}

// freeDir makes a folder that was not there: base, base-2, base-3 and so on.
func freeDir(parent, base string) (string, error) {
	for i := 1; i <= 10_000; i++ {
		dir := filepath.Join(parent, base)
		if i > 1 {
			dir = fmt.Sprintf("%s-%d", dir, i)
		}
		err := os.Mkdir(dir, 0o755)
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
	}
	return "", fmt.Errorf("%w: %s", ErrExists, base)
}

// Open reads the project in a folder.
func Open(dir string) (Project, error) {
	p := Project{Dir: dir}
	err := store.ReadTOML(filepath.Join(dir, File), &p)
	if errors.Is(err, fs.ErrNotExist) {
		return Project{}, fmt.Errorf("%w: %s has no %s", ErrNotProject, dir, File)
	}
	if err != nil {
		return Project{}, fmt.Errorf("open project: %w", err)
	}
	if p.Name == "" {
		p.Name = filepath.Base(dir)
	}
	return p, nil
}

// Save replaces the project's file.
func (p Project) Save() error { return store.WriteTOML(filepath.Join(p.Dir, File), p) }

// List returns the projects in a folder of projects; folders that are none are
// passed over.
func List(projects string) ([]Project, error) {
	entries, err := os.ReadDir(projects)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list projects: %w", err)
	}
	var out []Project
	for _, e := range entries {
		if p, err := Open(filepath.Join(projects, e.Name())); err == nil {
			out = append(out, p)
		}
	}
	return out, nil
}
