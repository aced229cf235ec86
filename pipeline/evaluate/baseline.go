package evaluate

import (
	"math"
	"math/rand/v2"
)

// Baseline is a simple model trained in about a second: what any model has to
// beat to have been worth its training.
type Baseline struct {
	Name     string  `json:"name"`
	Accuracy float64 `json:"accuracy,omitempty"`
	R2       float64 `json:"r2,omitempty"`
	Samples  int     `json:"trained_on"`
	Seconds  float64 `json:"seconds"`
}

// baselineWork is how many multiplications a baseline may take: a fixed number,
// not a time, so that the same data give the same baseline on any machine.
const baselineWork = 4e8

// Table is n rows of width numbers.
type Table struct {
	Width int
	X     []float32 // n×Width, row-major
}

// Rows is the number of rows.
func (t Table) Rows() int { return len(t.X) / max(t.Width, 1) }

// Row is row i; it must not be changed.
func (t Table) Row(i int) []float32 { return t.X[i*t.Width : (i+1)*t.Width] }

// LinearSamples is how many samples a baseline over rows of that width looks at.
func LinearSamples(width, classes int) int {
	return max(int(baselineWork/(2*float64(max(width, 1)*max(classes, 1)))), 200)
}

// Linear is multinomial logistic regression by stochastic gradient descent,
// each sample once or, of few, several times.
type Linear struct {
	classes     int
	mean, scale []float64
	weights     []float64 // classes × (width+1), the last the bias
}

// TrainLinear learns from standardised rows.
func TrainLinear(t Table, labels []int, classes int) *Linear {
	l := &Linear{classes: classes, weights: make([]float64, classes*(t.Width+1))}
	l.mean, l.scale = standard(t)
	r := rand.New(rand.NewPCG(1, 2))
	order := r.Perm(t.Rows())
	passes := min(max(LinearSamples(t.Width, classes)/max(len(order), 1), 1), 50)
	x, p := make([]float64, t.Width), make([]float64, classes)
	step, total := 0, passes*len(order)
	for range passes {
		for _, i := range order {
			rate := 0.5 / float64(t.Width+10) * (1 - float64(step)/float64(total))
			l.scaled(x, t.Row(i))
			l.answer(p, x)
			p[labels[i]]--
			l.descend(x, p, rate)
			step++
		}
	}
	return l
}

// standard is each column's mean and one over its deviation; constant columns
// are left out by a zero.
func standard(t Table) (mean, scale []float64) {
	mean, scale = make([]float64, t.Width), make([]float64, t.Width)
	n := float64(t.Rows())
	for i := range t.Rows() {
		for k, v := range t.Row(i) {
			mean[k] += float64(v) / n
		}
	}
	for i := range t.Rows() {
		for k, v := range t.Row(i) {
			d := float64(v) - mean[k]
			scale[k] += d * d / n
		}
	}
	for k, v := range scale {
		scale[k] = 0
		if v > 1e-12 {
			scale[k] = 1 / math.Sqrt(v)
		}
	}
	return mean, scale
}

func (l *Linear) scaled(x []float64, row []float32) {
	for k, v := range row {
		x[k] = min(max((float64(v)-l.mean[k])*l.scale[k], -5), 5)
	}
}

// answer writes the classes' probabilities.
func (l *Linear) answer(p, x []float64) {
	top := math.Inf(-1)
	for c := range p {
		w := l.weights[c*(len(x)+1) : (c+1)*(len(x)+1)]
		sum := w[len(x)]
		for k, v := range x {
			sum += w[k] * v
		}
		p[c] = sum
		top = max(top, sum)
	}
	total := 0.0
	for c := range p {
		p[c] = math.Exp(p[c] - top)
		total += p[c]
	}
	for c := range p {
		p[c] /= total
	}
}

func (l *Linear) descend(x, gradient []float64, rate float64) {
	for c, g := range gradient {
		if math.Abs(g) < 1e-4 {
			continue
		}
		w := l.weights[c*(len(x)+1) : (c+1)*(len(x)+1)]
		for k, v := range x {
			w[k] -= rate * g * v
		}
		w[len(x)] -= rate * g
	}
}

// Predict is the best class of a row.
func (l *Linear) Predict(row []float32) int {
	x, p := make([]float64, len(row)), make([]float64, l.classes)
	l.scaled(x, row)
	l.answer(p, x)
	best := 0
	for c := range p {
		if p[c] > p[best] {
			best = c
		}
	}
	return best
}

// NaiveBayes tells texts apart by how often tokens occur in each class
// (multinomial, with one added to every count).
type NaiveBayes struct {
	prior  []float64
	logs   []map[int64]float64
	absent []float64
}

// TrainNaiveBayes learns from token ids; 0 is padding.
func TrainNaiveBayes(ids [][]int64, labels []int, classes int) *NaiveBayes {
	counts := make([]map[int64]float64, classes)
	totals, samples := make([]float64, classes), make([]float64, classes)
	vocabulary := map[int64]bool{}
	for c := range counts {
		counts[c] = map[int64]float64{}
	}
	for i, row := range ids {
		samples[labels[i]]++
		for _, id := range row {
			if id != 0 {
				counts[labels[i]][id]++
				totals[labels[i]]++
				vocabulary[id] = true
			}
		}
	}
	nb := &NaiveBayes{prior: make([]float64, classes), logs: counts, absent: make([]float64, classes)}
	for c := range counts {
		nb.prior[c] = math.Log((samples[c] + 1) / float64(len(ids)+classes))
		below := math.Log(totals[c] + float64(len(vocabulary)) + 1)
		nb.absent[c] = -below
		for id, n := range counts[c] {
			counts[c][id] = math.Log(n+1) - below
		}
	}
	return nb
}

// Predict is the best class of a text's token ids.
func (nb *NaiveBayes) Predict(ids []int64) int {
	best, top := 0, math.Inf(-1)
	for c := range nb.prior {
		sum := nb.prior[c]
		for _, id := range ids {
			if id == 0 {
				continue
			}
			if v, ok := nb.logs[c][id]; ok {
				sum += v
			} else {
				sum += nb.absent[c]
			}
		}
		if sum > top {
			best, top = c, sum
		}
	}
	return best
}
