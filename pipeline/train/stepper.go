package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/nn"
	"athanor/pipeline/optim"
)

// stepper runs the training step for one batch size.
type stepper struct {
	session *runtime.Session
	batch   int
	columns []*runtime.Tensor
	target  *runtime.Tensor
	weight  *runtime.Tensor
	hyper   *runtime.Tensor
	masks   []*runtime.Tensor
	rates   []float64

	// partner and share are of blended samples, nil without them.
	partner, share    *runtime.Tensor
	loss, score, norm *runtime.Tensor
}

func newStepper(n *network, batch int) (*stepper, error) {
	model, masks, err := n.stepModel(batch)
	if err != nil {
		return nil, err
	}
	data, err := model.Encode()
	if err != nil {
		return nil, fmt.Errorf("encode training step: %w", err)
	}
	s := &stepper{batch: batch}
	s.session, err = runtime.NewSession(data, runtime.Options{
		Threads: n.recipe.Threads, Device: n.recipe.Device, Spin: true, Optimization: runtime.Extended, Kernels: n.kernels(),
	})
	if err != nil {
		return nil, fmt.Errorf("open training step: %w", err)
	}
	if err := s.allocate(n, masks); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stepper) allocate(n *network, masks []nn.Mask) error {
	rows := int64(s.batch)
	var err error
	tensor := func(kind onnx.DataType, shape ...int64) *runtime.Tensor {
		t, e := runtime.NewZeros(kind, shape)
		if err == nil {
			err = e
		}
		return t
	}
	for _, col := range n.columns {
		s.columns = append(s.columns, tensor(col.Type, shape64(s.batch, col.Shape)...))
	}
	kind := onnx.Int64
	if n.classes == 0 {
		kind = onnx.Float
	}
	s.target, s.weight, s.hyper = tensor(kind, rows), tensor(onnx.Float, rows), tensor(onnx.Float, optim.Hypers)
	if n.blended {
		s.partner, s.share = tensor(onnx.Int64, rows), tensor(onnx.Float, rows)
	}
	for _, m := range masks {
		s.masks = append(s.masks, tensor(onnx.Float, shape64(m.Value.Shape[0], m.Value.Shape[1:])...))
		s.rates = append(s.rates, m.Rate)
	}
	s.loss, s.norm = tensor(onnx.Float, rows), tensor(onnx.Float, 1)
	if n.classes > 0 {
		s.score = tensor(onnx.Float, rows, int64(n.classes))
	}
	return err
}

func shape64(first int, rest []int) []int64 {
	shape := []int64{int64(first)}
	for _, d := range rest {
		shape = append(shape, int64(d))
	}
	return shape
}

// run does one step from state to its other half and swaps them.
func (s *stepper) run(ctx context.Context, st *state) error {
	in := slices.Concat(st.now, s.columns, []*runtime.Tensor{s.target, s.weight, s.hyper}, st.views[0], s.masks, s.blendInputs())
	out := append(slices.Clone(st.next), s.loss)
	if s.score != nil {
		out = append(out, s.score)
	}
	if err := s.session.Run(ctx, in, append(out, s.norm)); err != nil {
		return err
	}
	st.swap()
	return nil
}

// drawMasks fills the dropout masks of a step; they depend on seed and step only.
func (s *stepper) drawMasks(seed uint64, step int) {
	for i, t := range s.masks {
		drawMask(rand.NewPCG(seed^0x6d61736b, uint64(step)<<8|uint64(i)), s.rates[i], runtime.Data[float32](t))
	}
}

// drawMask zeroes elements at rate, to 1/65536, and scales the others up. Each
// draw decides four elements.
func drawMask(source *rand.PCG, rate float64, mask []float32) {
	values := [2]float32{float32(1 / (1 - rate)), 0}
	limit := uint64(rate*(1<<16) + 0.5)
	for first := 0; first < len(mask); first += 4 {
		bits := source.Uint64()
		for j := first; j < min(first+4, len(mask)); j++ {
			// The difference is negative, with its highest bit set, below the limit.
			mask[j] = values[(bits&0xffff-limit)>>63]
			bits >>= 16
		}
	}
}

func (s *stepper) close() {
	if s == nil {
		return
	}
	s.session.Close()
	for _, t := range slices.Concat(s.columns, s.masks, s.blendInputs(), []*runtime.Tensor{s.target, s.weight, s.hyper, s.loss, s.score, s.norm}) {
		t.Close()
	}
}
