package evaluation

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"athanor/pipeline/evaluate"
)

// Comparison is several models on the same samples.
type Comparison struct {
	Data    string      `json:"data"`
	Part    string      `json:"part"`
	Samples int         `json:"samples"`
	Models  []Outcome   `json:"models"` // in the order asked for
	Pairs   []Pair      `json:"pairs,omitempty"`
	Only    []OnlyRight `json:"only_right,omitempty"`
}

// Pair is whether two classifiers differ.
type Pair struct {
	First  int `json:"first"` // among Models
	Second int `json:"second"`
	evaluate.McNemar
}

// OnlyRight counts the samples that one model alone gets right.
type OnlyRight struct {
	Model   int `json:"model"`
	Samples int `json:"samples"`
}

// Compare measures models on the samples of the first one's request.
func Compare(ctx context.Context, paths []string, q Request, progress func(done, total int)) (Comparison, error) {
	if len(paths) < 2 {
		return Comparison{}, fmt.Errorf("%w: comparing takes two models or more", ErrMismatch)
	}
	q.Quick, q.Model = true, paths[0]
	first, err := Run(ctx, q, progress)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Data: first.Data, Part: first.Part, Samples: first.Samples, Models: []Outcome{first}}
	for _, path := range paths[1:] {
		next, err := Measure(ctx, path, first.samples, q, progress)
		if err != nil {
			return c, fmt.Errorf("compare %s: %w", filepath.Base(path), err)
		}
		if next.Samples != first.Samples {
			return c, fmt.Errorf("%w: %s does not know all classes that %s knows", ErrMismatch, filepath.Base(path), filepath.Base(paths[0]))
		}
		c.Models = append(c.Models, next)
	}
	return c, c.pair()
}

func (c *Comparison) pair() error {
	if c.Models[0].Predictions() == nil {
		return nil
	}
	for i := range c.Models {
		for k := i + 1; k < len(c.Models); k++ {
			m, err := evaluate.Compare(*c.Models[i].Predictions(), *c.Models[k].Predictions())
			if err != nil {
				return err
			}
			c.Pairs = append(c.Pairs, Pair{i, k, m})
		}
	}
	alone := make([]int, len(c.Models))
	for i := range c.Samples {
		right := -1
		for k := range c.Models {
			if p := c.Models[k].Predictions(); p.Predicted(i) == p.Labels[i] {
				if right >= 0 {
					right = -2
				} else if right == -1 {
					right = k
				}
			}
		}
		if right >= 0 {
			alone[right]++
		}
	}
	for k, n := range alone {
		c.Only = append(c.Only, OnlyRight{k, n})
	}
	return nil
}

// Needs is what matters to a person, each from 0 (no matter) to 1.
type Needs struct{ Accuracy, Speed, Size, Explainability float64 }

// Advice is which model to take and why.
type Advice struct {
	Model   int      `json:"model"`
	Reasons []string `json:"reasons"`
}

// significant is below which p two models count as different.
const significant = 0.05

// Recommend follows from needs: a model's score is the sum of what it has of
// each, from 0 for the worst to 1 for the best of the models compared, times its
// weight. Where the best is not significantly more accurate than a model with a
// better score on the rest, accuracy does not count between the two.
func (c *Comparison) Recommend(n Needs) Advice {
	ranks := c.ranks()
	score := func(i int, accuracy bool) float64 {
		s := n.Speed*ranks[i].speed + n.Size*ranks[i].size + n.Explainability*ranks[i].explained
		if accuracy {
			s += 2 * n.Accuracy * ranks[i].accuracy
		}
		return s
	}
	best := 0
	for i := range c.Models {
		if score(i, true) > score(best, true) {
			best = i
		}
	}
	for i := range c.Models {
		if i != best && !c.Differ(i, best) && score(i, false) > score(best, false) {
			best = i
		}
	}
	return Advice{Model: best, Reasons: c.reasons(best)}
}

