package remote

import (
	"context"
	"fmt"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
)

// Zeros makes one row of zeros, or empty strings, for each input of a model. The
// caller closes them; a model that takes something other than tensors is
// model.ErrInput.
func Zeros(m *model.Model) (in []*runtime.Tensor, err error) {
	for _, p := range m.Inputs() {
		t, err := zeros(p)
		if err != nil {
			closeAll(in)
			return nil, err
		}
		in = append(in, t)
	}
	return in, nil
}

func closeAll(list []*runtime.Tensor) {
	for _, t := range list {
		t.Close()
	}
}

func zeros(p model.Port) (*runtime.Tensor, error) {
	if !p.Tensor || !p.Ranked {
		return nil, fmt.Errorf("%w: input %s is %s, for which there are no zeros", model.ErrInput, p.Name, p.Text)
	}
	shape, n := make([]int64, len(p.Shape)), int64(1)
	for i, d := range p.Shape {
		shape[i] = max(d.Size(), 1)
		n *= shape[i]
	}
	if p.Type == onnx.String {
		return runtime.NewStrings(shape, make([]string, n))
	}
	return runtime.NewZeros(p.Type, shape)
}

// Model asks a model over and over with one row of zeros, as Run does; the
// error is ctx's, or that the model takes no zeros.
func (l LoadTest) Model(ctx context.Context, m *model.Model) (Measured, error) {
	in, err := Zeros(m)
	if err != nil {
		return Measured{}, err
	}
	defer closeAll(in)
	measured := l.Run(ctx, func(ctx context.Context) error {
		out, err := m.Run(ctx, in)
		closeAll(out)
		return err
	})
	return measured, ctx.Err()
}
