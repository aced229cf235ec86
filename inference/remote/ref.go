package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"athanor/inference/model"
)

// RefSuffix is how files end that stand for a model of a service.
const RefSuffix = ".oip.json"

// Ref is a model of a service, as a small file among models of this machine. It
// holds the key, so only its owner may read it.
type Ref struct {
	URL         string `json:"url"`
	Model       string `json:"model"`
	Version     string `json:"version,omitempty"`
	Key         string `json:"key,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	Task        string `json:"task,omitempty"` // as the service told it
}

// ErrRef says that a file stands for no model of a service.
var ErrRef = errors.New("the file stands for no model of a service")

// IsRef tells by its name whether a file stands for a model of a service.
func IsRef(path string) bool { return strings.HasSuffix(path, RefSuffix) }

// LoadRef reads a file that Save wrote.
func LoadRef(path string) (r Ref, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return r, fmt.Errorf("%w: %w", ErrRef, err)
	}
	if info.Size() > 1<<16 {
		return r, fmt.Errorf("%w: %s is larger than 64 KiB", ErrRef, filepath.Base(path))
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return r, fmt.Errorf("%w: %w", ErrRef, err)
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("%w: %s: %w", ErrRef, filepath.Base(path), err)
	}
	if r.URL == "" || r.Model == "" {
		return r, fmt.Errorf("%w: %s names no address or no model", ErrRef, filepath.Base(path))
	}
	return r, nil
}

// Save writes the file for its owner only, whole or not at all.
func (r Ref) Save(path string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("save %s: %w", filepath.Base(path), err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".ref-*") // mode 0600
	if err != nil {
		return fmt.Errorf("save %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("save %s: %w", filepath.Base(path), err), os.Remove(f.Name()))
	}
	return nil
}

// Open opens the model; closing it lets the connections go.
func (r Ref) Open(ctx context.Context) (*model.Model, error) {
	c, err := New(r.URL, Options{Key: r.Key, Fingerprint: r.Fingerprint})
	if err != nil {
		return nil, err
	}
	m, err := c.open(ctx, r.Model, r.Version, true)
	if err != nil {
		c.Close()
	}
	return m, err
}

// OpenFile opens a model file of this machine, or the model of a service that a
// file stands for.
func OpenFile(ctx context.Context, path string, o model.Options) (*model.Model, error) {
	if !IsRef(path) {
		return model.Open(path, o)
	}
	r, err := LoadRef(path)
	if err != nil {
		return nil, err
	}
	return r.Open(ctx)
}
