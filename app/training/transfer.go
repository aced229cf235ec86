package training

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"

	"athanor/app/store"
	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// given opens the network that a recipe teaches; nil where it teaches none. dir
// is the run's folder, where an adapter is kept.
func given(ctx context.Context, r train.Recipe, set *dataset.Set, dir string) (*train.Given, error) {
	t := r.Transfer
	if t == nil {
		return nil, nil //nolint:nilnil // most recipes name an architecture
	}
	m, err := onnx.Load(t.Model)
	if err != nil {
		return nil, err
	}
	network, err := transfer.Open(m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Model, err)
	}
	g, err := network.Given(ctx, *t, set, transfer.FeatureConfig{Threads: r.Threads, Device: r.Device})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Model, err)
	}
	if t.Rank > 0 {
		g.Trained = func(values []train.Value) error {
			var file bytes.Buffer
			if err := transfer.WriteAdapter(&file, values); err != nil {
				return err
			}
			return store.WriteFile(filepath.Join(dir, transfer.AdapterName), file.Bytes())
		}
	}
	return g, nil
}
