package quantize

import (
	"context"
	"fmt"
	"math"
	"slices"

	"athanor/inference/onnx"
)

// span is the range of an activation, which holds zero.
type span struct{ low, high float32 }

// params are scale and zero point that bring the range to uint8.
func (s span) params() (scale float32, zero uint8) {
	scale = (s.high - s.low) / 255
	if scale <= 0 || math.IsInf(float64(scale), 0) {
		return 1, 0
	}
	return scale, uint8(min(max(math.RoundToEven(float64(-s.low/scale)), 0), 255))
}

// static measures the activations of all layers and writes those with integers.
func static(ctx context.Context, m *onnx.Model, operators bool, samples Samples, report *Report) error {
	if samples == nil {
		return ErrSamples
	}
	var wanted []string
	f := newFinder(m.Graph)
	for _, n := range m.Graph.Nodes {
		l, _ := f.layer(n, true)
		if l == nil {
			continue
		}
		wanted = append(wanted, l.x)
		if operators {
			wanted = append(wanted, n.Outputs[0])
		}
	}
	if len(wanted) == 0 {
		return fmt.Errorf("%w (%s)", ErrNothing, report.Method)
	}
	slices.Sort(wanted)
	spans, batches, err := calibrate(ctx, m, slices.Compact(wanted), samples)
	if err != nil {
		return err
	}
	report.Batches = batches
	rewrite(m.Graph, true, report, func(w *writer, l *layer) {
		s := &staticLayer{writer: w, layer: l, spans: spans, out: l.op.Outputs[0]}
		s.x, s.scale, s.zero = s.quantize(l.x)
		switch {
		case !operators:
			s.qdq()
		case l.op.OpType == "Conv":
			s.qlinearConv()
		default:
			s.qlinearMatMul()
		}
	})
	return nil
}

// staticLayer writes one layer. x is its activation as uint8.
type staticLayer struct {
	*writer
	*layer
	spans          map[string]span
	out            string
	x, scale, zero string
}

// parameters are the constants of a value's range.
func (s *staticLayer) parameters(value string) (scale, zero string) {
	names := s.once("range of "+value, func() []string {
		v, z := s.spans[value].params()
		return []string{
			s.floats(value+"_scale", nil, []float32{v}),
			s.constant(value+"_zero", func(n string) *onnx.Tensor { return onnx.NewTensor(n, nil, []uint8{z}) }),
		}
	})
	return names[0], names[1]
}

// quantize brings a value to uint8, once for all layers that read it.
func (s *staticLayer) quantize(value string) (q, scale, zero string) {
	scale, zero = s.parameters(value)
	q = s.once("uint8 "+value, func() []string {
		return []string{s.node("QuantizeLinear", value+"_uint8", []string{value, scale, zero})}
	})[0]
	return q, scale, zero
}

// weightNames writes the weights as int8 with a scale and a zero for each channel.
func (s *staticLayer) weightNames() (w, scale, zero string, scales []float32) {
	q, scales := s.quantized()
	channels := []int64{int64(len(scales))}
	w = s.constant(s.out+"_weights", func(n string) *onnx.Tensor { return onnx.NewTensor(n, s.dims, q) })
	zero = s.constant(s.out+"_weights_zero", func(n string) *onnx.Tensor { return onnx.NewTensor(n, channels, make([]int8, len(scales))) })
	return w, s.floats(s.out+"_weights_scale", channels, scales), zero, scales
}

// bias32 is the bias in units of the products, and that unit for each channel.
func (s *staticLayer) bias32(scales []float32) (bias []int32, units []float32) {
	x, _ := s.spans[s.layer.x].params()
	bias, units = make([]int32, len(scales)), make([]float32, len(scales))
	for c := range scales {
		units[c] = x * scales[c]
		bias[c] = int32(min(max(math.RoundToEven(float64(s.bias[c])/float64(units[c])), math.MinInt32), math.MaxInt32))
	}
	return bias, units
}

// qdq leaves the float operator and gives it inputs that are exactly what
// integers can hold.
func (s *staticLayer) qdq() {
	x := s.once("float "+s.layer.x, func() []string {
		return []string{s.node("DequantizeLinear", s.layer.x+"_seen", []string{s.x, s.scale, s.zero})}
	})[0]
	w, scale, zero, scales := s.weightNames()
	inputs := []string{x, s.node("DequantizeLinear", s.out+"_weights_seen", []string{w, scale, zero}, onnx.IntAttr("axis", int64(s.axis)))}
	if s.bias != nil {
		inputs = append(inputs, s.dequantizedBias(scales))
	}
	attrs := s.layer.op.Attrs
	if s.layer.op.OpType == "Gemm" {
		attrs = nil // its weights lie as MatMul's do
	}
	s.node(s.layer.op.OpType, s.out, inputs, attrs...)
	s.into(s.out)
}

func (s *staticLayer) dequantizedBias(scales []float32) string {
	bias, units := s.bias32(scales)
	n := []int64{int64(len(bias))}
	b := s.constant(s.out+"_bias", func(name string) *onnx.Tensor { return onnx.Int32Tensor(name, n, bias) })
	zero := s.constant(s.out+"_bias_zero", func(name string) *onnx.Tensor { return onnx.Int32Tensor(name, n, make([]int32, len(bias))) })
	return s.node("DequantizeLinear", s.out+"_bias_seen", []string{b, s.floats(s.out+"_bias_scale", n, units), zero}, onnx.IntAttr("axis", 0))
}

func (s *staticLayer) qlinearConv() {
	w, scale, zero, scales := s.weightNames()
	ys, yz := s.parameters(s.out)
	inputs := []string{s.x, s.scale, s.zero, w, scale, zero, ys, yz}
	if s.bias != nil {
		bias, _ := s.bias32(scales)
		inputs = append(inputs, s.constant(s.out+"_bias", func(name string) *onnx.Tensor { return onnx.Int32Tensor(name, []int64{int64(len(bias))}, bias) }))
	}
	y := s.node("QLinearConv", s.out+"_uint8", inputs, s.layer.op.Attrs...)
	s.node("DequantizeLinear", s.out, []string{y, ys, yz})
	s.into(s.out)
}

// qlinearMatMul adds the bias in float: the operator has none. The range that was
// measured is that of the sum with the bias, so that of the product alone is
// taken from it and the bias.
func (s *staticLayer) qlinearMatMul() {
	w, scale, zero, _ := s.weightNames()
	product := s.spans[s.out]
	if s.bias != nil {
		product.low = min(product.low-slices.Max(s.bias), 0)
		product.high = max(product.high-slices.Min(s.bias), 0)
	}
	s.spans[s.out+"_product"] = product
	ys, yz := s.parameters(s.out + "_product")
	y := s.node("QLinearMatMul", s.out+"_uint8", []string{s.x, s.scale, s.zero, w, scale, zero, ys, yz})
	y = s.node("DequantizeLinear", s.out+"_float", []string{y, ys, yz})
	if s.bias != nil {
		s.node("Add", s.out+"_biased", []string{y, s.floats(s.out+"_bias", []int64{int64(len(s.bias))}, s.bias)})
	}
	s.into(s.out)
}
