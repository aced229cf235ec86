package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"athanor/pipeline/dataset"
	"athanor/pipeline/safetensors"
)

// Snapshot is a kept state of a run: what rewinding and forking start from.
type Snapshot struct {
	Path string
	// Step and Epoch say how much was done: Epoch counts whole epochs, Batch the
	// batches after them.
	Step, Epoch, Batch int
	// ValLoss and ValAccuracy are of the last validation before it.
	ValLoss, ValAccuracy float64
	Bytes                int64
}

const (
	checkpointsDir = "checkpoints"
	epochPrefix    = "epoch-"
	stepPrefix     = "step-"
	checkpointEnd  = ".safetensors"
	// forkName is the state that a forked run began with.
	forkName = "fork" + checkpointEnd
)

func epochName(epoch int) string { return fmt.Sprintf("%s%06d%s", epochPrefix, epoch, checkpointEnd) }

// Snapshots lists the states that a run's folder holds, the earliest first; of
// several at one step one is listed. Files that cannot be read are passed over,
// and a run without any has none.
func Snapshots(dir string) ([]Snapshot, error) {
	folder := filepath.Join(dir, checkpointsDir)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	found := map[int]Snapshot{}
	for _, e := range entries { // by name: epoch-… before step-…, which may be pruned
		if n := e.Name(); !strings.HasSuffix(n, checkpointEnd) || strings.HasPrefix(n, ".") {
			continue
		}
		s, err := ReadSnapshot(filepath.Join(folder, e.Name()))
		if old, seen := found[s.Step]; err == nil && (!seen || rank(s.Path) < rank(old.Path)) {
			found[s.Step] = s
		}
	}
	out := make([]Snapshot, 0, len(found))
	for _, s := range found {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Snapshot) int { return a.Step - b.Step })
	return out, nil
}

// rank orders the kinds of files by how long they are kept.
func rank(path string) int {
	name := filepath.Base(path)
	return slices.Index([]bool{
		strings.HasPrefix(name, epochPrefix), name == forkName, name == bestName, true,
	}, true)
}

// ReadSnapshot reads what a checkpoint says about itself, without its tensors.
func ReadSnapshot(path string) (Snapshot, error) {
	f, err := os.Open(path)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read snapshot: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	metadata, err := safetensors.Metadata(f)
	if err != nil {
		return Snapshot{}, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	var p position
	if err := json.Unmarshal([]byte(metadata[keyPosition]), &p); err != nil {
		return Snapshot{}, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	s := Snapshot{Path: path, Step: p.Step, Epoch: p.Epoch, Batch: p.Batch, ValLoss: p.ValLoss, ValAccuracy: p.ValScore}
	if info, err := f.Stat(); err == nil {
		s.Bytes = info.Size()
	}
	return s, nil
}

// keepEpoch makes a checkpoint at an epoch's end outlive the pruning of step
// checkpoints and thins what is kept. It costs no second file where the file
// system knows links.
func (c *checkpoints) keepEpoch(name string, p position) error {
	if c.snapshots <= 0 || p.Batch != 0 || p.Epoch == 0 {
		return nil
	}
	if err := linkFile(filepath.Join(c.dir, name), filepath.Join(c.dir, epochName(p.Epoch))); err != nil {
		return fmt.Errorf("keep snapshot: %w", err)
	}
	return c.thin(p.BestEpoch)
}

// linkFile gives a file a second name, or copies it where links are unknown.
func linkFile(from, to string) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if os.Link(from, to) == nil {
		return nil
	}
	return writeAtomic(to, func(w io.Writer) error {
		f, err := os.Open(from)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // only read
		_, err = io.Copy(w, f)
		return err
	})
}

// thin removes snapshots of epochs until no more than the wanted number is left,
// each time the one whose neighbours lie closest together: what stays is spread
// over the run. The first, the newest and the best stay.
func (c *checkpoints) thin(best int) error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("list snapshots: %w", err)
	}
	var epochs []int
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscanf(e.Name(), epochPrefix+"%06d"+checkpointEnd, &n); err == nil && epochName(n) == e.Name() {
			epochs = append(epochs, n)
		}
	}
	slices.Sort(epochs)
	for _, n := range thinned(epochs, c.snapshots, best) {
		if err := os.Remove(filepath.Join(c.dir, epochName(n))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove old snapshot: %w", err)
		}
	}
	return nil
}

