package evaluate

import (
	"cmp"
	"math"
	"slices"
)

// Detail holds the metrics that need more than the confusion matrix. One
// against the rest is a class's own question: this class or not.
type Detail struct {
	Balanced          float64 `json:"balanced_accuracy"` // mean recall of the classes that occur
	MacroPrecision    float64 `json:"macro_precision"`
	MacroRecall       float64 `json:"macro_recall"`
	WeightedPrecision float64 `json:"weighted_precision"`
	WeightedRecall    float64 `json:"weighted_recall"`
	Kappa             float64 `json:"cohen_kappa"`  // Cohen 1960
	Matthews          float64 `json:"matthews"`     // Gorodkin 2004, for any number of classes
	Brier             float64 `json:"brier"`        // mean squared distance of the probabilities from the truth
	MacroAUC          float64 `json:"auc_macro"`    // one against the rest, over the classes that occur
	WeightedAUC       float64 `json:"auc_weighted"` // the same, weighted by samples
	MacroAP           float64 `json:"average_precision_macro"`
	TopK              []TopK  `json:"top_k"`
	Curves            []Curve `json:"curves,omitempty"` // of each class that occurs, as long as there are at most maxCurves
}

// TopK is the share of samples whose class is among the K best.
type TopK struct {
	K        int     `json:"k"`
	Accuracy float64 `json:"accuracy"`
}

// Curve is a class's receiver operating characteristic and precision-recall
// curve, thinned to about curvePoints points; the areas are exact.
type Curve struct {
	Class int     `json:"class"`
	AUC   float64 `json:"auc"`
	// AP is Σ (Rᵢ − Rᵢ₋₁)·Pᵢ, as scikit-learn's average_precision_score.
	AP  float64      `json:"average_precision"`
	ROC [][2]float64 `json:"roc"` // false positive rate, true positive rate
	PR  [][2]float64 `json:"pr"`  // recall, precision
}

const (
	maxCurves   = 50
	curvePoints = 100
)

// Rank adds Detail to what Classify measured from the same predictions. Time
// grows with samples·log(samples)·classes.
func (c *Classification) Rank(p Predictions) {
	d := &Detail{Brier: p.brier(), TopK: p.topK()}
	c.averages(d)
	d.Kappa, d.Matthews = c.agreement()
	occurring, weight := 0, 0
	for k := range p.Classes {
		support := c.PerClass[k].Support
		if support == 0 || support == c.Samples {
			continue
		}
		curve := p.Curve(k)
		occurring++
		weight += support
		d.MacroAUC += curve.AUC
		d.WeightedAUC += curve.AUC * float64(support)
		d.MacroAP += curve.AP
		if p.Classes <= maxCurves {
			d.Curves = append(d.Curves, curve)
		}
	}
	d.MacroAUC /= float64(max(occurring, 1))
	d.MacroAP /= float64(max(occurring, 1))
	d.WeightedAUC /= float64(max(weight, 1))
	c.Detail = d
}

func (c *Classification) averages(d *Detail) {
	n, occurring := float64(len(c.PerClass)), 0.0
	for _, r := range c.PerClass {
		share := float64(r.Support) / float64(c.Samples)
		d.MacroPrecision += r.Precision / n
		d.MacroRecall += r.Recall / n
		d.WeightedPrecision += r.Precision * share
		d.WeightedRecall += r.Recall * share
		if r.Support > 0 {
			d.Balanced += r.Recall
			occurring++
		}
	}
	d.Balanced /= max(occurring, 1)
}

// agreement is Cohen's kappa and the correlation of Matthews, from the matrix.
func (c *Classification) agreement() (kappa, matthews float64) {
	n := float64(c.Samples)
	var right, both, truths, answers float64
	for i, row := range c.Confusion {
		t, a := 0.0, 0.0
		for j := range row {
			t += float64(row[j])
			a += float64(c.Confusion[j][i])
		}
		right += float64(row[i])
		both += t * a
		truths += t * t
		answers += a * a
	}
	if chance := both / (n * n); chance < 1 {
		kappa = (right/n - chance) / (1 - chance)
	}
	if root := math.Sqrt((n*n - answers) * (n*n - truths)); root > 0 {
		matthews = (right*n - both) / root
	}
	return kappa, matthews
}

func (p Predictions) brier() float64 {
	total := 0.0
	for i, label := range p.Labels {
		for k := range p.Classes {
			want := 0.0
			if k == label {
				want = 1
			}
			d := float64(p.Scores[i*p.Classes+k]) - want
			total += d * d
		}
	}
	return total / float64(len(p.Labels))
}

// topK counts how many classes beat the true one; of equals the later class
// wins, as in scikit-learn's top_k_accuracy_score.
func (p Predictions) topK() []TopK {
	var out []TopK
	for _, k := range []int{1, 2, 3, 5, 10} {
		if k < p.Classes {
			out = append(out, TopK{K: k})
		}
	}
	for i, label := range p.Labels {
		row := p.Scores[i*p.Classes : (i+1)*p.Classes]
		ahead := 0
		for k, s := range row {
			if s > row[label] || s == row[label] && k > label {
				ahead++
			}
		}
		for j := range out {
			if ahead < out[j].K {
				out[j].Accuracy += 1 / float64(len(p.Labels))
			}
		}
	}
	return out
}

// Curve ranks the samples by the score of class k against all others.
func (p Predictions) Curve(k int) Curve {
	n := len(p.Labels)
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	score := func(i int32) float32 { return p.Scores[int(i)*p.Classes+k] }
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(score(b), score(a)) })
	positives := 0
	for _, l := range p.Labels {
		if l == k {
			positives++
		}
	}
	return p.walk(Curve{Class: k}, order, score, float64(positives), float64(n-positives))
}

// walk goes down the ranking, one step for each distinct score.
func (p Predictions) walk(c Curve, order []int32, score func(int32) float32, positives, negatives float64) Curve {
	var hits, misses, recall, fpr float64
	roc, pr := [][2]float64{{0, 0}}, [][2]float64{{0, 1}}
	for at := 0; at < len(order); {
		end := at
		for end < len(order) && score(order[end]) == score(order[at]) {
			if p.Labels[order[end]] == c.Class {
				hits++
			} else {
				misses++
			}
			end++
		}
		at = end
		r, f, precision := hits/max(positives, 1), misses/max(negatives, 1), hits/(hits+misses)
		c.AUC += (f - fpr) * (r + recall) / 2
		c.AP += (r - recall) * precision
		recall, fpr = r, f
		roc, pr = append(roc, [2]float64{f, r}), append(pr, [2]float64{r, precision})
	}
	c.ROC, c.PR = thin(roc), thin(pr)
	return c
}

// rounded keeps five digits: more than any picture shows.
func rounded(p [2]float64) [2]float64 {
	return [2]float64{math.Round(p[0]*1e5) / 1e5, math.Round(p[1]*1e5) / 1e5}
}

// thin keeps the ends and every point that is far enough from the last kept.
func thin(points [][2]float64) [][2]float64 {
	const step = 1.0 / curvePoints
	out := points[:1:1]
	for _, q := range points[1:] {
		last := out[len(out)-1]
		if math.Abs(q[0]-last[0]) >= step || math.Abs(q[1]-last[1]) >= step {
			out = append(out, rounded(q))
		}
	}
	if end := rounded(points[len(points)-1]); out[len(out)-1] != end {
		out = append(out, end)
	}
	return out
}
