package serve

import (
	"fmt"
	"slices"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/serve/oip"
)

func closeAll(list []*runtime.Tensor) {
	for _, t := range list {
		t.Close()
	}
}

// scratch is the memory of a model's inputs, used again by each run: the runs of
// one batcher come one after another, and none keeps its inputs.
type scratch [][]byte

// maxScratch is the most of it that is kept for one input, in bytes.
const maxScratch = 4 << 20

// memory returns n bytes for input i, whose content is what was left there.
func (s *scratch) memory(i, n int) []byte {
	for len(*s) <= i {
		*s = append(*s, nil)
	}
	if n > maxScratch {
		return runtime.Buffer(n)
	}
	if len((*s)[i]) < n {
		(*s)[i] = runtime.Buffer(n + n/2)
	}
	return (*s)[i][:n]
}

// join makes the model's inputs from those of the jobs, one below the other.
// The caller closes them, on error too.
func (s *scratch) join(jobs []*job, inputs int) ([]*runtime.Tensor, error) {
	in := make([]*runtime.Tensor, inputs)
	for i := range in {
		var err error
		if in[i], err = s.input(jobs, i); err != nil {
			return in, err
		}
	}
	return in, nil
}

func (s *scratch) input(jobs []*job, i int) (*runtime.Tensor, error) {
	first := &jobs[0].in[i]
	shape := slices.Clone(first.Shape)
	if len(jobs) > 1 {
		shape[0] = 0
		for _, j := range jobs {
			shape[0] += j.in[i].Shape[0]
		}
	}
	if first.Type == onnx.String {
		var texts []string
		for _, j := range jobs {
			texts = append(texts, j.in[i].Texts...)
		}
		t, err := runtime.NewStrings(shape, texts)
		if err != nil {
			return nil, fmt.Errorf("%w: input %q: %w", model.ErrInput, first.Name, err)
		}
		return t, nil
	}
	size := 0
	for _, j := range jobs {
		size += len(j.in[i].Data)
	}
	raw, at := s.memory(i, size), 0
	for _, j := range jobs {
		at += copy(raw[at:], j.in[i].Data)
	}
	t, err := runtime.Over(first.Type, shape, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: input %q: %w", model.ErrInput, first.Name, err)
	}
	return t, nil
}

// part gives each job its rows of the outputs. The bytes stay valid after the
// tensors are closed: they are Go memory, which Close only stops sharing.
func part(jobs []*job, out []*runtime.Tensor, ports []model.Port) ([][]oip.Tensor, error) {
	parts := make([][]oip.Tensor, len(jobs))
	for i := range parts {
		parts[i] = make([]oip.Tensor, len(out))
	}
	for k, t := range out {
		whole := oip.Tensor{Name: ports[k].Name, Type: t.Type(), Shape: slices.Clone(t.Shape()), Data: t.Bytes(), Texts: t.Strings()}
		if len(jobs) == 1 {
			parts[0][k] = whole
			continue
		}
		rows := int64(0)
		for _, j := range jobs {
			rows += j.rows
		}
		if len(whole.Shape) == 0 || whole.Shape[0] != rows {
			return nil, fmt.Errorf("%w: output %q has shape %v for %d rows", ErrRun, whole.Name, whole.Shape, rows)
		}
		from := int64(0)
		for i, j := range jobs {
			parts[i][k] = slice(whole, from, from+j.rows, rows)
			from += j.rows
		}
	}
	return parts, nil
}

// slice returns rows from..to of a tensor that has rows of them.
func slice(t oip.Tensor, from, to, rows int64) oip.Tensor {
	t.Shape = slices.Clone(t.Shape)
	t.Shape[0] = to - from
	if t.Type == onnx.String {
		each := int64(len(t.Texts)) / rows
		t.Texts = t.Texts[from*each : to*each]
		return t
	}
	each := int64(len(t.Data)) / rows
	t.Data = t.Data[from*each : to*each : to*each]
	return t
}
