package curve

import "math"

// EMA smooths ys as TensorBoard does: an exponential moving average with the
// given weight (0 none … <1), corrected for its start at zero by dividing by
// 1 − weightⁿ. Values that are not finite pass through and do not disturb the
// average; a constant series stays as it is. Source: TensorBoard's
// classicSmoothing. dst and ys may be the same slice.
func EMA(dst, ys []float64, weight float64) {
	if !smoothes(weight) || constant(ys) {
		copy(dst, ys)
		return
	}
	s := emaState{debias: 1}
	for i, y := range ys {
		dst[i] = s.next(y, weight)
	}
}

// Mean is EMA for values that come one after the other; its zero value is ready.
type Mean struct {
	state emaState
	begun bool
}

// Next returns what EMA puts in the place of y, the next value.
func (m *Mean) Next(y, weight float64) float64 {
	if !smoothes(weight) {
		return y
	}
	if !m.begun {
		m.begun, m.state.debias = true, 1
	}
	return m.state.next(y, weight)
}

// smoothes reports whether a weight changes anything; TensorBoard takes a
// weight outside 0…1 for none.
func smoothes(weight float64) bool { return weight > 0 && weight <= 1 }

// constant reports whether every value equals the first.
func constant(ys []float64) bool {
	for _, y := range ys {
		if y != ys[0] {
			return false
		}
	}
	return true
}

// emaState is the average so far; debias is weightⁿ.
type emaState struct{ last, debias float64 }

func (s *emaState) next(y, weight float64) float64 {
	if y-y != 0 {
		return y
	}
	s.last = s.last*weight + (1-weight)*y
	if weight == 1 {
		return s.last
	}
	if s.debias != 0 {
		s.debias *= weight
		if s.debias < 1e-18 {
			s.debias = 0 // 1 − debias is 1 from here on
		}
		return s.last / (1 - s.debias)
	}
	return s.last
}

// Gaussian smooths ys with a bell of the given width sigma in rows, cut at three
// sigma; non-finite values pass through and are left out of their neighbours'.
// dst must not overlap ys. The cost is len(ys)·6·sigma.
func Gaussian(dst, ys []float64, sigma float64) {
	if sigma <= 0 || math.IsNaN(sigma) {
		copy(dst, ys)
		return
	}
	kernel := bell(sigma)
	for i, y := range ys {
		if y-y != 0 {
			dst[i] = y
			continue
		}
		dst[i] = weighted(ys, i, kernel)
	}
}

// bell returns the right half of a Gaussian, beginning with its top.
func bell(sigma float64) []float64 {
	k := make([]float64, int(math.Ceil(3*sigma))+1)
	for i := range k {
		d := float64(i) / sigma
		k[i] = math.Exp(-d * d / 2)
	}
	return k
}

// weighted is the mean around row i under a symmetric kernel.
func weighted(ys []float64, i int, kernel []float64) float64 {
	sum, total := 0.0, 0.0
	r := len(kernel) - 1
	for j := max(i-r, 0); j <= min(i+r, len(ys)-1); j++ {
		y := ys[j]
		if y-y != 0 {
			continue
		}
		w := kernel[max(i-j, j-i)]
		sum += w * y
		total += w
	}
	return sum / total
}

// Window smooths ys with the mean of the last n rows (fewer at the start);
// non-finite values pass through and are left out of the means. dst must not
// overlap ys.
func Window(dst, ys []float64, n int) {
	if n <= 1 {
		copy(dst, ys)
		return
	}
	sum, count := 0.0, 0
	for i, y := range ys {
		if i%n == 0 { // sums are begun anew now and then so that rounding cannot pile up
			sum, count = windowSum(ys, i, n)
		} else {
			sum, count = slide(ys, i, n, sum, count)
		}
		dst[i] = y
		if y-y == 0 {
			dst[i] = sum / float64(count)
		}
	}
}

func windowSum(ys []float64, i, n int) (sum float64, count int) {
	for _, y := range ys[max(i-n+1, 0) : i+1] {
		if y-y == 0 {
			sum += y
			count++
		}
	}
	return sum, count
}

// slide moves the window one row on.
func slide(ys []float64, i, n int, sum float64, count int) (float64, int) {
	if y := ys[i]; y-y == 0 {
		sum += y
		count++
	}
	if i >= n {
		if y := ys[i-n]; y-y == 0 {
			sum -= y
			count--
		}
	}
	return sum, count
}
