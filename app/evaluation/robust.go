package evaluation

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"

	"athanor/inference/model"
	"athanor/pipeline/evaluate"
)

// Disturbed is how good the model is on disturbed copies of some samples.
type Disturbed struct {
	Name     string  `json:"name"`
	Strength float64 `json:"strength"`
	Samples  int     `json:"samples"`
	Before   float64 `json:"before"` // accuracy, or R², of the same samples undisturbed
	After    float64 `json:"after"`
}

// disturbedSamples is how many samples are asked about again for each
// disturbance: enough for two points of accuracy.
const disturbedSamples = 2000

// robustness asks about samples spread evenly over the set, once for each
// disturbance.
func (a *asker) robustness(ctx context.Context, o *Outcome) ([]Disturbed, error) {
	stride := max(a.s.Len()/disturbedSamples, 1)
	var rows []int
	for r := 0; r < a.s.Len() && len(rows) < disturbedSamples; r += stride {
		rows = append(rows, r)
	}
	before, err := o.qualityOf(rows, o.pick(rows))
	if err != nil {
		return nil, err
	}
	var out []Disturbed
	for _, d := range a.disturbances() {
		var scores []float32
		for part := range slices.Chunk(rows, batch) {
			got, err := a.ask(ctx, part, &d.change)
			if err != nil {
				return nil, err
			}
			scores = append(scores, got...)
		}
		after, err := o.qualityOf(rows, scores)
		if err != nil {
			return nil, err
		}
		out = append(out, Disturbed{d.name, d.strength, len(rows), before, after})
	}
	return out, nil
}

func (o *Outcome) pick(rows []int) []float32 {
	width := max(len(o.labels), 1)
	var scores []float32
	for _, r := range rows {
		scores = append(scores, o.asked.scores[r*width:(r+1)*width]...)
	}
	return scores
}

// qualityOf is the accuracy, or R², of answers for rows.
func (o *Outcome) qualityOf(rows []int, scores []float32) (float64, error) {
	if len(o.labels) == 0 {
		actual := make([]float32, len(rows))
		for i, r := range rows {
			actual[i] = o.samples.Targets[r]
		}
		r, err := evaluate.Regress(scores, actual)
		return r.R2, err
	}
	p := evaluate.Predictions{Classes: len(o.labels), Scores: scores}
	right := 0
	for i, r := range rows {
		if p.Predicted(i) == o.samples.Labels[r] {
			right++
		}
	}
	return float64(right) / float64(len(rows)), nil
}

type disturbance struct {
	name     string
	strength float64
	change   change
}

func (a *asker) disturbances() []disturbance {
	switch a.model.Info().Task {
	case model.Image:
		var out []disturbance
		for _, d := range evaluate.Disturbances() {
			out = append(out, disturbance{d.Name, d.Strength, change{pixels: d.Apply}})
		}
		return out
	case model.Text:
		return []disturbance{typos(0.05), typos(0.15)}
	}
	return []disturbance{emptied(0.1), emptied(0.3)}
}

func typos(share float64) disturbance {
	return disturbance{"typos", share, change{text: func(t string, seed uint64) string { return evaluate.Typos(t, share, seed) }}}
}

// emptied leaves cells of a row out, as forms with gaps do.
func emptied(share float64) disturbance {
	return disturbance{"missing cells", share, change{row: func(row map[string]string, seed uint64) map[string]string {
		r := rand.New(rand.NewPCG(seed, 0x67617073))
		out := map[string]string{}
		for _, k := range slices.Sorted(maps.Keys(row)) {
			if r.Float64() >= share {
				out[k] = row[k]
			}
		}
		return out
	}}}
}
