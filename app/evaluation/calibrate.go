package evaluation

import (
	"context"
	"fmt"

	"athanor/app/store"
	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/pipeline/evaluate"
)

// Calibrate fits a temperature on the validation part, which neither training's
// steps nor the final measurement use, and writes a copy of the model whose
// probabilities are divided by it. A model that has a temperature gets another
// in its place.
func Calibrate(ctx context.Context, q Request, to string, progress func(done, total int)) (evaluate.Temperature, error) {
	if q.Part == "" {
		q.Part = "validation"
	}
	q.Quick = true
	out, err := Run(ctx, q, progress)
	if err != nil {
		return evaluate.Temperature{}, err
	}
	p := out.Predictions()
	if p == nil {
		return evaluate.Temperature{}, fmt.Errorf("%w: a regression has no probabilities to calibrate", ErrMismatch)
	}
	t, err := evaluate.FitTemperature(*p)
	if err != nil {
		return t, err
	}
	m, err := onnx.Load(q.Model)
	if err != nil {
		return t, err
	}
	if err := model.SetTemperature(m, t.Value); err != nil {
		return t, err
	}
	raw, err := m.Encode()
	if err != nil {
		return t, err
	}
	return t, store.WriteFile(to, raw)
}
