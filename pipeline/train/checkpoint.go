package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"athanor/pipeline/optim"
	"athanor/pipeline/safetensors"
)

// Errors of resuming.
var (
	// ErrNoCheckpoint: there is nothing to resume from.
	ErrNoCheckpoint = errors.New("no checkpoint")
	// ErrDamaged: a checkpoint cannot be read.
	ErrDamaged = errors.New("checkpoint is damaged")
	// ErrOtherRun: a checkpoint belongs to another recipe or data set.
	ErrOtherRun = errors.New("checkpoint belongs to another run")
)

// position is everything besides tensors that decides how a run goes on.
type position struct {
	Step      int           `json:"step"`  // steps done
	Epoch     int           `json:"epoch"` // epochs done
	Batch     int           `json:"batch"` // batches done inside the epoch
	LossSum   float64       `json:"loss_sum"`
	HitSum    float64       `json:"hit_sum"`
	Seen      int           `json:"seen"`
	Factor    float64       `json:"factor"` // of the learning rate, set by hand
	Excluded  []int         `json:"excluded,omitempty"`
	Plateau   optim.Plateau `json:"plateau"`
	Best      score         `json:"best"`
	BestEpoch int           `json:"best_epoch"`
	Since     int           `json:"since"` // epochs without a better one
	Seconds   float64       `json:"seconds"`
	ValLoss   float64       `json:"val_loss"`
	ValScore  float64       `json:"val_score"`
	// Fresh is the step at which the optimizer's memory began, Shift what is added
	// to the step to find the place in the schedule; both are of forks.
	Fresh int `json:"fresh,omitempty"`
	Shift int `json:"shift,omitempty"`
	// Scale is the loss's, in float16.
	Scale lossScale `json:"scale,omitzero"`
}

// score orders epochs: more accuracy is better, then less loss.
type score struct {
	Seen     bool    `json:"seen"`
	Accuracy float64 `json:"accuracy"`
	Loss     float64 `json:"loss"`
}

func (s score) betterThan(o score) bool {
	if !s.Seen || !o.Seen {
		return s.Seen
	}
	if s.Accuracy != o.Accuracy {
		return s.Accuracy > o.Accuracy
	}
	return s.Loss < o.Loss
}

// Metadata keys of a checkpoint.
const (
	keyPosition    = "athanor.position"
	keyRecipe      = "athanor.recipe"      // hash of what decides the numbers
	keyFingerprint = "athanor.fingerprint" // of the data set
	keyDigest      = "athanor.sha256"      // of all tensor data
	keyOptimizer   = "athanor.optimizer"   // the rule the slots belong to
	keyOrder       = "athanor.order"       // what decides the batches
)

const (
	bestName   = "best" + checkpointEnd
	slotPrefix = "optimizer.slot"
)

// checkpoints keeps a run's states in one folder.
type checkpoints struct {
	dir         string
	network     *network
	recipe      string
	fingerprint string
	keep        int
	order       string
	snapshots   int // of epochs, that are kept
}

func stepName(step int) string { return fmt.Sprintf("%s%09d%s", stepPrefix, step, checkpointEnd) }

// file lays a state out as named tensors: each parameter, each optimizer slot
// of it, each buffer.
func (c *checkpoints) file(parts [][]byte, p position) (*safetensors.File, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write checkpoint: %w", err)
	}
	digest := sha256.New()
	for _, part := range parts {
		digest.Write(part)
	}
	f := &safetensors.File{Metadata: map[string]string{
		keyPosition: string(text), keyRecipe: c.recipe, keyFingerprint: c.fingerprint, keyDigest: hex.EncodeToString(digest.Sum(nil)),
		keyOptimizer: c.network.recipe.Optimizer.Name, keyOrder: c.order,
	}}
	slots := c.network.recipe.rule().Slots()
	for i, part := range parts[:1+slots] {
		prefix := ""
		if i > 0 {
			prefix = fmt.Sprintf("%s%d.", slotPrefix, i-1)
		}
		for _, q := range c.network.parameters {
			part = appendTensor(f, prefix+q.Name, q.Shape, part)
		}
	}
	if len(parts) > 1+slots {
		part := parts[1+slots]
		for _, b := range c.network.buffers {
			part = appendTensor(f, "buffer."+b.Name, b.Shape, part)
		}
	}
	return f, nil
}