type ranked struct{ accuracy, speed, size, explained float64 }

func (c *Comparison) ranks() []ranked {
	out := make([]ranked, len(c.Models))
	place := func(of func(o *Outcome) float64, put func(r *ranked, v float64)) {
		low, high := of(&c.Models[0]), of(&c.Models[0])
		for i := range c.Models {
			low, high = min(low, of(&c.Models[i])), max(high, of(&c.Models[i]))
		}
		for i := range c.Models {
			v := 1.0
			if high > low {
				v = (of(&c.Models[i]) - low) / (high - low)
			}
			put(&out[i], v)
		}
	}
	place((*Outcome).Quality, func(r *ranked, v float64) { r.accuracy = v })
	place(func(o *Outcome) float64 { return -o.Efficiency.LatencyP50 }, func(r *ranked, v float64) { r.speed = v })
	place(func(o *Outcome) float64 { return -float64(o.Efficiency.Size) }, func(r *ranked, v float64) { r.size = v })
	place(func(o *Outcome) float64 { return o.explained() }, func(r *ranked, v float64) { r.explained = v })
	return out
}

// Quality is the accuracy, or R².
func (o *Outcome) Quality() float64 {
	if o.Classification != nil {
		return o.Classification.Accuracy
	}
	if o.Regression != nil {
		return o.Regression.R2
	}
	return 0
}

// explained is how directly a model can be explained: rows by exact shares, the
// rest by gradients, the fewer parameters the better.
func (o *Outcome) explained() float64 {
	return -float64(o.parameters)
}

// Differ tells whether two models' answers differ by more than chance; of
// regressions any difference counts.
func (c *Comparison) Differ(i, k int) bool {
	if len(c.Pairs) == 0 {
		return true
	}
	return slices.ContainsFunc(c.Pairs, func(p Pair) bool {
		return p.P < significant && (p.First == i && p.Second == k || p.First == k && p.Second == i)
	})
}

// reasons say how the chosen model stands to the others, in numbers.
func (c *Comparison) reasons(best int) []string {
	b := &c.Models[best]
	var out []string
	for i := range c.Models {
		if i == best {
			continue
		}
		o := &c.Models[i]
		text := fmt.Sprintf("against %s: ", ShortName(o.Model))
		switch {
		case !c.Differ(i, best):
			text += fmt.Sprintf("accuracy is the same within chance (%.2f and %.2f %%)", 100*b.Quality(), 100*o.Quality())
		case o.Classification == nil:
			text += fmt.Sprintf("R² %.4f, not %.4f", b.Quality(), o.Quality())
		default:
			text += fmt.Sprintf("%.2f %% right, not %.2f %%", 100*b.Quality(), 100*o.Quality())
		}
		text += "; " + times(o.Efficiency.LatencyP50/b.Efficiency.LatencyP50, "as fast") + ", " + times(float64(o.Efficiency.Size)/float64(b.Efficiency.Size), "as small")
		out = append(out, text)
	}
	return out
}

func times(ratio float64, what string) string { return fmt.Sprintf("%.1f times %s", ratio, what) }

// ShortName tells models of runs apart by their folders.
func ShortName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".onnx")
	if dir := filepath.Base(filepath.Dir(path)); name == "model" && dir != "." {
		return dir
	}
	return name
}

// Frontier are the models that no other beats in both quality and a cost.
func (c *Comparison) Frontier(cost func(evaluate.Efficiency) float64) []int {
	order := make([]int, len(c.Models))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(cost(c.Models[a].Efficiency), cost(c.Models[b].Efficiency)), cmp.Compare(c.Models[b].Quality(), c.Models[a].Quality()))
	})
	var out []int
	for _, i := range order {
		if len(out) == 0 || c.Models[i].Quality() > c.Models[out[len(out)-1]].Quality() {
			out = append(out, i)
		}
	}
	return out
}
