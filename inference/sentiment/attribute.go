package sentiment

import (
	"context"
	"math"
	"runtime"
	"slices"
	"strings"

	"athanor/inference/text"
)

// Explain gives the opinion and every unit's share of the score. For models
// that add up n-grams the shares are integrated gradients (Sundararajan et al.
// 2017) from the empty text, which such a model allows in closed form; for
// others each unit's share is what leaving it out changes, scaled. Either way
// the shares sum to the score. Of classes without an order, which have no score,
// the shares sum to how much surer of its label the model is than by chance.
func (m *Model) Explain(ctx context.Context, t string) (Opinion, []Token, error) {
	opinions, err := m.Score(ctx, []string{t})
	if err != nil {
		return Opinion{}, nil, err
	}
	o := opinions[0]
	units := text.Units(t)
	if !o.Known || len(units) == 0 {
		return o, nil, nil
	}
	shares, err := m.shares(ctx, t, units, o)
	if err != nil {
		return Opinion{}, nil, err
	}
	return o, unitTokens(t, units, shares), nil
}

func (m *Model) shares(ctx context.Context, t string, units []text.Unit, o Opinion) ([]float64, error) {
	if m.values == nil {
		return m.classShares(ctx, t, units, o)
	}
	shares, ok, err := m.additive(ctx, t, units, o.Score)
	if err != nil || ok {
		return shares, err
	}
	return occluded(t, units, mostOcclusions, o.Score, func(texts []string) ([]float64, error) {
		opinions, err := m.Score(ctx, texts)
		scores := make([]float64, len(opinions))
		for i, one := range opinions {
			scores[i] = one.Score
		}
		return scores, err
	})
}

// classShares explain a class without a place in an order. What leaving out changes is
// measured in log-odds, as a probability near 1 hardly moves, and scaled to how much
// surer than by chance the class is.
func (m *Model) classShares(ctx context.Context, t string, units []text.Unit, o Opinion) ([]float64, error) {
	class := slices.Index(m.labels, string(o.Label))
	whole, err := m.oddsOf(ctx, []string{t}, class)
	if err != nil {
		return nil, err
	}
	shares, err := occluded(t, units, mostOcclusions, whole[0], func(texts []string) ([]float64, error) { return m.oddsOf(ctx, texts, class) })
	if err != nil {
		return nil, err
	}
	surer := o.Confidence - 1/float64(len(m.labels))
	for i := range shares {
		shares[i] *= ratio(surer, whole[0])
	}
	return balance(shares, surer), nil
}

// oddsOf are a class's log-odds in each text, above those of chance.
func (m *Model) oddsOf(ctx context.Context, texts []string, class int) ([]float64, error) {
	chance := math.Log(float64(len(m.labels) - 1))
	out := make([]float64, len(texts))
	err := m.each(ctx, texts, func(i int, p []float32, r read) {
		if !r.known {
			return
		}
		others := 0.0
		for k, v := range p {
			if k != class {
				others += float64(v)
			}
		}
		out[i] = math.Log(max(float64(p[class]), 1e-12)) - math.Log(max(others, 1e-12)) + chance
	})
	return out, err
}

// additive explains a model whose log-odds are a mean over the ids. It asks
// the model about every id alone and about none; ok is false where these do
// not add up to its answer, or the model has not two classes.
func (m *Model) additive(ctx context.Context, t string, units []text.Unit, score float64) (shares []float64, ok bool, err error) {
	if len(m.ports) > 0 || len(m.labels) != 2 || m.values[0]+m.values[1] != 0 {
		return nil, false, nil
	}
	grams := m.tokens.Encode(t)
	n := 0
	for _, g := range grams {
		n = max(n, g.Index+1)
	}
	parts, base, err := m.oddsParts(ctx, grams, n)
	if err != nil {
		return nil, false, err
	}
	sum := 0.0
	for _, p := range parts {
		sum += p
	}
	z := base + sum
	if math.Abs(math.Tanh(z/2)-score) > 0.01 {
		return nil, false, nil
	}
	slope := 0.5 / (math.Cosh(z/2) * math.Cosh(z/2))
	if math.Abs(sum) > 1e-6 {
		slope = (math.Tanh(z/2) - math.Tanh(base/2)) / sum
	}
	for i := range parts {
		parts[i] *= slope
	}
	shares = spread(grams, parts, units)
	return balance(shares, score), true, nil
}

