package quantize

import (
	"context"
	"fmt"
	"math"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
)

// calibrate runs the model on samples and returns the range of each wanted
// value, and how many batches it saw. Zero is in every range, so that padding
// and the result of Relu stay exact.
func calibrate(ctx context.Context, m *onnx.Model, wanted []string, samples Samples) (map[string]span, int, error) {
	probe, err := clone(m)
	if err != nil {
		return nil, 0, err
	}
	probe.Graph.Outputs = nil
	for _, name := range wanted {
		probe.Graph.Outputs = append(probe.Graph.Outputs, &onnx.ValueInfo{Name: name, Type: &onnx.Type{Tensor: &onnx.TensorType{Elem: onnx.Float}}})
	}
	raw, err := probe.Encode()
	if err != nil {
		return nil, 0, fmt.Errorf("measure activations: %w", err)
	}
	session, err := runtime.NewSession(raw, runtime.Options{Threads: 1})
	if err != nil {
		return nil, 0, fmt.Errorf("measure activations: %w", err)
	}
	defer session.Close()
	spans, batches := map[string]span{}, 0
	err = samples(ctx, func(in []*runtime.Tensor) error {
		out := make([]*runtime.Tensor, len(wanted))
		if err := session.Run(ctx, in, out); err != nil {
			return err
		}
		for i, t := range out {
			spans[wanted[i]] = spans[wanted[i]].with(runtime.Data[float32](t))
			t.Close()
		}
		batches++
		return nil
	})
	if err == nil && batches == 0 {
		err = ErrSamples
	}
	if err != nil {
		return nil, 0, fmt.Errorf("measure activations: %w", err)
	}
	return spans, batches, nil
}

// with widens the range to hold values; what is no number is left out.
func (s span) with(values []float32) span {
	for _, v := range values {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			continue
		}
		s.low, s.high = min(s.low, v), max(s.high, v)
	}
	return s
}
