package model

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
)

// Class is one class of an answer.
type Class struct {
	Index       int
	Label       string
	Probability float32
}

// Prediction is the answer for one sample: the probability of every class, in
// the order of the labels, or the value of a regression, which has none.
type Prediction struct {
	Probabilities []float32
	Value         float32
	labels        []string
}

// Top returns the k most probable classes, the best first; of equals, the one
// with the smaller index.
func (p Prediction) Top(k int) []Class {
	all := make([]Class, len(p.Probabilities))
	for i, v := range p.Probabilities {
		all[i] = Class{Index: i, Label: p.labels[i], Probability: v}
	}
	slices.SortStableFunc(all, func(a, b Class) int { return cmp.Compare(b.Probability, a.Probability) })
	return all[:min(max(k, 0), len(all))]
}

// need refuses what the model was not made for.
func (m *Model) need(task Task) error {
	switch {
	case m.info.Task == Foreign:
		return fmt.Errorf("%w: the file has no %s; give tensors to Run, or export the model from the studio", ErrForeign, KeyTask)
	case m.info.Task != task:
		return fmt.Errorf("%w: it reads %s, not %s", ErrTask, m.info.Task, task)
	case len(m.info.Labels) == 0 && m.answer() != OutputValue:
		return fmt.Errorf("%w: the file has no class names (%s); add them, or give tensors to Run", ErrForeign, KeyLabels)
	}
	return nil
}

// single returns the only input.
func (m *Model) single() (Port, error) {
	if n := len(m.info.Inputs); n != 1 {
		return Port{}, fmt.Errorf("%w: it has %d inputs, a studio model has one; give tensors to Run", ErrForeign, n)
	}
	return m.info.Inputs[0], nil
}

// classify runs the model on one input batch of n samples and closes it.
func (m *Model) classify(ctx context.Context, n int, in ...*runtime.Tensor) ([]Prediction, error) {
	defer closeAll(in)
	out, err := m.Run(ctx, in)
	if err != nil {
		return nil, err
	}
	defer closeAll(out)
	name := m.answer()
	k := slices.IndexFunc(m.Outputs(), func(p Port) bool { return p.Name == name })
	if k < 0 {
		return nil, fmt.Errorf("%w: it has no output %q", ErrForeign, OutputProbabilities)
	}
	return m.answers(out[k], n)
}

// answer names the output that holds the answer.
func (m *Model) answer() string {
	for _, name := range []string{OutputProbabilities, OutputValue} {
		if slices.ContainsFunc(m.info.Outputs, func(p Port) bool { return p.Name == name }) {
			return name
		}
	}
	return ""
}

func (m *Model) answers(t *runtime.Tensor, n int) ([]Prediction, error) {
	each := max(len(m.info.Labels), 1)
	if t.Type() != onnx.Float || len(t.Bytes()) != 4*n*each {
		return nil, fmt.Errorf("%w: the answer is %s%v for %d samples and %d class names",
			ErrMetadata, t.Type(), t.Shape(), n, len(m.info.Labels))
	}
	values := slices.Clone(runtime.Data[float32](t))
	out := make([]Prediction, n)
	for i := range out {
		out[i] = m.prediction(values[i*each : (i+1)*each : (i+1)*each])
	}
	return out, nil
}

func (m *Model) prediction(values []float32) Prediction {
	if len(m.info.Labels) == 0 {
		return Prediction{Value: values[0]}
	}
	return Prediction{Probabilities: values, labels: m.info.Labels}
}

// batched splits samples into batches the model takes at once: of any size
// when its first dimension is free, else of exactly its size, the last one
// padded by repeating.
func batched[T any](p Port, samples []T, most int, run func(part []T, n int) ([]Prediction, error)) ([]Prediction, error) {
	size := most
	fixed := p.Ranked && len(p.Shape) > 0 && p.Shape[0].Known
	if fixed {
		size = int(p.Shape[0].Value)
	}
	if size <= 0 {
		return nil, fmt.Errorf("%w: it takes %s", ErrForeign, p.Text)
	}
	out := make([]Prediction, 0, len(samples))
	for part := range slices.Chunk(samples, size) {
		n := len(part)
		for fixed && len(part) < size {
			part = append(slices.Clip(part), part[0])
		}
		answers, err := run(part, len(part))
		if err != nil {
			return nil, err
		}
		out = append(out, answers[:n]...)
	}
	return out, nil
}

// AnswerName is the output that holds a studio model's answer, and Answer reads
// one sample of it, as a service that ran the model itself has it.
func (m *Model) AnswerName() (string, error) {
	if name := m.answer(); name != "" {
		return name, nil
	}
	return "", fmt.Errorf("%w: it has no output %q", ErrForeign, OutputProbabilities)
}

// Answer reads the values of one sample of the output AnswerName.
func (m *Model) Answer(values []float32) (Prediction, error) {
	if len(values) != max(len(m.info.Labels), 1) {
		return Prediction{}, fmt.Errorf("%w: %d values for %d class names", ErrMetadata, len(values), len(m.info.Labels))
	}
	return m.prediction(values), nil
}
