package evaluate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"athanor/app/evaluation"
	"athanor/pipeline/evaluate"
	"athanor/ui/widgets"
)

func (v *View) classification(o *evaluation.Outcome) {
	b, c := v.book, o.Classification
	v.nameFigures("train.accuracy", "evaluate.majority", "evaluate.f1", "evaluate.calibration")
	v.accuracy.Set(b.Percent(c.Accuracy), b.T("evaluate.interval", c.Low*100, c.High*100))
	v.majority.Set(b.Percent(c.Majority), b.T("evaluate.majority.about"))
	if base := o.Baseline; base != nil {
		v.majority.Set(b.Percent(max(base.Accuracy, c.Majority)), b.T("evaluate.baseline"))
	}
	v.f1.Set(b.Percent(c.MacroF1), b.T("evaluate.macro"))
	v.calib.Set(b.Percent(c.Calibration), b.T("evaluate.ece"))
	v.classes, v.means = c.PerClass, nil
	if d := c.Detail; d != nil {
		v.means = []evaluate.ClassReport{
			{Name: b.T("evaluate.mean"), Precision: d.MacroPrecision, Recall: d.MacroRecall, F1: c.MacroF1, Support: c.Samples},
			{Name: b.T("evaluate.weighted"), Precision: d.WeightedPrecision, Recall: d.WeightedRecall, F1: c.WeightedF1, Support: c.Samples},
		}
	}
	names := make([]string, len(c.PerClass))
	for i, p := range c.PerClass {
		names[i] = p.Name
	}
	v.matrix.Set(names, c.Confusion)
	v.table.Refresh()
	v.sentence.Set(v.say(o))
}

// say compares the model with always naming the most frequent class and with what
// a second's training reaches.
func (v *View) say(o *evaluation.Outcome) string {
	c := o.Classification
	samples, key := v.book.Count(c.Samples), "evaluate.better"
	if c.Low <= c.Majority {
		key = "evaluate.chance"
	}
	text := v.book.T(key, samples, c.Accuracy*100, c.Majority*100)
	if base := o.Baseline; base != nil {
		key = "evaluate.baseline.above"
		switch {
		case base.Accuracy > c.High:
			key = "evaluate.baseline.below"
		case base.Accuracy >= c.Low:
			key = "evaluate.baseline.same"
		}
		text += " " + v.book.T(key, base.Accuracy*100)
	}
	return text
}

// remarks are what the model cost, samples of classes it does not know, and what
// else was odd.
func (v *View) remarks(o *evaluation.Outcome) []string {
	b, e := v.book, o.Efficiency
	var cost, list []string
	if c := o.Classification; c != nil && c.Detail != nil {
		list = append(list, v.ranks(c))
	}
	if e.TrainSeconds > 0 {
		cost = append(cost, b.T("evaluate.cost.training", b.Duration(time.Duration(e.TrainSeconds*float64(time.Second)))))
	}
	if e.PeakRSS > 0 {
		cost = append(cost, b.T("evaluate.cost.memory", b.Bytes(e.PeakRSS)))
	}
	if e.JoulesPerThousand > 0 {
		cost = append(cost, b.T("evaluate.cost.energy", e.JoulesPerThousand))
	}
	if len(cost) > 0 {
		list = append(list, strings.Join(cost, " · "))
	}
	unseen := 0
	for _, n := range o.Unseen {
		unseen += n
	}
	if unseen > 0 {
		list = append(list, b.T("evaluate.unseen", b.Count(unseen), strings.Join(slices.Sorted(maps.Keys(o.Unseen)), ", ")))
	}
	for _, n := range o.Notes {
		list = append(list, n.In(string(b.Language())))
	}
	return list
}

// ranks says what the order of the answers is worth.
func (v *View) ranks(c *evaluate.Classification) string {
	d := c.Detail
	parts := []string{fmt.Sprintf("AUC %.4f", d.MacroAUC), fmt.Sprintf("κ %.3f", d.Kappa)}
	for _, k := range d.TopK {
		if k.K > 1 {
			parts = append(parts, v.book.T("evaluate.top", k.K, 100*k.Accuracy))
		}
	}
	return strings.Join(parts, " · ")
}

// nameFigures names the figures that tell how good a model is.
func (v *View) nameFigures(keys ...string) {
	for i, f := range []*widgets.Figure{v.accuracy, v.majority, v.f1, v.calib} {
		f.Rename(v.book.T(keys[i]))
	}
}

func (v *View) regression(o *evaluation.Outcome) {
	b, r := v.book, o.Regression
	v.nameFigures("evaluate.r2", "evaluate.mae", "evaluate.rmse", "evaluate.largest")
	beside := ""
	if o.Baseline != nil {
		beside = b.T("evaluate.baseline") + " " + b.Number(o.Baseline.R2)
	}
	v.accuracy.Set(b.Number(r.R2), beside)
	v.majority.Set(b.Number(r.MAE), b.T("evaluate.always.mean", b.Number(r.MeanMAE)))
	v.f1.Set(b.Number(r.RMSE), "")
	v.calib.Set(b.Number(r.MaxError), b.T("evaluate.median", b.Number(r.MedianAE)))
	v.classes, v.means = nil, nil
	v.sentence.Set(b.T("evaluate.regression", b.Count(o.Samples), b.Number(r.R2)))
}
