// Package serve turns models into a service on this machine: the Open Inference
// Protocol version 2 over HTTP and gRPC, a simple face for people, batching,
// hot swap, keys and limits, metrics. It knows no screen.
package serve

import (
	"context"
	"errors"
	"image"
	"slices"

	"athanor/inference/model"
	"athanor/inference/runtime"
)

// Runner is a model that can be served. *model.Model is one. Run may be called
// from many goroutines; Close comes after the last Run.
type Runner interface {
	Info() model.Info
	Inputs() []model.Port
	Outputs() []model.Port
	Run(ctx context.Context, in []*runtime.Tensor) ([]*runtime.Tensor, error)
	Close()
}

// Encoder is a Runner that prepares what people have: *model.Model is one.
type Encoder interface {
	EncodeImage(image.Image) ([]model.Sample, error)
	EncodeText(string) ([]model.Sample, error)
	EncodeRow(map[string]string) ([]model.Sample, error)
	AnswerName() (string, error)
	Answer(values []float32) (model.Prediction, error)
}

// Errors that become answers.
var (
	ErrUnknown    = errors.New("unknown model")
	ErrOverloaded = errors.New("overloaded")
	ErrDraining   = errors.New("shutting down")
	ErrExists     = errors.New("is served already")
	ErrRun        = errors.New("the model failed")
)

// canBatch says whether rows of several requests may be joined: every input and
// output has the same free first dimension. Foreign files must name it, as an
// unknown dimension proves nothing; files of the studio are known to mean it.
func canBatch(r Runner) bool {
	ports := slices.Concat(r.Inputs(), r.Outputs())
	if len(r.Inputs()) == 0 || len(r.Outputs()) == 0 {
		return false
	}
	name := ""
	for i, p := range ports {
		if !p.Tensor || !p.Ranked || len(p.Shape) == 0 || p.Shape[0].Known {
			return false
		}
		if i == 0 {
			name = p.Shape[0].Param
		}
		if p.Shape[0].Param != name {
			return false
		}
	}
	return name != "" || r.Info().Task != model.Foreign
}

// protocolShape is a port's shape with -1 for free dimensions.
func protocolShape(p model.Port) []int64 {
	shape := make([]int64, len(p.Shape))
	for i, d := range p.Shape {
		shape[i] = d.Size()
	}
	return shape
}
