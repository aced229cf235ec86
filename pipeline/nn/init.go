package nn

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// Init is how a parameter starts.
type Init struct {
	Kind Kind
	// FanIn and FanOut are the numbers of inputs and outputs of one unit.
	FanIn, FanOut int
	// Value is for Constant, the deviation for Normal.
	Value float64
}

// Kind names a distribution.
type Kind int

// Kinds of initial values.
const (
	Constant Kind = iota
	// HeUniform is U(±√(6/fan_in)) (He et al. 2015), for layers before a ReLU.
	HeUniform
	// GlorotUniform is U(±√(6/(fan_in+fan_out))) (Glorot and Bengio 2010).
	GlorotUniform
	// Normal has mean 0 and deviation Value.
	Normal
)

// Fill writes p's initial values into dst. They depend on seed and the
// parameter's name only, so that adding a layer changes no other.
func (p Parameter) Fill(dst []float32, seed uint64) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(p.Name)) // hashes do not fail
	source := rand.New(rand.NewPCG(seed, h.Sum64()))
	draw := p.Init.draw(source)
	for i := range dst {
		dst[i] = float32(draw())
	}
}

func (in Init) draw(r *rand.Rand) func() float64 {
	uniform := func(bound float64) func() float64 {
		return func() float64 { return (2*r.Float64() - 1) * bound }
	}
	switch in.Kind {
	case HeUniform:
		return uniform(math.Sqrt(6 / float64(in.FanIn)))
	case GlorotUniform:
		return uniform(math.Sqrt(6 / float64(in.FanIn+in.FanOut)))
	case Normal:
		return func() float64 { return r.NormFloat64() * in.Value }
	default:
		return func() float64 { return in.Value }
	}
}
