package evaluate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Suspect is a sample whose label looks wrong.
type Suspect struct {
	Sample int `json:"sample"`
	Label  int `json:"label"`
	Likely int `json:"likely"` // the class it seems to be
	// Margin is the label's probability minus that of the likely class, from −1.
	Margin float64 `json:"margin"`
	// Confident: the likely class is at least as probable as it usually is for
	// samples that carry its label.
	Confident bool `json:"confident"`
}

// Suspects ranks all samples by how likely their labels are wrong, by confident
// learning (Northcutt, Jiang and Chuang 2021): a sample is counted as one of
// class k when its probability of k reaches the mean that samples labelled k
// have. Those counted as another class than their label come first, by margin.
// The probabilities must come from models that did not see the samples.
func Suspects(p Predictions) ([]Suspect, error) {
	if len(p.Labels) == 0 {
		return nil, ErrNothing
	}
	if len(p.Scores) != len(p.Labels)*p.Classes {
		return nil, fmt.Errorf("%d scores do not make %d rows of %d", len(p.Scores), len(p.Labels), p.Classes)
	}
	usual := p.usual()
	out := make([]Suspect, len(p.Labels))
	for i, label := range p.Labels {
		row := p.Scores[i*p.Classes : (i+1)*p.Classes]
		s := Suspect{Sample: i, Label: label, Likely: -1}
		for k, v := range row {
			if k != label && (s.Likely < 0 || v > row[s.Likely]) {
				s.Likely = k
			}
		}
		if s.Likely < 0 {
			s.Likely, s.Margin = label, 1
		} else {
			s.Margin = float64(row[label]) - float64(row[s.Likely])
			s.Confident = s.Margin < 0 && float64(row[s.Likely]) >= usual[s.Likely]
		}
		out[i] = s
	}
	slices.SortStableFunc(out, func(a, b Suspect) int {
		if a.Confident != b.Confident {
			if a.Confident {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Margin, b.Margin)
	})
	return out, nil
}

// usual is for each class the mean probability of it among its own samples.
func (p Predictions) usual() []float64 {
	sum, n := make([]float64, p.Classes), make([]float64, p.Classes)
	for i, label := range p.Labels {
		sum[label] += float64(p.Scores[i*p.Classes+label])
		n[label]++
	}
	for k := range sum {
		if n[k] == 0 {
			sum[k] = math.Inf(1)
			continue
		}
		sum[k] /= n[k]
	}
	return sum
}
