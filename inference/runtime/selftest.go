package runtime

import (
	"context"
	"fmt"
	"math"
	"time"

	"athanor/inference/onnx"
)

// Speed is what a device's self-test measured.
type Speed struct {
	GFLOPS float64 // of float32 matrix products, several at once in one run
	// Start is how long the device took until its first answer.
	Start time.Duration
}

// chain is a run of the self-test: so many products of square matrices.
type chain struct{ side, products int }

// Two sizes: small enough for a device computed in software, and large enough
// to keep a card busy.
func smallChain() chain { return chain{256, 4} }
func largeChain() chain { return chain{2048, 4} }

// quick is how fast the small chain runs on devices that the large one is for.
const quick = 20 * time.Millisecond

// SelfTest starts a device, compares what it computes with the processor's
// results, and multiplies matrices on it for so long. A device that answers
// wrongly is an ErrDevice, as is one that does not start.
func SelfTest(ctx context.Context, device string, threads int, length time.Duration) (Speed, error) {
	small := smallChain()
	want, _, err := small.run(ctx, Options{Threads: threads}, 0)
	if err != nil {
		return Speed{}, fmt.Errorf("self-test on the processor: %w", err)
	}
	options := Options{Threads: threads, Device: device}
	got, speed, err := small.run(ctx, options, length/4)
	if err != nil {
		return Speed{}, deviceError(device, err)
	}
	if err := agree(device, got, want); err != nil {
		return Speed{}, err
	}
	if speed.GFLOPS*1e9*quick.Seconds() < small.flops() {
		return speed, nil
	}
	_, fast, err := largeChain().run(ctx, options, length*3/4)
	speed.GFLOPS = fast.GFLOPS
	return speed, deviceError(device, err)
}

// agree tells where a device's answer is not the processor's.
func agree(device string, got, want []float32) error {
	for i := range want {
		if !(math.Abs(float64(got[i]-want[i])) <= 1e-3) {
			return fmt.Errorf("%w: %s answers wrongly: %v where the processor has %v; renew the graphics driver", ErrDevice, device, got[i], want[i])
		}
	}
	return nil
}

// TestHalf tells why a device cannot compute in float16, or nil.
func TestHalf(ctx context.Context, device string) error {
	const side = 16
	c := chain{side, 1}
	x, err := c.matrix()
	if err != nil {
		return err
	}
	defer x.Close()
	model := c.model()
	cast := func(from, to string, kind onnx.DataType) *onnx.Node {
		return &onnx.Node{Name: "cast " + to, OpType: "Cast", Inputs: []string{from}, Outputs: []string{to}, Attrs: []*onnx.Attribute{onnx.IntAttr("to", int64(kind))}}
	}
	product := &onnx.Node{Name: "product", OpType: "MatMul", Inputs: []string{"half", "half"}, Outputs: []string{"square"}}
	model.Graph.Nodes = []*onnx.Node{cast("x", "half", onnx.Float16), product, cast("square", "y", onnx.Float)}
	raw, err := model.Encode()
	if err != nil {
		return err
	}
	s, err := NewSession(raw, Options{Threads: 1, Device: device})
	if err != nil {
		return err
	}
	defer s.Close()
	out := make([]*Tensor, 1)
	if err := s.Run(ctx, []*Tensor{x}, out); err != nil {
		return err
	}
	defer out[0].Close()
	if moved, notes := s.Moved(); len(moved) > 0 {
		return fmt.Errorf("%w: %s: %s", ErrDevice, device, notes[0])
	}
	return nil
}

func (c chain) flops() float64 {
	return float64(c.products) * 2 * float64(c.side) * float64(c.side) * float64(c.side)
}

// run returns the first answer and how fast the answers came.
func (c chain) run(ctx context.Context, options Options, length time.Duration) ([]float32, Speed, error) {
	began := time.Now()
	model, err := c.model().Encode()
	if err != nil {
		return nil, Speed{}, err
	}
	s, err := NewSession(model, options)
	if err != nil {
		return nil, Speed{}, err
	}
	defer s.Close()
	x, err := c.matrix()
	if err != nil {
		return nil, Speed{}, err
	}
	defer x.Close()
	y, err := NewZeros(onnx.Float, x.Shape())
	if err != nil {
		return nil, Speed{}, err
	}
	defer y.Close()
	once := func() error { return s.Run(ctx, []*Tensor{x}, []*Tensor{y}) }
	if err := once(); err != nil {
		return nil, Speed{}, err
	}
	speed := Speed{Start: time.Since(began)}
	speed.GFLOPS, err = c.rate(length, once)
	return append([]float32(nil), Data[float32](y)...), speed, err
}

// rate repeats a run for so long, once at least.
func (c chain) rate(length time.Duration, once func() error) (float64, error) {
	runs := 0
	began := time.Now()
	for runs == 0 || time.Since(began) < length {
		if err := once(); err != nil {
			return 0, err
		}
		runs++
	}
	return float64(runs) * c.flops() / 1e9 / max(time.Since(began).Seconds(), 1e-9), nil
}

// matrix rotates neighbouring coordinates: products of it stay of the same
// size, so that a chain of them neither grows nor vanishes.
func (c chain) matrix() (*Tensor, error) {
	n := c.side
	data := make([]float32, n*n)
	for i := 0; i < n; i += 2 {
		sin, cos := math.Sincos(float64(i + 1))
		data[i*n+i], data[i*n+i+1] = float32(cos), float32(-sin)
		data[(i+1)*n+i], data[(i+1)*n+i+1] = float32(sin), float32(cos)
	}
	return NewTensor([]int64{int64(n), int64(n)}, data)
}

// model multiplies x with itself again and again.
func (c chain) model() *onnx.Model {
	side := onnx.Fixed(int64(c.side))
	g := &onnx.Graph{
		Name: "self-test", Inputs: []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, side, side)},
		Outputs: []*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, side, side)},
	}
	from := "x"
	for i := range c.products {
		to := fmt.Sprintf("p%d", i)
		if i == c.products-1 {
			to = "y"
		}
		g.Nodes = append(g.Nodes, &onnx.Node{Name: to, OpType: "MatMul", Inputs: []string{from, "x"}, Outputs: []string{to}})
		from = to
	}
	return &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 18}}, Graph: g}
}
