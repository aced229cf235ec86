package train

import (
	"fmt"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
)

// state is everything a step reads and writes, twice: the runtime reads one set
// and writes the other, then they change places, so that nothing is copied.
type state struct {
	now, next []*runtime.Tensor // params, slots…, buffers
}

func newState(n *network) (*state, error) {
	s := &state{}
	for range 2 {
		set, err := n.allocateState()
		if err != nil {
			s.close()
			return nil, err
		}
		s.now, s.next = s.next, set
	}
	n.initialise(s)
	return s, nil
}

func (n *network) allocateState() ([]*runtime.Tensor, error) {
	sizes := []int{n.flat()}
	for range n.recipe.rule().Slots() {
		sizes = append(sizes, n.flat())
	}
	if len(n.buffers) > 0 {
		sizes = append(sizes, n.flatBuffers())
	}
	var set []*runtime.Tensor
	for _, count := range sizes {
		t, err := runtime.NewZeros(onnx.Float, []int64{int64(count)})
		if err != nil {
			return set, fmt.Errorf("allocate training state: %w", err)
		}
		set = append(set, t)
	}
	return set, nil
}

// initialise draws the parameters' first values.
func (n *network) initialise(s *state) {
	params := runtime.Data[float32](s.params())
	for _, p := range n.parameters {
		k := size(p.Shape)
		p.Fill(params[:k], n.recipe.Seed)
		params = params[k:]
	}
	if len(n.buffers) == 0 {
		return
	}
	buffers := runtime.Data[float32](s.buffers())
	for _, b := range n.buffers {
		k := size(b.Shape)
		for i := range buffers[:k] {
			buffers[i] = float32(b.Fill)
		}
		buffers = buffers[k:]
	}
}

func (s *state) params() *runtime.Tensor { return s.now[0] }

// buffers is the last tensor of the state; only networks with buffers have it.
func (s *state) buffers() *runtime.Tensor { return s.now[len(s.now)-1] }

func (s *state) swap() { s.now, s.next = s.next, s.now }

func (s *state) close() {
	for _, t := range append(append([]*runtime.Tensor{}, s.now...), s.next...) {
		t.Close()
	}
}

// evaluated are the tensors that the evaluation graph reads.
func (s *state) evaluated(hasBuffers bool) []*runtime.Tensor {
	if hasBuffers {
		return []*runtime.Tensor{s.params(), s.buffers()}
	}
	return []*runtime.Tensor{s.params()}
}

// snapshot copies the whole state.
func (s *state) snapshot() [][]byte {
	parts := make([][]byte, len(s.now))
	for i, t := range s.now {
		parts[i] = append([]byte(nil), t.Bytes()...)
	}
	return parts
}

// restore overwrites the state with a snapshot of the same network.
func (s *state) restore(parts [][]byte) error {
	if len(parts) != len(s.now) {
		return fmt.Errorf("a state of %d parts does not fit this network", len(parts))
	}
	for i, p := range parts {
		if len(p) != len(s.now[i].Bytes()) {
			return fmt.Errorf("part %d has %d bytes, this network needs %d", i, len(p), len(s.now[i].Bytes()))
		}
		copy(s.now[i].Bytes(), p)
	}
	return nil
}
