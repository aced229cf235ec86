package train

import "math"

// Types that a step computes in.
const (
	// Float32 is the usual one.
	Float32 = "float32"
	// Float16 computes matrix products, convolutions and what follows from them
	// element by element in float16; parameters, their update, sums, norms and the
	// loss stay in float32.
	Float16 = "float16"
	// AutoPrecision takes float16 where a few steps of the run show it faster.
	AutoPrecision = "auto"
)

// The loss's scale begins as PyTorch's does and grows as slowly.
const (
	firstScale   = 1 << 16
	largestScale = 1 << 24
	growthSteps  = 2000
)

// lossScale is the factor on the loss of a step in float16: halved when gradients
// overflow, doubled after many steps without.
type lossScale struct {
	Factor float64 `json:"factor,omitempty"` // 0 is the first
	Good   int     `json:"good,omitempty"`   // steps since it changed
	Halved int     `json:"halved,omitempty"` // times in all
}

func (l *lossScale) value() float64 {
	if l.Factor == 0 {
		l.Factor = firstScale
	}
	return l.Factor
}

// again takes a step's gradient norm and tells whether the step overflowed and
// is to be done once more. At a factor of 1 the numbers are what they are.
func (l *lossScale) again(norm float32) bool {
	if x := float64(norm); math.IsNaN(x) || math.IsInf(x, 0) {
		if l.Factor <= 1 {
			return false
		}
		l.Factor, l.Good, l.Halved = l.Factor/2, 0, l.Halved+1
		return true
	}
	if l.Good++; l.Good >= growthSteps && l.Factor < largestScale {
		l.Factor, l.Good = 2*l.Factor, 0
	}
	return false
}
