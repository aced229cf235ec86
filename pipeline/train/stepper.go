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
	session *runtime.Session // of the whole batch, or
	parts   *accumulation
	batch   int
	columns []*runtime.Tensor
	target  *runtime.Tensor
	weight  *runtime.Tensor
	hyper   *runtime.Tensor
	masks   []*runtime.Tensor
	rates   []float64
	scale   *runtime.Tensor // of the loss, nil in float32

	guess guessInputs

	// partner and share are of blended samples, nil without them.
	partner, share    *runtime.Tensor
	loss, score, norm *runtime.Tensor
}

// newStepper makes the step for a batch, in parts of at most rows samples.
func newStepper(ctx context.Context, n *network, memory *runtime.Memory, batch, rows int) (*stepper, error) {
	s := &stepper{batch: batch}
	err := s.open(ctx, n, memory, rows)
	if err != nil {
		s.close()
		return nil, fmt.Errorf("open training step: %w", err)
	}
	return s, nil
}

func (s *stepper) open(ctx context.Context, n *network, memory *runtime.Memory, rows int) (err error) {
	if err := s.allocate(n); err != nil {
		return err
	}
	if rows < s.batch {
		s.parts, err = newAccumulation(ctx, n, s, memory, rows)
		return err
	}
	model, masks, err := n.stepModel(s.batch)
	if err != nil {
		return err
	}
	if err := s.allocateMasks(masks, s.batch); err != nil {
		return err
	}
	s.session, err = n.open(model)
	return err
}

// open opens a graph of a step where the network runs.
func (n *network) open(model *onnx.Model) (*runtime.Session, error) {
	data, err := model.Encode()
	if err != nil {
		return nil, fmt.Errorf("encode training step: %w", err)
	}
	return runtime.NewSession(data, runtime.Options{
		Threads: n.recipe.Threads, Device: n.recipe.Device, Spin: true, Optimization: runtime.Extended, Kernels: n.kernels(),
	})
}

// main is the session that computes most of a step.
func (s *stepper) main() *runtime.Session {
	if s.parts != nil {
		return s.parts.parts[0].session
	}
	return s.session
}

func (s *stepper) allocate(n *network) error {
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
	if n.half() {
		s.scale = tensor(onnx.Float, 1)
	}
	if err == nil {
		s.guess, err = newGuessInputs(n, s.columns[0])
	}
	s.loss, s.norm = tensor(onnx.Float, rows), tensor(onnx.Float, 1)
	if n.classes > 0 {
		s.score = tensor(onnx.Float, rows, int64(n.classes))
	}
	return err
}

// allocateMasks makes the dropout masks of the whole batch, given those that a
// graph of so many rows takes.
func (s *stepper) allocateMasks(masks []nn.Mask, rows int) error {
	for _, m := range masks {
		t, err := runtime.NewZeros(onnx.Float, shape64(m.Value.Shape[0]/rows*s.batch, m.Value.Shape[1:]))
		if err != nil {
			return err
		}
		s.masks, s.rates = append(s.masks, t), append(s.rates, m.Rate)
	}
	return nil
}

// samples are the inputs that hold a row of every sample, without masks and
// partners.
func (s *stepper) samples() []*runtime.Tensor {
	return slices.Concat(s.columns, []*runtime.Tensor{s.target, s.weight})
}

// results are the outputs that hold a row of every sample.
func (s *stepper) results() []*runtime.Tensor {
	if s.score == nil {
		return []*runtime.Tensor{s.loss}
	}
	return []*runtime.Tensor{s.loss, s.score}
}

// scaleInput is the loss's scale as an input, none in float32.
func (s *stepper) scaleInput() []*runtime.Tensor {
	if s.scale == nil {
		return nil
	}
	return []*runtime.Tensor{s.scale}
}

func shape64(first int, rest []int) []int64 {
	shape := []int64{int64(first)}
	for _, d := range rest {
		shape = append(shape, int64(d))
	}
	return shape
}

// run computes one step from state into its other half and swaps them. In float16
// a step that overflows is done again with the loss scaled up less.
func (s *stepper) run(ctx context.Context, st *state, scale *lossScale) error {
	for {
		if s.scale != nil {
			data(s.scale)[0] = float32(scale.value())
		}
		if err := s.compute(ctx, st); err != nil {
			return err
		}
		if s.scale == nil || !scale.again(data(s.norm)[0]) {
			st.swap()
			return nil
		}
	}
}

func (s *stepper) compute(ctx context.Context, st *state) error {
	if s.parts != nil {
		return s.parts.run(ctx, s, st)
	}
	in := slices.Concat(st.now, []*runtime.Tensor{s.hyper}, s.samples(), s.scaleInput(), s.guess.first(), st.views[0], s.guess.rest(), s.masks, s.blendInputs())
	out := slices.Concat(st.next, s.results(), []*runtime.Tensor{s.norm})
	return s.session.Run(ctx, in, out)
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
	s.parts.close()
	s.session.Close()
	for _, t := range slices.Concat(s.columns, s.masks, s.blendInputs(), []*runtime.Tensor{s.target, s.weight, s.hyper, s.scale, s.guess.stage, s.guess.places, s.guess.others, s.loss, s.score, s.norm}) {
		t.Close()
	}
}