func appendTensor(f *safetensors.File, name string, shape []int, data []byte) []byte {
	n := 4 * size(shape)
	f.Tensors = append(f.Tensors, safetensors.Tensor{Name: name, Type: "F32", Shape: shape, Data: data[:n]})
	return data[n:]
}

// write stores a state under a name, whole or not at all.
func (c *checkpoints) write(name string, parts [][]byte, p position) (string, error) {
	f, err := c.file(parts, p)
	if err != nil {
		return "", err
	}
	path := filepath.Join(c.dir, name)
	if err := writeAtomic(path, f.Write); err != nil {
		return "", fmt.Errorf("write checkpoint %s: %w", path, err)
	}
	return path, nil
}

// prune removes all but the newest step checkpoints.
func (c *checkpoints) prune() error {
	names, err := c.list()
	if err != nil {
		return err
	}
	for _, name := range names[min(c.keep, len(names)):] {
		if err := os.Remove(filepath.Join(c.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove old checkpoint: %w", err)
		}
	}
	return nil
}

// list names the step checkpoints, newest first.
func (c *checkpoints) list() ([]string, error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	var names []string
	for _, e := range entries {
		if n := e.Name(); strings.HasPrefix(n, stepPrefix) && strings.HasSuffix(n, checkpointEnd) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	return names, nil
}

// latest reads the newest checkpoint that can be read. A damaged one is passed
// over; its error is in the list that comes back.
func (c *checkpoints) latest() (parts [][]byte, p position, skipped []error, err error) {
	names, err := c.list()
	if err != nil {
		return nil, p, nil, err
	}
	if _, err := os.Stat(filepath.Join(c.dir, forkName)); err == nil {
		names = append(names, forkName) // where a fork began
	}
	for _, name := range names {
		parts, p, err = c.read(name)
		if err == nil || errors.Is(err, ErrOtherRun) {
			return parts, p, skipped, err
		}
		skipped = append(skipped, err)
	}
	return nil, p, skipped, fmt.Errorf("%w in %s", ErrNoCheckpoint, c.dir)
}

// read reads one checkpoint and checks that it is whole and of this run.
func (c *checkpoints) read(name string) ([][]byte, position, error) {
	return c.readFile(filepath.Join(c.dir, name))
}

func (c *checkpoints) readFile(path string) ([][]byte, position, error) {
	var p position
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, p, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, p, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	if f.Metadata[keyRecipe] != c.recipe || f.Metadata[keyFingerprint] != c.fingerprint {
		return nil, p, fmt.Errorf("%w: %s was made with another recipe or other data; start a new run, or use the recipe.toml beside it", ErrOtherRun, path)
	}
	if err := json.Unmarshal([]byte(f.Metadata[keyPosition]), &p); err != nil {
		return nil, p, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	parts, err := c.parts(f)
	if err != nil {
		return nil, p, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	return parts, p, nil
}

// parts gathers the flat vectors from the named tensors.
func (c *checkpoints) parts(f *safetensors.File) ([][]byte, error) {
	want, err := c.file(c.network.emptyParts(), position{})
	if err != nil {
		return nil, err
	}
	if len(f.Tensors) != len(want.Tensors) {
		return nil, fmt.Errorf("it has %d tensors, the model %d", len(f.Tensors), len(want.Tensors))
	}
	digest := sha256.New()
	var all []byte
	for i, t := range f.Tensors {
		if t.Name != want.Tensors[i].Name || !slices.Equal(t.Shape, want.Tensors[i].Shape) {
			return nil, fmt.Errorf("tensor %s is not the model's %s", t.Name, want.Tensors[i].Name)
		}
		digest.Write(t.Data)
		all = append(all, t.Data...)
	}
	if hex.EncodeToString(digest.Sum(nil)) != f.Metadata[keyDigest] {
		return nil, errors.New("its checksum does not match")
	}
	var parts [][]byte
	for _, part := range c.network.emptyParts() {
		parts = append(parts, all[:len(part)])
		all = all[len(part):]
	}
	return parts, nil
}

// emptyParts is a state's layout.
func (n *network) emptyParts() [][]byte {
	var parts [][]byte
	for range 1 + n.recipe.rule().Slots() {
		parts = append(parts, make([]byte, 4*n.flat()))
	}
	if len(n.buffers) > 0 {
		parts = append(parts, make([]byte, 4*n.flatBuffers()))
	}
	return parts
}