// oddsParts is what each of n ids adds to the log-odds, and what the model says
// of no text at all.
func (m *Model) oddsParts(ctx context.Context, grams []text.Token, n int) (parts []float64, base float64, err error) {
	if m.linear != nil {
		return m.linear.parts(grams, n, m.values[0] > m.values[1])
	}
	odds, err := m.oddsAlone(ctx, grams, n)
	if err != nil {
		return nil, 0, err
	}
	parts, base = odds[:n], odds[n]
	for i := range parts {
		parts[i] = (parts[i] - base) / float64(n)
	}
	return parts, base, nil
}

// oddsAlone returns the log-odds for the class of the higher value when a text
// holds one id alone, and at n when it holds none.
func (m *Model) oddsAlone(ctx context.Context, grams []text.Token, n int) ([]float64, error) {
	width := m.length
	if m.flexible {
		width = 1
	}
	ids := make([]int64, (n+1)*width)
	for _, g := range grams {
		if g.Index >= 0 {
			ids[g.Index*width] = g.ID
		}
	}
	p, err := m.run(ctx, ids, width)
	if err != nil {
		return nil, err
	}
	high, low := 1, 0
	if m.values[0] > m.values[1] {
		high, low = 0, 1
	}
	odds := make([]float64, n+1)
	for i := range odds {
		odds[i] = math.Log(max(float64(p[2*i+high]), 1e-12)) - math.Log(max(float64(p[2*i+low]), 1e-12))
	}
	return odds, nil
}

// spread divides every n-gram's part among its places, and there among the
// units it covers.
func spread(grams []text.Token, parts []float64, units []text.Unit) []float64 {
	times := make([]int, len(parts))
	for _, g := range grams {
		if g.Index >= 0 {
			times[g.Index]++
		}
	}
	shares := make([]float64, len(units))
	first := 0
	for _, g := range grams {
		if g.Index < 0 {
			continue
		}
		for first > 0 && units[first].Start > g.Start {
			first--
		}
		for first+1 < len(units) && units[first].End <= g.Start {
			first++
		}
		last := first
		for last+1 < len(units) && units[last+1].Start < g.End {
			last++
		}
		each := parts[g.Index] / float64(times[g.Index]*(last-first+1))
		for u := first; u <= last; u++ {
			shares[u] += each
		}
	}
	return shares
}

// balance adds what is left of the score, the model's own leaning without any
// text, to all shares alike.
func balance(shares []float64, score float64) []float64 {
	left := score
	for _, s := range shares {
		left -= s
	}
	for i := range shares {
		shares[i] += left / float64(len(shares))
	}
	return shares
}

// mostOcclusions is how many stretches are left out one by one; more units are
// gathered into as many stretches.
const mostOcclusions = 96

// occluded explains any judgement by leaving stretches out, at most most of them: whole
// is that of the text, judge gives those of others.
func occluded(t string, units []text.Unit, most int, whole float64, judge func([]string) ([]float64, error)) ([]float64, error) {
	step := (len(units) + most - 1) / most
	var without []string
	for i := 0; i < len(units); i += step {
		end := units[min(i+step, len(units))-1].End
		without = append(without, t[:units[i].Start]+strings.Repeat(" ", min(1, end-units[i].Start))+t[end:])
	}
	left, err := judge(without)
	if err != nil {
		return nil, err
	}
	shares, sum := make([]float64, len(units)), 0.0
	for i := range units {
		in := min(step, len(units)-i/step*step)
		shares[i] = (whole - left[i/step]) / float64(in)
		sum += shares[i]
	}
	if sum*whole > 0 && math.Abs(sum) > 0.1*math.Abs(whole) {
		for i := range shares {
			shares[i] *= whole / sum
		}
	}
	return balance(shares, whole), nil
}

func processors() int { return runtime.GOMAXPROCS(0) }
