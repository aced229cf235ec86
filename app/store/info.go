package store

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"athanor/pipeline/train"
)

// Info is what a list of runs shows of one run.
type Info struct {
	Dir    string // the run's folder
	Name   string // the person's title, or the folder's name without its time
	Status Status
	Notes  Notes
	// Recipe is the recipe as dotted keys: "optimizer.name" → "adam". It is
	// empty for runs that were brought in without one.
	Recipe map[string]string
	// Changed is when the folder's files changed last.
	Changed time.Time
}

// ID is the folder's name, which is the run's name on the command line.
func (i Info) ID() string { return filepath.Base(i.Dir) }

// ReadInfo reads a run folder. A folder that has neither a recipe nor a status
// is no run (ErrNotRun); single files that are missing or broken are passed over.
func ReadInfo(dir string) (Info, error) {
	i := Info{Dir: dir, Changed: changed(dir)}
	var statusErr, recipeErr error
	i.Status, statusErr = ReadStatus(dir)
	i.Recipe, recipeErr = readRecipe(filepath.Join(dir, RecipeFile))
	if statusErr != nil && recipeErr != nil {
		return Info{}, fmt.Errorf("%w: %s: %w", ErrNotRun, dir, statusErr)
	}
	if statusErr != nil {
		i.Status = Status{State: Interrupted, Started: i.Changed}
		if Locked(dir) {
			i.Status.State = Running
		}
	}
	i.Notes, _ = ReadNotes(dir) // broken notes must not hide the run
	i.Name = i.Notes.Title
	if i.Name == "" {
		i.Name = nameOf(i.ID())
	}
	return i, nil
}

// nameOf is a folder's name without the time in front.
func nameOf(id string) string {
	if len(id) > 16 && id[8] == '-' && id[15] == '-' {
		if _, err := time.Parse("20060102-150405", id[:15]); err == nil {
			return id[16:]
		}
	}
	return id
}

// changed is the newest change of the files an Info is made of.
func changed(dir string) time.Time {
	var newest time.Time
	for _, name := range []string{"", RecipeFile, StatusFile, NotesFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest
}

func readRecipe(path string) (map[string]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read recipe: %w", err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(b, &tree); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	out := map[string]string{}
	flatten(out, "", tree)
	if out["data.operations"] == train.NoOperations { // as good as none said
		delete(out, "data.operations")
	}
	return out, nil
}

// flatten writes nested tables as dotted keys.
func flatten(out map[string]string, prefix string, tree map[string]any) {
	for k, v := range tree {
		switch v := v.(type) {
		case map[string]any:
			flatten(out, prefix+k+".", v)
		case float64:
			out[prefix+k] = strconv.FormatFloat(v, 'g', -1, 64)
		case []any:
			out[prefix+k] = join(v)
		default:
			out[prefix+k] = fmt.Sprint(v)
		}
	}
}

func join(list []any) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = fmt.Sprint(v)
	}
	return strings.Join(parts, ", ")
}

// RunDirs returns the run folders in a folder of runs, oldest first; a folder
// that is not there holds none.
func RunDirs(runs string) ([]string, error) {
	entries, err := os.ReadDir(runs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			out = append(out, filepath.Join(runs, e.Name()))
		}
	}
	return out, nil
}

// ListRuns reads all runs in a folder of runs, oldest first. Folders that are no
// runs are passed over.
func ListRuns(runs string) ([]Info, error) {
	dirs, err := RunDirs(runs)
	if err != nil {
		return nil, err
	}
	var out []Info
	for _, dir := range dirs {
		i, err := ReadInfo(dir)
		if err == nil {
			out = append(out, i)
		} else if !errors.Is(err, ErrNotRun) {
			return nil, err
		}
	}
	return out, nil
}

// Difference is one thing in which two runs differ.
type Difference struct{ Key, A, B string }

// Diff returns where two maps of recipe values differ, by key; a key that one
// lacks counts as empty there.
func Diff(a, b map[string]string) []Difference {
	keys := map[string]bool{}
	for k := range a {
		keys[k] = true
	}
	for k := range b {
		keys[k] = true
	}
	var out []Difference
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if a[k] != b[k] {
			out = append(out, Difference{k, a[k], b[k]})
		}
	}
	return out
}

// Value returns what a run has under a key of a filter, several values joined,
// "" when it lacks it.
func (i Info) Value(key string) string {
	return strings.Join(i.values(key), ", ")
}
