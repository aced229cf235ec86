package train

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
)

// state is everything a step reads and writes, twice: the runtime reads one set
// and writes the other, then they change places, so that nothing is copied. It
// lies in the memory of the device that trains.
type state struct {
	memory    *runtime.Memory
	vectors   int               // of now that are learnt: params and slots; a buffer may follow
	now, next []*runtime.Tensor // params, slots…, buffers
	// views are the parameters of now and of next one by one, over their memory;
	// none where the step does not take them.
	views [2][]*runtime.Tensor
}

func newState(ctx context.Context, n *network) (*state, error) {
	memory, err := runtime.OpenMemory(n.recipe.Device)
	if err != nil {
		return nil, fmt.Errorf("allocate training state: %w", err)
	}
	s := &state{memory: memory, vectors: 1 + n.recipe.rule().Slots()}
	for range 2 {
		set, err := n.allocateState(ctx, memory)
		s.now, s.next = s.next, set
		if err != nil {
			s.close()
			return nil, err
		}
		s.views[0] = s.views[1]
		if s.views[1], err = n.viewParameters(set[0]); err != nil {
			s.close()
			return nil, err
		}
	}
	if err := n.initialise(ctx, s); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// viewParameters are the parts of a flat vector of parameters.
func (n *network) viewParameters(flat *runtime.Tensor) ([]*runtime.Tensor, error) {
	if !n.kernels() {
		return nil, nil
	}
	var views []*runtime.Tensor
	offset := 0
	for _, p := range n.parameters {
		v, err := flat.View(offset, shape64(p.Shape[0], p.Shape[1:]))
		if err != nil {
			return views, fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		views, offset = append(views, v), offset+size(p.Shape)
	}
	return views, nil
}

func (n *network) allocateState(ctx context.Context, memory *runtime.Memory) ([]*runtime.Tensor, error) {
	sizes := []int{n.flat()}
	for range n.recipe.rule().Slots() {
		sizes = append(sizes, n.flat())
	}
	if len(n.buffers) > 0 {
		sizes = append(sizes, n.flatBuffers())
	}
	var set []*runtime.Tensor
	for _, count := range sizes {
		t, err := memory.Zeros(ctx, onnx.Float, []int64{int64(count)})
		if err != nil {
			return set, fmt.Errorf("allocate training state: %w", err)
		}
		set = append(set, t)
	}
	return set, nil
}

// initialise draws the parameters' first values.
func (n *network) initialise(ctx context.Context, s *state) error {
	params := make([]float32, n.flat())
	rest := params
	for _, p := range n.parameters {
		k := size(p.Shape)
		p.Fill(rest[:k], n.recipe.Seed)
		rest = rest[k:]
	}
	buffers := make([]float32, 0, n.flatBuffers())
	for _, b := range n.buffers {
		buffers = append(buffers, slices.Repeat([]float32{float32(b.Fill)}, size(b.Shape))...)
	}
	n.start(params, buffers)
	if err := s.params().Write(ctx, floatBytes(params)); err != nil || len(n.buffers) == 0 {
		return err
	}
	return s.buffers().Write(ctx, floatBytes(buffers))
}

// floatBytes are the numbers as tensors hold them.
func floatBytes(values []float32) []byte {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return raw
}

func (s *state) params() *runtime.Tensor { return s.now[0] }

// buffers is the last tensor of the state; only networks with buffers have it.
func (s *state) buffers() *runtime.Tensor { return s.now[len(s.now)-1] }

// learnt are the parameters and slots of a set.
func (s *state) learnt(set []*runtime.Tensor) []*runtime.Tensor { return set[:s.vectors] }

// statistics are the buffers of a set, none for networks without.
func (s *state) statistics(set []*runtime.Tensor) []*runtime.Tensor { return set[s.vectors:] }

func (s *state) swap() {
	s.now, s.next = s.next, s.now
	s.views[0], s.views[1] = s.views[1], s.views[0]
}

func (s *state) close() {
	if s == nil {
		return
	}
	for _, t := range slices.Concat(s.views[0], s.views[1], s.now, s.next) {
		t.Close()
	}
	s.memory.Close()
}

// evaluated are the tensors that the evaluation graph reads.
func (s *state) evaluated(hasBuffers bool) []*runtime.Tensor {
	if hasBuffers {
		return []*runtime.Tensor{s.params(), s.buffers()}
	}
	return []*runtime.Tensor{s.params()}
}

// snapshot copies the whole state.
func (s *state) snapshot(ctx context.Context) ([][]byte, error) { return readAll(ctx, s.now) }

// readAll copies the tensors' elements out of their memory.
func readAll(ctx context.Context, tensors []*runtime.Tensor) ([][]byte, error) {
	parts := make([][]byte, len(tensors))
	for i, t := range tensors {
		parts[i] = make([]byte, 4*t.Shape()[0])
		if err := t.Read(ctx, parts[i]); err != nil {
			return nil, fmt.Errorf("copy the training state: %w", err)
		}
	}
	return parts, nil
}

// restore overwrites the state with a snapshot of the same network.
func (s *state) restore(ctx context.Context, parts [][]byte) error {
	if len(parts) != len(s.now) {
		return fmt.Errorf("a state of %d parts does not fit this network", len(parts))
	}
	for i, p := range parts {
		if err := s.now[i].Write(ctx, p); err != nil {
			return fmt.Errorf("part %d of the state does not fit this network: %w", i, err)
		}
	}
	return nil
}
