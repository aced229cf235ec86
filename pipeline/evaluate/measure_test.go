package evaluate_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"athanor/pipeline/evaluate"
)

func TestProbabilities(t *testing.T) {
	fine := []float32{0.25, 0.75}
	if made, err := evaluate.Probabilities(fine, 2); err != nil || made != evaluate.AsTheyAre || fine[0] != 0.25 {
		t.Errorf("probabilities became %v, %v, %v", fine, made, err)
	}
	sums := []float32{1, 3, 0, 0}
	if made, err := evaluate.Probabilities(sums, 2); err != nil || made != evaluate.Normalised || !slices.Equal(sums, []float32{0.25, 0.75, 0.5, 0.5}) {
		t.Errorf("counts became %v, %v, %v", sums, made, err)
	}
	logits := []float32{-1, -1, 5, -300}
	if made, err := evaluate.Probabilities(logits, 2); err != nil || made != evaluate.Softmaxed || logits[0] != 0.5 || logits[2] != 1 {
		t.Errorf("logits became %v, %v, %v", logits, made, err)
	}
	for _, bad := range [][]float32{{float32(math.NaN()), 1}, {float32(math.Inf(1)), 0}, {1, 2, 3}} {
		if _, err := evaluate.Probabilities(bad, 2); !errors.Is(err, evaluate.ErrScores) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// Scores sharpened by a known temperature give that temperature back.
func TestTemperature(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const classes, n = 4, 4000
	p := evaluate.Predictions{Classes: classes}
	for range n {
		row, sum := make([]float64, classes), 0.0
		for k := range row {
			row[k] = math.Exp(r.NormFloat64())
			sum += row[k]
		}
		at, label := r.Float64()*sum, 0
		for label < classes-1 && at >= row[label] {
			at -= row[label]
			label++
		}
		p.Labels = append(p.Labels, label)
		for k := range row {
			p.Scores = append(p.Scores, float32(row[k]/sum))
		}
	}
	sharp := p
	sharp.Scores = evaluate.Temper(p.Scores, classes, 1/3.0)
	fitted, err := evaluate.FitTemperature(sharp)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(fitted.Value-3) > 0.2 || fitted.ErrorAfter > 0.03 || fitted.ErrorBefore < 0.1 {
		t.Errorf("made too sure by 3, found %+v", fitted)
	}
	for i := range n {
		q := evaluate.Predictions{Classes: classes, Scores: evaluate.Temper(sharp.Scores, classes, fitted.Value), Labels: p.Labels}
		if q.Predicted(i) != sharp.Predicted(i) {
			t.Fatalf("the answer for sample %d changed", i)
		}
		if i == 20 {
			break
		}
	}
	if _, err := evaluate.FitTemperature(evaluate.Predictions{Classes: 2, Scores: []float32{-1, 2}, Labels: []int{0}}); err == nil {
		t.Error("negative scores were taken")
	}
}

// A slice that is surely bad comes before one wrong answer.
func TestWorstSliceFirst(t *testing.T) {
	var p evaluate.Predictions
	p.Classes = 2
	var by []string
	add := func(name string, right, wrong int) {
		for i := range right + wrong {
			p.Labels, by = append(p.Labels, 0), append(by, name)
			if i < right {
				p.Scores = append(p.Scores, 0.9, 0.1)
			} else {
				p.Scores = append(p.Scores, 0.2, 0.8)
			}
		}
	}
	add("good", 90, 10)
	add("bad", 40, 60)
	add("one", 0, 1)
	list := evaluate.Slices(p, "c", by, "none", "bad")
	var order []string
	for _, s := range list {
		order = append(order, s.Value)
	}
	if !slices.Equal(order, []string{"bad", "one", "good", "none"}) {
		t.Errorf("order %v", order)
	}
	near(t, "accuracy of bad", list[0].Accuracy, 0.4)
	if last := list[3]; last.Samples != 0 || last.Loss != 0 {
		t.Errorf("nobody: %+v", last)
	}
}

func TestQuarters(t *testing.T) {
	got := evaluate.Quarters([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, math.NaN()})
	if got[0] != "1 … 3" || got[8] != "7 … 9" || got[9] != "missing" || got[4] != "5 … 7" {
		t.Errorf("%q", got)
	}
	if same := evaluate.Quarters([]float64{2, 2, 2}); same[0] != "2" {
		t.Errorf("equal numbers: %q", same)
	}
}

func TestGaps(t *testing.T) {
	p := evaluate.Predictions{Classes: 2}
	var by []string
	for i := range 100 { // a: 40 of 50 found; b: 20 of 50
		group, found := "a", i < 40
		if i >= 50 {
			group, found = "b", i < 70
		}
		by, p.Labels = append(by, group), append(p.Labels, 1)
		if found {
			p.Scores = append(p.Scores, 0, 1)
		} else {
			p.Scores = append(p.Scores, 1, 0)
		}
	}
	by, p.Labels, p.Scores = append(by, "few"), append(p.Labels, 1), append(p.Scores, 1, 0)
	gaps := evaluate.Gaps(p, "group", by, 1)
	if len(gaps) != 2 || gaps[0].Kind != evaluate.DemographicParity || gaps[1].Highest != "a" || gaps[1].Lowest != "b" {
		t.Fatalf("%+v", gaps)
	}
	near(t, "equal opportunity", gaps[1].Gap, 0.4)
	if got := evaluate.Gaps(p, "group", slices.Repeat([]string{"all"}, len(by)), 1); got != nil {
		t.Errorf("one group has a gap: %+v", got)
	}
}

// Flipped labels come first.
func TestSuspects(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	const classes, n = 3, 3000
	p := evaluate.Predictions{Classes: classes}
	flipped := map[int]bool{}
	for i := range n {
		truth := r.IntN(classes)
		sure := 0.6 + 0.4*r.Float64()
		for k := range classes {
			s := (1 - sure) / 2
			if k == truth {
				s = sure
			}
			p.Scores = append(p.Scores, float32(s))
		}
		if i%100 == 0 {
			truth = (truth + 1) % classes
			flipped[i] = true
		}
		p.Labels = append(p.Labels, truth)
	}
	list, err := evaluate.Suspects(p)
	if err != nil || len(list) != n {
		t.Fatalf("%d suspects, %v", len(list), err)
	}
	for _, s := range list[:len(flipped)] {
		if !flipped[s.Sample] {
			t.Errorf("%+v is before a flipped one", s)
		}
	}
	if _, err := evaluate.Suspects(evaluate.Predictions{Classes: 2}); !errors.Is(err, evaluate.ErrNothing) {
		t.Error(err)
	}
}

func TestBaselines(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	table, labels := evaluate.Table{Width: 3}, []int{}
	var values []float32
	for range 600 {
		x := [3]float32{float32(r.NormFloat64() * 5), float32(r.NormFloat64()), 7}
		table.X = append(table.X, x[:]...)
		label := 0
		if x[0]+2*x[1] > 0 {
			label = 1
		}
		labels, values = append(labels, label), append(values, 3*x[0]-x[1]+4)
	}
	l, ridge := evaluate.TrainLinear(table, labels, 2), evaluate.TrainRidge(table, values)
	right := 0
	for i := range table.Rows() {
		if l.Predict(table.Row(i)) == labels[i] {
			right++
		}
		if d := math.Abs(float64(ridge.Predict(table.Row(i)) - values[i])); d > 0.2 {
			t.Fatalf("a linear value is off by %v", d)
		}
	}
	if right < 570 {
		t.Errorf("%d of 600 right on classes that a line parts", right)
	}
	nb := evaluate.TrainNaiveBayes([][]int64{{1, 2, 0}, {1, 3, 0}, {4, 5, 0}}, []int{0, 0, 1}, 2)
	if nb.Predict([]int64{1, 0, 0}) != 0 || nb.Predict([]int64{5, 9, 0}) != 1 {
		t.Error("naive Bayes tells plain tokens apart wrongly")
	}
}

func TestDisturbances(t *testing.T) {
	pix := make([]byte, 8*8)
	for i := range pix {
		pix[i] = byte(i * 3)
	}
	for _, d := range evaluate.Disturbances() {
		a, b := slices.Clone(pix), slices.Clone(pix)
		d.Apply(a, 8, 8, 1, 5)
		d.Apply(b, 8, 8, 1, 5)
		if !slices.Equal(a, b) || slices.Equal(a, pix) {
			t.Errorf("%s %v: repeatable %v, changed %v", d.Name, d.Strength, slices.Equal(a, b), !slices.Equal(a, pix))
		}
	}
	text := "the quick brown fox jumps over the lazy dog"
	if got := evaluate.Typos(text, 0.3, 1); got == text || got != evaluate.Typos(text, 0.3, 1) {
		t.Errorf("typos: %q", got)
	}
	if got := evaluate.Typos("123 !?", 1, 1); got != "123 !?" {
		t.Errorf("no letters, yet %q", got)
	}
}

// Counters as Linux has them; one starts again in between.
func TestEnergy(t *testing.T) {
	dir := t.TempDir()
	write := func(name, value string) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("intel-rapl:0/energy_uj", "1000000")
	write("intel-rapl:0/max_energy_range_uj", "9000000")
	write("intel-rapl:0:1/energy_uj", "5") // a part of it
	write("intel-rapl:1/energy_uj", "0")
	e := evaluate.StartEnergy(dir)
	write("intel-rapl:0/energy_uj", "500000")
	write("intel-rapl:1/energy_uj", "2000000")
	joules, ok := e.Joules()
	if !ok {
		t.Fatal("no counter found")
	}
	near(t, "joules", joules, 8.5+2)
	if _, ok := evaluate.StartEnergy(t.TempDir()).Joules(); ok {
		t.Error("joules without a counter")
	}
}
