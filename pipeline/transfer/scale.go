package transfer

import (
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

func measure(v *vectors) statistics {
	s := statistics{make([]float64, v.width), make([]float64, v.width)}
	rows := float64(v.Len())
	for i, x := range v.data {
		s.mean[i%v.width] += float64(x) / rows
	}
	for i, x := range v.data {
		d := float64(x) - s.mean[i%v.width]
		s.deviation[i%v.width] += d * d / rows
	}
	for i, d := range s.deviation {
		if s.deviation[i] = math.Sqrt(d); s.deviation[i] < flatDeviation {
			s.deviation[i] = 1
		}
	}
	return s
}

// standardise rewrites a feed's features.
func (s statistics) standardise(v *vectors) {
	for i, x := range v.data {
		k := i % v.width
		v.data[i] = (x - float32(s.mean[k])) / float32(s.deviation[k])
	}
}

// node adds the same to a graph.
func (s statistics) node(b *graph.Builder, features *graph.Value) *graph.Value {
	centred := b.Sub(features, b.Const(onnx.Float, nil, s.mean...))
	return b.Div(centred, b.Const(onnx.Float, nil, s.deviation...))
}
