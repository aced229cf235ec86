package reviews

import (
	"context"
	"errors"
	"fmt"
	"math"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
)

// ErrPack says that a model cannot be packed.
var ErrPack = errors.New("the model cannot be packed")

// Packed is what packing did. The validation part chose the temperature, the
// test part gave the other numbers; without a test part each gets a half of the
// validation part.
type Packed struct {
	Temperature    float64
	Before, After  float64 // expected calibration error, 15 bins of equal width
	Accuracy       float64 // of the packed model
	AccuracyBefore float64
	Samples        int // that were measured
	Size           int // bytes
}

// Pack makes a trained n-gram model small and honest: embeddings in 8 bits with
// a scale a column, single weights in 16 bits, texts of any length, and probabilities at the
// temperature (Guo et al. 2017) that fits the validation part of the data it
// was trained on.
func Pack(ctx context.Context, file []byte, set *dataset.Set) ([]byte, Packed, error) {
	chosen, before, err := held(ctx, file, set)
	if err != nil {
		return nil, Packed{}, err
	}
	t := temperature(chosen)
	m, err := onnx.Decode(file)
	if err != nil {
		return nil, Packed{}, fmt.Errorf("pack: %w", err)
	}
	if err := errors.Join(shrinkTables(m.Graph), anyLength(m.Graph), warm(m.Graph, t)); err != nil {
		return nil, Packed{}, fmt.Errorf("pack: %w", err)
	}
	m.SetMeta("athanor.temperature", fmt.Sprintf("%.4f", t))
	out, err := m.Encode()
	if err != nil {
		return nil, Packed{}, fmt.Errorf("pack: %w", err)
	}
	_, after, err := held(ctx, out, set)
	if err != nil {
		return nil, Packed{}, err
	}
	return out, Packed{
		Temperature: t, Size: len(out), Samples: len(after),
		Before: calibrationError(before), After: calibrationError(after),
		AccuracyBefore: accuracy(before), Accuracy: accuracy(after),
	}, nil
}

// held gives the answers that choose the temperature and those that are measured.
func held(ctx context.Context, file []byte, set *dataset.Set) (chosen, measured []answer, err error) {
	if chosen, err = probabilities(ctx, file, set.Validation); err != nil {
		return nil, nil, err
	}
	if set.Test == nil || set.Test.Len() == 0 {
		half := len(chosen) / 2
		return chosen[:half], chosen[half:], nil
	}
	measured, err = probabilities(ctx, file, set.Test)
	return chosen, measured, err
}

// answer is a model's probabilities for one sample, and the truth.
type answer struct {
	p     []float32
	class int
}

