package transfer

import (
	"encoding/binary"
	"math"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

// statistics are the mean and deviation of every feature over the training
// part. A head learns features of any network at the usual learning rates once
// they are standardised.
type statistics struct{ mean, deviation []float64 }

// flatDeviation is below what a feature must vary to be divided by it.
const flatDeviation = 1e-6

// measure goes over the features once: sums of what they are away from the first
// sample's, and of its square, in float64.
func measure(v *vectors) statistics {
	s := statistics{make([]float64, v.width), make([]float64, v.width)}
	rows := float64(v.Len())
	first := v.data[:min(v.width, len(v.data))]
	for at := 0; at < len(v.data); at += v.width {
		for k, x := range v.data[at : at+v.width] {
			d := float64(x) - float64(first[k])
			s.mean[k] += d
			s.deviation[k] += d * d
		}
	}
	for k, x := range first {
		away := s.mean[k] / rows
		s.mean[k] = float64(x) + away
		if s.deviation[k] = math.Sqrt(max(s.deviation[k]/rows-away*away, 0)); s.deviation[k] < flatDeviation {
			s.deviation[k] = 1
		}
	}
	return s
}

// standardised are the features as a head learns them.
func (s statistics) standardised(v *vectors) *stored {
	out := &stored{Feed: v.Feed, width: v.width, raw: make([]byte, 4*len(v.data))}
	mean, deviation := make([]float32, v.width), make([]float32, v.width)
	for k := range mean {
		mean[k], deviation[k] = float32(s.mean[k]), float32(s.deviation[k])
	}
	for at := 0; at < len(v.data); at += v.width {
		raw := out.raw[4*at : 4*(at+v.width)]
		for k, x := range v.data[at : at+v.width] {
			binary.LittleEndian.PutUint32(raw[4*k:], math.Float32bits((x-mean[k])/deviation[k]))
		}
	}
	return out
}

// node adds the same to a graph.
func (s statistics) node(b *graph.Builder, features *graph.Value) *graph.Value {
	centred := b.Sub(features, b.Const(onnx.Float, nil, s.mean...))
	return b.Div(centred, b.Const(onnx.Float, nil, s.deviation...))
}
