package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"athanor/pipeline/dataset"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
	"athanor/pipeline/train"
)

// selfTestLength is how long each device multiplies matrices.
const selfTestLength = time.Second

// race is one network at one batch and in one precision.
type race struct {
	model     string
	batch     int
	precision string
}

func parseRace(text string) (race, error) {
	model, rest, _ := strings.Cut(text, ":")
	number, precision, _ := strings.Cut(rest, ":")
	if precision == "" {
		precision = train.Float32
	}
	batch, err := strconv.Atoi(number)
	if err != nil {
		return race{}, fmt.Errorf("%q is not of the form cnn:128 or cnn:128:float16", text)
	}
	return race{model, batch, precision}, nil
}

// operations are the floating-point operations of training on one sample: each
// product of the forward pass, and twice as many backward.
func (r race) operations(set *dataset.Set) float64 {
	b := graph.New("count")
	a, err := nn.Find(r.model, "image")
	if err != nil {
		return 0
	}
	col := set.Train.Columns()[0]
	a.Build(nn.NewContext(b, false, nil), []*graph.Value{b.Input(col.Name, col.Type, append([]int{1}, col.Shape...)...)},
		nn.Config{Outputs: len(set.Classes)})
	forward := 0.0
	for _, n := range b.Nodes() {
		forward += products(n)
	}
	return 3 * 2 * forward
}

// products are a node's multiplications: for each result as many as the inner
// dimension has elements.
func products(n *graph.Node) float64 {
	switch n.Op {
	case "Gemm", "MatMul":
		x := n.In[0].Shape
		return float64(n.Out[0].Size() * x[len(x)-1])
	case "Conv":
		w := n.In[1].Shape
		return float64(n.Out[0].Size() * n.In[1].Size() / w[0])
	default:
		return 0
	}
}

// lap is what one training measured; it is the run's store.
type lap struct {
	dir      string
	metrics  []train.Metric
	rates    []float64
	notes    []string
	rate     float64
	accuracy float64
}

func (l *lap) Dir() string                       { return l.dir }
func (l *lap) AppendMetric(m train.Metric) error { l.metrics = append(l.metrics, m); return nil }
func (l *lap) Flush() error                      { return nil }
func (l *lap) CutAfter(int) error                { return nil }

func (l *lap) AppendEvent(e train.Event) error {
	switch e := e.(type) {
	case train.Epoch:
		l.rates = append(l.rates, e.SamplesPerSecond)
	case train.Log:
		l.notes = append(l.notes, e.Text)
	}
	return nil
}

// median is of all epochs but the first.
func (l *lap) median() float64 {
	rates := slices.Sorted(slices.Values(l.rates[1:]))
	return rates[len(rates)/2]
}

// difference is the largest one between the first 50 losses.
func difference(a, b []train.Metric) float64 {
	worst := 0.0
	for i := range min(50, len(a), len(b)) {
		worst = math.Max(worst, math.Abs(a[i].Loss-b[i].Loss))
	}
	return worst
}
