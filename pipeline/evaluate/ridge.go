package evaluate

// Ridge is linear regression on standardised rows with a small penalty.
type Ridge struct {
	standardised *Linear // mean and scale
	weights      []float64
	bias         float64
}

// ridgeWidth is the widest table ridge regression is solved for.
const ridgeWidth = 300

// TrainRidge solves (XᵀX + λ)w = Xᵀy by Gauss-Jordan elimination; it returns nil
// for tables wider than 300 columns, where a second is not enough.
func TrainRidge(t Table, y []float32) *Ridge {
	d := t.Width
	if d > ridgeWidth || t.Rows() == 0 {
		return nil
	}
	r := &Ridge{standardised: &Linear{}}
	r.standardised.mean, r.standardised.scale = standard(t)
	for _, v := range y {
		r.bias += float64(v) / float64(len(y))
	}
	a := make([][]float64, d)
	for i := range a {
		a[i] = make([]float64, d+1)
		a[i][i] = 1e-3 * float64(t.Rows())
	}
	x := make([]float64, d)
	for n := range t.Rows() {
		r.standardised.scaled(x, t.Row(n))
		for i, v := range x {
			if v == 0 {
				continue
			}
			for j, u := range x {
				a[i][j] += v * u
			}
			a[i][d] += v * (float64(y[n]) - r.bias)
		}
	}
	r.weights = solve(a)
	return r
}

// solve eliminates a positive definite system [A|b] without pivoting.
func solve(a [][]float64) []float64 {
	n := len(a)
	for i := range n {
		for k := range n {
			if k == i || a[k][i] == 0 {
				continue
			}
			f := a[k][i] / a[i][i]
			for j := i; j <= n; j++ {
				a[k][j] -= f * a[i][j]
			}
		}
	}
	w := make([]float64, n)
	for i := range w {
		w[i] = a[i][n] / a[i][i]
	}
	return w
}

// Predict is the value of a row.
func (r *Ridge) Predict(row []float32) float32 {
	x := make([]float64, len(row))
	r.standardised.scaled(x, row)
	sum := r.bias
	for k, v := range x {
		sum += r.weights[k] * v
	}
	return float32(sum)
}
