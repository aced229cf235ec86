package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"athanor/pipeline/safetensors"
)

// ErrFork says that a run cannot go on from a snapshot with these settings.
var ErrFork = errors.New("cannot fork from this snapshot")

// Fork is where a new run takes its first state from.
type Fork struct {
	Snapshot string // path of a checkpoint of another run
	// Parent names that run in the record.
	Parent string
	// OtherData says that the samples are not the parent's: what was excluded
	// there means nothing here.
	OtherData bool
}

// fork begins the run with another run's state: its weights, its optimizer's
// memory where the rule is the same, its step and epoch. What the settings do not
// change goes on as it would have there.
func (r *run) fork(ctx context.Context, f Fork) error {
	from, err := readTensors(f.Snapshot)
	if err != nil {
		return err
	}
	parts, fresh, err := r.files.adopt(from)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrFork, filepath.Base(f.Snapshot), err)
	}
	p, err := r.forked(from, fresh)
	if err != nil {
		return err
	}
	if err := r.state.restore(ctx, parts); err != nil {
		return fmt.Errorf("%w: %w", ErrFork, err)
	}
	if f.OtherData {
		p.Excluded = nil
	}
	r.position = p
	for _, row := range p.Excluded {
		r.excluded[row] = true
	}
	r.clock.before = p.Seconds
	if err := r.firstFiles(parts); err != nil {
		return err
	}
	note := f.Parent
	if fresh {
		note += "; the optimizer begins anew"
	}
	if err := r.emit(Mark{Kind: MarkFork, Step: p.Step, Time: time.Now(), Value: float64(p.Epoch), Note: note}); err != nil {
		return err
	}
	return r.tellExcluded(p.Excluded)
}

// firstFiles keeps the state that the fork begins with: it can be resumed, and
// proved, even when its parent is gone.
func (r *run) firstFiles(parts [][]byte) error {
	path, err := r.files.write(forkName, parts, r.position)
	if err != nil {
		return err
	}
	if err := linkFile(path, filepath.Join(r.files.dir, stepName(r.Step))); err != nil {
		return fmt.Errorf("keep the fork's first state: %w", err)
	}
	if !r.Best.Seen {
		return nil
	}
	r.best = r.net.modelParts(parts)
	if err := linkFile(path, filepath.Join(r.files.dir, bestName)); err != nil {
		return fmt.Errorf("keep the fork's first state: %w", err)
	}
	return nil
}

// forked is the position at which the fork begins.
func (r *run) forked(from *safetensors.File, fresh bool) (position, error) {
	var p position
	if err := json.Unmarshal([]byte(from.Metadata[keyPosition]), &p); err != nil {
		return p, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if p.Epoch >= r.recipe.Train.Epochs {
		return p, fmt.Errorf("%w: it has done %d epochs and the settings ask for %d in all; ask for more epochs", ErrFork, p.Epoch, r.recipe.Train.Epochs)
	}
	sameData := from.Metadata[keyFingerprint] == r.deps.Set.Fingerprint
	sameOrder := sameData && from.Metadata[keyOrder] == r.files.order
	if !sameOrder { // the epoch under way has other batches now: it begins anew
		p.Batch, p.LossSum, p.HitSum, p.Seen = 0, 0, 0, 0
	}
	p.Since, p.BestEpoch, p.Best = 0, 0, score{}
	if sameData && p.Batch == 0 && p.Epoch > 0 {
		p.Best, p.BestEpoch = score{Seen: true, Accuracy: p.ValScore, Loss: p.ValLoss}, p.Epoch
	}
	if fresh {
		p.Fresh = p.Step
	}
	if total := r.batchesAnEpoch(); !sameOrder {
		p.Shift = p.Epoch*total - p.Step
	}
	return p, nil
}

func (r *run) batchesAnEpoch() int {
	return (r.deps.Set.Train.Len() + r.recipe.Train.Batch - 1) / r.recipe.Train.Batch
}

// order identifies what decides which samples are in which batch.
func (r Recipe) order() string { return fmt.Sprintf("seed %d batch %d", r.Seed, r.Train.Batch) }

// adopt lays another run's tensors out as this network's state. fresh says that
// the optimizer's memory could not be taken over.
func (c *checkpoints) adopt(from *safetensors.File) (parts [][]byte, fresh bool, err error) {
	parts = c.network.emptyParts()
	want, err := c.file(parts, position{})
	if err != nil {
		return nil, false, err
	}
	fresh = from.Metadata[keyOptimizer] != c.network.recipe.Optimizer.Name
	for _, t := range want.Tensors {
		slot := strings.HasPrefix(t.Name, slotPrefix)
		if slot && fresh {
			continue
		}
		have, ok := from.Find(t.Name)
		if !ok || !slices.Equal(have.Shape, t.Shape) || have.Type != t.Type {
			return nil, false, fmt.Errorf("it holds %v for %s, the new settings need %v; model and classes cannot change in a fork", have.Shape, t.Name, t.Shape)
		}
		copy(t.Data, have.Data)
	}
	for _, t := range from.Tensors {
		if _, ok := want.Find(t.Name); !ok && !strings.HasPrefix(t.Name, slotPrefix) {
			return nil, false, fmt.Errorf("it holds %s, which the new settings have no place for; the model cannot change in a fork", t.Name)
		}
	}
	return parts, fresh, nil
}

// readTensors reads a checkpoint of any run and checks that it is whole.
func readTensors(path string) (*safetensors.File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCheckpoint, err)
	}
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	digest := sha256.New()
	for _, t := range f.Tensors {
		digest.Write(t.Data)
	}
	if hex.EncodeToString(digest.Sum(nil)) != f.Metadata[keyDigest] {
		return nil, fmt.Errorf("%w: %s: its checksum does not match", ErrDamaged, path)
	}
	return f, nil
}
