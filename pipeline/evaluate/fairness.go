package evaluate

import "math"

// Gap is the largest difference between two groups.
type Gap struct {
	By      string  `json:"by"`
	Class   int     `json:"class"` // the answer it is about
	Kind    GapKind `json:"kind"`
	Gap     float64 `json:"gap"` // highest minus lowest
	Highest string  `json:"highest"`
	Lowest  string  `json:"lowest"`
	High    float64 `json:"high"`
	Low     float64 `json:"low"`
}

// GapKind is what is compared between groups.
type GapKind string

// Kinds of gaps (Hardt et al. 2016).
const (
	// DemographicParity compares how often the class is answered.
	DemographicParity GapKind = "demographic parity"
	// EqualOpportunity compares how often the class is found where it is true.
	EqualOpportunity GapKind = "equal opportunity"
)

// FewestOfGroup is how many samples a group needs before its rates are
// compared with others: below, chance decides.
const FewestOfGroup = 20

// groupRates counts one group's answers and hits for one class.
type groupRates struct{ samples, answered, truths, hits int }

// Gaps compares the groups of one column for the given answer class. A gap
// needs two groups with enough samples; fewer give none.
func Gaps(p Predictions, by string, values []string, class int) []Gap {
	groups := map[string]*groupRates{}
	for i, v := range values {
		g := groups[v]
		if g == nil {
			g = &groupRates{}
			groups[v] = g
		}
		g.samples++
		answered := p.Predicted(i) == class
		if answered {
			g.answered++
		}
		if p.Labels[i] == class {
			g.truths++
			if answered {
				g.hits++
			}
		}
	}
	parity := widest(groups, func(g *groupRates) (rate float64, of int) { return ratio(g.answered, g.samples), g.samples })
	opportunity := widest(groups, func(g *groupRates) (rate float64, of int) { return ratio(g.hits, g.truths), g.truths })
	var out []Gap
	for kind, g := range map[GapKind]*Gap{DemographicParity: parity, EqualOpportunity: opportunity} {
		if g != nil {
			g.By, g.Class, g.Kind = by, class, kind
			out = append(out, *g)
		}
	}
	if len(out) == 2 && out[0].Kind != DemographicParity {
		out[0], out[1] = out[1], out[0]
	}
	return out
}

func widest(groups map[string]*groupRates, rate func(*groupRates) (float64, int)) *Gap {
	g := Gap{Low: math.Inf(1), High: math.Inf(-1)}
	n := 0
	for name, group := range groups {
		r, of := rate(group)
		if of < FewestOfGroup {
			continue
		}
		n++
		if r < g.Low || r == g.Low && name < g.Lowest {
			g.Low, g.Lowest = r, name
		}
		if r > g.High || r == g.High && name < g.Highest {
			g.High, g.Highest = r, name
		}
	}
	if n < 2 {
		return nil
	}
	g.Gap = g.High - g.Low
	return &g
}
