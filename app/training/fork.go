package training

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/pipeline/curve"
	"athanor/pipeline/train"
)

// ErrSnapshot says that a run keeps no such snapshot.
var ErrSnapshot = errors.New("no such snapshot")

// Fork is a run's snapshot that another run begins with.
type Fork struct {
	Run      string // the parent's folder
	Snapshot string // path of its checkpoint
}

// begin notes the parent in the new run's folder.
func (f *Fork) begin(run *store.Run, recipe train.Recipe) (*train.Fork, error) {
	s, err := train.ReadSnapshot(f.Snapshot)
	if err != nil {
		return nil, err
	}
	parent, err := stored(f.Run)
	if err != nil {
		return nil, err
	}
	id := filepath.Base(f.Run)
	if err := run.Fork(id, s.Step, s.Epoch, activeAt(f.Run, s.Step)); err != nil {
		return nil, err
	}
	return &train.Fork{
		Snapshot: f.Snapshot, Parent: id + "@" + strconv.Itoa(s.Epoch),
		OtherData: parent.Data.Path != recipe.Data.Path,
	}, nil
}

// activeAt is how long a run had worked when it did a step, zero where that is
// not known.
func activeAt(dir string, step int) time.Duration {
	c, err := store.OpenCurves(dir)
	if err != nil {
		return 0
	}
	defer c.Close() //nolint:errcheck // only read
	s, err := c.Series("loss", metrics.Step)
	if err != nil {
		return 0
	}
	active, err := c.Series("loss", metrics.Active)
	if err != nil {
		return 0
	}
	p, ok := curve.Line{Samples: s}.Nearest(float64(step))
	if !ok {
		return 0
	}
	return time.Duration(active.X(p.Row) * float64(time.Second))
}

// ForkRecipe is the recipe of a run, from which a fork's settings begin, without
// the run's name.
func ForkRecipe(dir string) (train.Recipe, error) {
	r, err := stored(dir)
	if err != nil {
		return r, err
	}
	r.Name = ""
	if r.Data.Operations == "" { // changes made to the data since then are not the run's
		r.Data.Operations = train.NoOperations
	}
	return r.Resolve()
}

// stored is the recipe of a run as it was trained.
func stored(dir string) (train.Recipe, error) {
	r, err := train.LoadRecipe(filepath.Join(dir, train.RecipeName))
	if err == nil {
		r, err = r.Resolve()
	}
	if err != nil {
		return r, fmt.Errorf("the recipe of run %s: %w", filepath.Base(dir), err)
	}
	return r, nil
}

// FindSnapshot finds the snapshot of a run that a person names: an epoch's
// number, step:NUMBER, best, or last (also the empty name).
func FindSnapshot(dir, name string) (train.Snapshot, error) {
	list, err := train.Snapshots(dir)
	if err != nil {
		return train.Snapshot{}, err
	}
	if len(list) == 0 {
		return train.Snapshot{}, fmt.Errorf("%w: %s keeps none; set train.keep_snapshots above 0", ErrSnapshot, filepath.Base(dir))
	}
	if name == "" || name == "last" {
		return list[len(list)-1], nil
	}
	if name == "best" {
		return bestSnapshot(dir, list)
	}
	want, byStep := strings.CutPrefix(name, "step:")
	n, err := strconv.Atoi(want)
	if err != nil {
		return train.Snapshot{}, fmt.Errorf("%w: %q; name an epoch, step:NUMBER, best or last", ErrSnapshot, name)
	}
	var kept []string
	for _, s := range list {
		if byStep && s.Step == n || !byStep && s.Epoch == n && s.Batch == 0 {
			return s, nil
		}
		if s.Batch == 0 {
			kept = append(kept, strconv.Itoa(s.Epoch))
		}
	}
	return train.Snapshot{}, fmt.Errorf("%w: %q; %s keeps epochs %s", ErrSnapshot, name, filepath.Base(dir), strings.Join(kept, ", "))
}

func bestSnapshot(dir string, list []train.Snapshot) (train.Snapshot, error) {
	best, err := train.ReadSnapshot(filepath.Join(dir, "checkpoints", "best.safetensors"))
	if err != nil {
		return best, fmt.Errorf("%w: best: %w", ErrSnapshot, err)
	}
	for _, s := range list {
		if s.Step == best.Step {
			return s, nil
		}
	}
	return best, nil
}

// SnapshotsDir is where models of snapshots lie in a run's folder.
const SnapshotsDir = "snapshots"

// Rewind makes a model of a run's snapshot, proves it and returns its path. One
// that was made before is used again.
func Rewind(ctx context.Context, dir string, s train.Snapshot, version string, progress func(done, total int)) (string, error) {
	out := filepath.Join(dir, SnapshotsDir, fmt.Sprintf("step-%09d.onnx", s.Step))
	if upToDate(out, s.Path) {
		return out, nil
	}
	recipe, err := stored(dir)
	if err != nil {
		return "", err
	}
	set, err := Open(ctx, recipe, progress)
	if err != nil {
		return "", fmt.Errorf("open the run's data: %w", err)
	}
	set, given, err := Taught(ctx, recipe, set)
	if err != nil {
		return "", fmt.Errorf("open the run's network: %w", err)
	}
	return out, train.ExportSnapshot(ctx, recipe, set, given, s.Path, out, version)
}

// upToDate reports whether a file is there and not older than its source.
func upToDate(path, source string) bool {
	made, err := os.Stat(path)
	if err != nil {
		return false
	}
	from, err := os.Stat(source)
	return err == nil && !from.ModTime().After(made.ModTime())
}
