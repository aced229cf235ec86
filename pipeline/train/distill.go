package train

import (
	"errors"
	"fmt"

	"athanor/pipeline/graph"
)

// Teacher is the network that a recipe with Distill learns from.
type Teacher struct {
	// Build builds the teacher on the feed's columns, for training, and returns its
	// logits, [N, classes], in the order of the data's classes.
	Build func(b *graph.Builder, x []*graph.Value) (*graph.Value, error)
}

// resolve fills in what is left open.
func (d Distill) resolve() *Distill {
	set(&d.Temperature, 4)
	set(&d.Weight, 0.7)
	set(&d.Scale, 1)
	return &d
}

// wrong says which setting is out of its range, or nothing.
func (d Distill) wrong() string {
	switch {
	case d.Model == "":
		return "distill.model names no file"
	case d.Temperature < 1 || d.Temperature > 100:
		return "distill.temperature must be between 1 and 100"
	case d.Weight <= 0 || d.Weight > 1:
		return "distill.weight must be above 0 and at most 1"
	}
	return ""
}

// checkTeacher refuses a teacher that has nothing to say of the data.
func (n *network) checkTeacher() error {
	if n.recipe.Distill != nil && n.classes == 0 {
		return fmt.Errorf("%w: a teacher tells classes apart, and the data has numbers", ErrData)
	}
	return nil
}

// distilled is the loss with the teacher's share: (1−w)·loss + w·T²·KL(p‖q) where p
// and q are the softmax of the teacher's and the student's logits divided by T.
// T² keeps the size of gradients as T changes.
func (n *network) distilled(b *graph.Builder, x []*graph.Value, y, loss *graph.Value) *graph.Value {
	d := n.recipe.Distill
	switch {
	case d == nil:
		return loss
	case n.teacher == nil: // only evaluation does without
		n.trouble = fmt.Errorf("%w: it learns from %s, and no network was opened for it", ErrRecipe, d.Model)
		return loss
	}
	var logits *graph.Value
	var err error
	b.In("teacher", func() { logits, err = n.teacher.Build(b, x) })
	if err != nil {
		n.trouble = errors.Join(n.trouble, err)
		return loss
	}
	log := func(v *graph.Value) *graph.Value {
		return b.Op("LogSoftmax", graph.Attrs{"axis": -1}, b.MulBy(v, 1/d.Temperature))
	}
	wanted := log(logits)
	apart := b.Mul(b.Op("Exp", nil, wanted), b.Sub(wanted, log(y)))
	soft := b.MulBy(b.ReduceSum(apart, true, 1), d.Temperature*d.Temperature*d.Weight)
	return b.Add(b.MulBy(loss, 1-d.Weight), soft)
}
