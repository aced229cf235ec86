package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
	"athanor/pipeline/graph"
	"athanor/pipeline/train"
)

// ErrTeacher: the network does not tell the data's classes apart.
var ErrTeacher = errors.New("the teacher does not know the data's classes")

// Teacher is the network as one that a student learns from. labels are the
// teacher's own classes in the order of its outputs, where they are known; else it
// must have the data's classes in their order.
func (n *Network) Teacher(d train.Distill, labels, classes []string) (*train.Teacher, error) {
	places, err := matched(labels, classes, n.Head.Outputs)
	if err != nil {
		return nil, err
	}
	p := Pixels{Scale: d.Scale, Mean: d.Mean, Deviation: d.Deviation, Swap: d.Swap}
	return &train.Teacher{Build: func(b *graph.Builder, x []*graph.Value) (*graph.Value, error) {
		y, err := n.scores(b, x[0], p)
		if err != nil || places == nil {
			return y, err
		}
		return b.Op("Gather", graph.Attrs{"axis": 1}, y, b.Ints(places...)), b.Err()
	}}, nil
}

// matched finds the data's classes among the teacher's; nil where they are the
// same in the same order.
func matched(labels, classes []string, outputs int) ([]int, error) {
	if len(labels) != outputs {
		if outputs != len(classes) {
			return nil, fmt.Errorf("%w: it tells %d apart and names none of them, the data has %d", ErrTeacher, outputs, len(classes))
		}
		return nil, nil
	}
	places := make([]int, len(classes))
	for i, c := range classes {
		if places[i] = slices.Index(labels, c); places[i] < 0 {
			return nil, fmt.Errorf("%w: it does not know %q", ErrTeacher, c)
		}
	}
	if slices.Equal(labels, classes) {
		return nil, nil
	}
	return places, nil
}

// scores builds the network up to its logits, [N, Outputs].
func (n *Network) scores(b *graph.Builder, x *graph.Value, p Pixels) (*graph.Value, error) {
	in, err := n.inputs(b, x, p)
	if err != nil {
		return nil, err
	}
	var im *graph.Imported
	b.In(scope, func() {
		im, err = b.Import(n.model, graph.ImportConfig{Batch: x.Shape[0], Inputs: in})
	})
	if err != nil {
		return nil, err
	}
	y := im.Outputs[0]
	for p := b.Producer(y); p != nil && slices.Contains(softened(), p.Op); p = b.Producer(y) {
		y = p.In[0]
	}
	return b.Reshape(b.Cast(y, onnx.Float), graph.Unknown, n.Head.Outputs), b.Err()
}

// softened are the operators behind the logits.
func softened() []string {
	return []string{"Softmax", "LogSoftmax", "Sigmoid", "Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze"}
}

// Accuracy is the share of a feed's samples that the teacher is right on.
func (n *Network) Accuracy(ctx context.Context, set *dataset.Set, feed dataset.Feed, teacher *train.Teacher, how FeatureConfig) (float64, error) {
	e, err := open(set, len(set.Classes), how, func(b *graph.Builder, x *graph.Value) (*graph.Value, error) {
		return teacher.Build(b, []*graph.Value{x})
	})
	if err != nil {
		return 0, err
	}
	defer e.close()
	scores, err := e.run(ctx, feed)
	if err != nil {
		return 0, fmt.Errorf("ask the teacher: %w", err)
	}
	return scores.right(), nil
}

// right is the share of rows whose largest number stands at the sample's class.
func (v *vectors) right() float64 {
	right := 0
	for row := range v.Len() {
		scores := v.data[row*v.width : (row+1)*v.width]
		if slices.Index(scores, slices.Max(scores)) == v.Class(row) {
			right++
		}
	}
	return float64(right) / float64(max(v.Len(), 1))
}
