package evaluate

import (
	"fmt"
	"math"
)

// McNemar is the comparison of two classifiers on the same samples (McNemar
// 1947): only samples on which exactly one is right tell them apart.
type McNemar struct {
	OnlyFirst  int     `json:"only_first"`  // right by the first alone
	OnlySecond int     `json:"only_second"` // right by the second alone
	P          float64 `json:"p"`           // chance of such a difference between equally good models
	Exact      bool    `json:"exact"`       // binomial; else χ² with Edwards's correction
}

// Compare tests whether two models differ on the same samples.
func Compare(first, second Predictions) (McNemar, error) {
	if len(first.Labels) == 0 {
		return McNemar{}, ErrNothing
	}
	if len(first.Labels) != len(second.Labels) {
		return McNemar{}, fmt.Errorf("the models answered %d and %d samples; compare them on the same ones", len(first.Labels), len(second.Labels))
	}
	var m McNemar
	for i := range first.Labels {
		a, b := first.Predicted(i) == first.Labels[i], second.Predicted(i) == second.Labels[i]
		switch {
		case a && !b:
			m.OnlyFirst++
		case b && !a:
			m.OnlySecond++
		}
	}
	return m.test(), nil
}

// fewDiscordant is below how many differing samples the exact test is taken.
const fewDiscordant = 25

func (m McNemar) test() McNemar {
	n := m.OnlyFirst + m.OnlySecond
	if m.Exact = n < fewDiscordant; m.Exact {
		m.P = min(1, 2*binomialCDF(min(m.OnlyFirst, m.OnlySecond), n))
		return m
	}
	d := math.Abs(float64(m.OnlyFirst-m.OnlySecond)) - 1
	chi2 := max(d, 0) * max(d, 0) / float64(n)
	m.P = math.Erfc(math.Sqrt(chi2 / 2)) // χ² with one degree of freedom
	return m
}

// binomialCDF is P(X ≤ k) of n fair coins.
func binomialCDF(k, n int) float64 {
	term, sum := math.Pow(0.5, float64(n)), 0.0
	for i := range k + 1 {
		sum += term
		term *= float64(n-i) / float64(i+1)
	}
	return sum
}