// probabilities runs a model over a feed of token ids.
func probabilities(ctx context.Context, file []byte, feed dataset.Feed) ([]answer, error) {
	columns := feed.Columns()
	if len(columns) != 1 || columns[0].Type != onnx.Int64 || len(columns[0].Shape) != 1 {
		return nil, fmt.Errorf("%w: it was not trained on texts", ErrPack)
	}
	session, err := runtime.NewSession(file, runtime.Options{})
	if err != nil {
		return nil, err
	}
	defer session.Close()
	const batch = 256
	width := columns[0].Shape[0]
	var out []answer
	for at := 0; at < feed.Len(); at += batch {
		rows := make([]int, min(batch, feed.Len()-at))
		for i := range rows {
			rows[i] = at + i
		}
		in, err := runtime.NewZeros(onnx.Int64, []int64{int64(len(rows)), int64(width)})
		if err != nil {
			return nil, err
		}
		part, err := answers(ctx, session, in, feed, rows)
		in.Close()
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

func answers(ctx context.Context, s *runtime.Session, in *runtime.Tensor, feed dataset.Feed, rows []int) ([]answer, error) {
	if err := feed.Fill(ctx, [][]byte{in.Bytes()}, -1, rows); err != nil {
		return nil, err
	}
	out := []*runtime.Tensor{nil}
	if err := s.Run(ctx, []*runtime.Tensor{in}, out); err != nil {
		return nil, err
	}
	defer out[0].Close()
	p := append([]float32(nil), runtime.Data[float32](out[0])...)
	k := len(p) / len(rows)
	list := make([]answer, len(rows))
	for i, row := range rows {
		list[i] = answer{p: p[i*k : (i+1)*k], class: feed.Class(row)}
	}
	return list, nil
}

// temperature minimises the negative log-likelihood of softmax(log p / T) by
// golden-section search over ln T.
func temperature(list []answer) float64 {
	loss := func(logT float64) float64 {
		t, sum := math.Exp(logT), 0.0
		for _, a := range list {
			total := 0.0
			for _, p := range a.p {
				total += math.Pow(max(float64(p), 1e-7), 1/t)
			}
			sum += math.Log(total) - math.Log(max(float64(a.p[a.class]), 1e-7))/t
		}
		return sum
	}
	const golden = 0.6180339887498949
	low, high := math.Log(0.2), math.Log(10.0)
	for range 40 {
		a, b := high-golden*(high-low), low+golden*(high-low)
		if loss(a) < loss(b) {
			high = b
		} else {
			low = a
		}
	}
	return math.Exp((low + high) / 2)
}

// calibrationError is the expected calibration error of the best class (Naeini
// et al. 2015) over 15 bins of equal width.
func calibrationError(list []answer) float64 {
	const bins = 15
	var count, right, sure [bins]float64
	for _, a := range list {
		best := argMax(a.p)
		p := float64(a.p[best])
		b := min(bins-1, int(p*bins))
		count[b]++
		sure[b] += p
		if best == a.class {
			right[b]++
		}
	}
	total := 0.0
	for b := range bins {
		total += math.Abs(sure[b] - right[b])
	}
	return total / float64(max(1, len(list)))
}

func accuracy(list []answer) float64 {
	right := 0
	for _, a := range list {
		if argMax(a.p) == a.class {
			right++
		}
	}
	return float64(right) / float64(max(1, len(list)))
}

func argMax(p []float32) int {
	best := 0
	for i, v := range p {
		if v > p[best] {
			best = i
		}
	}
	return best
}

// anyLength lets the graph take texts of any number of ids; what was inferred
// for one length is dropped.
func anyLength(g *onnx.Graph) error {
	shape := g.Inputs[0].Type.Tensor.Shape
	if len(shape) != 2 {
		return fmt.Errorf("%w: it does not take ids", ErrPack)
	}
	for _, n := range g.Nodes {
		if n.OpType == "Conv" || n.OpType == "LayerNormalization" || n.OpType == "Reshape" {
			return fmt.Errorf("%w: only bags of n-grams are packed, it has %s", ErrPack, n.OpType)
		}
	}
	shape[1] = onnx.Named("length")
	g.Values = nil
	return nil
}

// warm puts the probabilities at temperature t.
func warm(g *onnx.Graph, t float64) error {
	if len(g.Outputs) != 1 {
		return fmt.Errorf("%w: it has %d outputs", ErrPack, len(g.Outputs))
	}
	name := g.Outputs[0].Name
	raw := name + ".raw"
	found := false
	for _, n := range g.Nodes {
		for i, o := range n.Outputs {
			if o == name {
				n.Outputs[i], found = raw, true
			}
		}
	}
	if !found {
		return fmt.Errorf("%w: nothing computes %s", ErrPack, name)
	}
	g.Initializers = append(g.Initializers,
		onnx.FloatTensor("temperature.least", []int64{1}, []float32{1e-7}), onnx.FloatTensor("temperature.inverse", []int64{1}, []float32{float32(1 / t)}))
	g.Nodes = append(g.Nodes,
		&onnx.Node{Name: "temperature.max", OpType: "Max", Inputs: []string{raw, "temperature.least"}, Outputs: []string{raw + ".floor"}},
		&onnx.Node{Name: "temperature.log", OpType: "Log", Inputs: []string{raw + ".floor"}, Outputs: []string{raw + ".log"}},
		&onnx.Node{Name: "temperature.mul", OpType: "Mul", Inputs: []string{raw + ".log", "temperature.inverse"}, Outputs: []string{raw + ".cool"}},
		&onnx.Node{Name: "temperature.softmax", OpType: "Softmax", Inputs: []string{raw + ".cool"}, Outputs: []string{name}, Attrs: []*onnx.Attribute{onnx.IntAttr("axis", -1)}},
	)
	return nil
}
