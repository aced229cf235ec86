package training

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"athanor/pipeline/safetensors"
	"athanor/pipeline/train"
)

// ErrDiffers says that training again did not give the same weights.
var ErrDiffers = errors.New("training again gave other weights")

// Proof is what Verify compared.
type Proof struct {
	Tensors int
	Bytes   int
}

// Verify trains a finished run once more without a break, in a folder that is
// removed afterwards, and compares the last states bit for bit: however often
// the run was interrupted, its weights must be the same.
func Verify(ctx context.Context, dir string, emit func(train.Event)) (Proof, error) {
	recipe, err := train.LoadRecipe(filepath.Join(dir, train.RecipeName))
	if err != nil {
		return Proof{}, fmt.Errorf("verify %s: %w", dir, err)
	}
	kept, name, err := lastState(dir)
	if err != nil {
		return Proof{}, err
	}
	again, err := os.MkdirTemp("", "athanor-verify-")
	if err != nil {
		return Proof{}, fmt.Errorf("verify: %w", err)
	}
	defer os.RemoveAll(again)
	request := Request{Recipe: recipe, Dir: again}
	if first := filepath.Join(dir, "checkpoints", "fork.safetensors"); exists(first) {
		request.Fork = &Fork{Run: dir, Snapshot: first} // a fork begins with its parent's state
	}
	if _, err := Run(ctx, request, emit); err != nil {
		return Proof{}, fmt.Errorf("train again: %w", err)
	}
	fresh, other, err := lastState(again)
	if err != nil {
		return Proof{}, err
	}
	if name != other {
		return Proof{}, fmt.Errorf("%w: the run ended with %s, training again with %s; was it stopped before its end?", ErrDiffers, name, other)
	}
	return compare(kept, fresh)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// lastState reads the newest step checkpoint of a run.
func lastState(dir string) (*safetensors.File, string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*.safetensors"))
	if err != nil || len(names) == 0 {
		return nil, "", fmt.Errorf("%w in %s", train.ErrNoCheckpoint, dir)
	}
	newest := slices.Max(names)
	data, err := os.ReadFile(newest)
	if err != nil {
		return nil, "", fmt.Errorf("read checkpoint: %w", err)
	}
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", newest, err)
	}
	return f, filepath.Base(newest), nil
}

func compare(a, b *safetensors.File) (Proof, error) {
	p := Proof{Tensors: len(a.Tensors)}
	if len(a.Tensors) != len(b.Tensors) {
		return p, fmt.Errorf("%w: %d and %d tensors", ErrDiffers, len(a.Tensors), len(b.Tensors))
	}
	for i, t := range a.Tensors {
		if t.Name != b.Tensors[i].Name || !bytes.Equal(t.Data, b.Tensors[i].Data) {
			return p, fmt.Errorf("%w: tensor %s", ErrDiffers, t.Name)
		}
		p.Bytes += len(t.Data)
	}
	return p, nil
}