// thinned returns which of some epochs to remove so that keep are left.
func thinned(epochs []int, keep, best int) (removed []int) {
	left := slices.Clone(epochs)
	for len(left) > max(keep, 1) {
		at, gap := -1, 0
		for i := 1; i+1 < len(left); i++ {
			if g := left[i+1] - left[i-1]; left[i] != best && (at < 0 || g < gap) {
				at, gap = i, g
			}
		}
		if at < 0 {
			at = slices.IndexFunc(left[:len(left)-1], func(e int) bool { return e != best })
		}
		if at < 0 {
			break
		}
		removed = append(removed, left[at])
		left = slices.Delete(left, at, at+1)
	}
	return removed
}

// ExportSnapshot writes a snapshot of a run as a model file at out, after it has
// proved on real samples that the file answers as the state did. The recipe, the
// set and a network given from outside must be the run's; it emits nothing.
func ExportSnapshot(ctx context.Context, recipe Recipe, set *dataset.Set, given *Given, snapshot, out, version string) error {
	recipe, err := recipe.Resolve()
	if err != nil {
		return err
	}
	r, err := newRun(ctx, recipe, Deps{Set: set, Given: given, Store: nowhere{dir: filepath.Dir(out)}, Version: version}, func(Event) {})
	if err != nil {
		return err
	}
	defer r.close()
	parts, p, err := r.files.readFile(snapshot)
	if err != nil {
		return err
	}
	r.position = p
	r.best = r.net.modelParts(parts)
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return fmt.Errorf("export snapshot: %w", err)
	}
	_, err = r.exportTo(ctx, out)
	return err
}

// Judged is what a state makes of one sample.
type Judged struct {
	Loss float64
	// Class is the most likely one, -1 in regression, where Value is the answer.
	Class int
	Value float64
}

// JudgeSamples computes losses and answers of rows of a feed under a snapshot of
// the run, without dropout and augmentation. The recipe, the set and a network
// given from outside must be the run's.
func JudgeSamples(ctx context.Context, recipe Recipe, set *dataset.Set, given *Given, snapshot string, feed dataset.Feed, rows []int) ([]Judged, error) {
	recipe, err := recipe.Resolve()
	if err != nil {
		return nil, err
	}
	r, err := newRun(ctx, recipe, Deps{Set: set, Given: given, Store: nowhere{}}, func(Event) {})
	if err != nil {
		return nil, err
	}
	defer r.close()
	parts, _, err := r.files.readFile(snapshot)
	if err != nil {
		return nil, err
	}
	a, err := r.eval.bestOver(ctx, r.net.modelParts(parts), feed, rows)
	if err != nil {
		return nil, err
	}
	out := make([]Judged, len(rows))
	width := r.net.outputs()
	for i := range out {
		scores := a.outputs[i*width : (i+1)*width]
		out[i] = Judged{Loss: float64(a.losses[i]), Class: -1, Value: float64(scores[0])}
		if r.net.classes > 0 {
			out[i].Class = slices.Index(scores, slices.Max(scores))
		}
	}
	return out, nil
}

// modelParts are the parts of a state that the model needs: parameters and
// buffers.
func (n *network) modelParts(parts [][]byte) [][]byte {
	out := parts[:1:1]
	if len(n.buffers) > 0 {
		out = append(out, parts[len(parts)-1])
	}
	return out
}

// nowhere is a store for work that leaves no record.
type nowhere struct{ dir string }

func (n nowhere) Dir() string             { return n.dir }
func (nowhere) AppendMetric(Metric) error { return nil }
func (nowhere) AppendEvent(Event) error   { return nil }
func (nowhere) Flush() error              { return nil }
func (nowhere) CutAfter(int) error        { return nil }
