package transfer

import (
	"context"

	"athanor/pipeline/dataset"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
	"athanor/pipeline/train"
)

// HeadOnly makes of a transfer that trains nothing but a new head what train.Run
// takes: the set with the network's features computed once in place of its samples,
// and the head. The recipe's transfer must be resolved; the set stays the caller's.
func (n *Network) HeadOnly(ctx context.Context, t train.Transfer, set *dataset.Set, how FeatureConfig) (*dataset.Set, *train.Given, error) {
	how.Pixels = pixelsOf(t)
	features, err := n.FeatureSet(ctx, set, how)
	if err != nil {
		return nil, nil, err
	}
	features.Task = set.Task // what the recipe and the model speak of
	head, err := nn.Find("mlp", string(dataset.Table))
	if err != nil {
		return nil, nil, err
	}
	return features, &train.Given{Build: func(c *nn.Context, x []*graph.Value, outputs int) (*graph.Value, error) {
		return head.Build(c, x, nn.Config{Outputs: outputs, Hidden: t.Hidden}), c.Err()
	}}, nil
}

// pixelsOf is how the network wants pixels.
func pixelsOf(t train.Transfer) Pixels {
	return Pixels{Scale: t.Scale, Mean: t.Mean, Deviation: t.Deviation, Swap: t.Swap}
}
