package evaluation

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/png"
	"math"
	"path/filepath"
	"strings"
	"time"

	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/pipeline/evaluate"
)

//go:embed report.html.tmpl
var reportTemplate string

// page is what the report's template shows.
type page struct {
	*Outcome
	Lang, Name string
	Made, What string
	Remarks    []string
	Numbers    []number
	Facts      []number
	Charts     []drawn
	Confusion  []confusionRow
	Mistakes   []shownMistake
	Gaps       []shownGap
}

type number struct{ Label, Value string }

type drawn struct {
	Title, Text string
	Source      template.URL
}

type shownMistake struct {
	Mistake
	Source template.URL
}

type shownGap struct {
	evaluate.Gap
	Answer string
}

type confusionRow struct {
	Name  string
	Cells []confusionCell
}

type confusionCell struct {
	Count  int
	Share  float64
	Colour template.CSS // red, green and blue
}

const (
	// reportMistakes is how many mistakes a report shows with their pictures.
	reportMistakes = 36
	// widestConfusion is the largest number of classes whose matrix is readable.
	widestConfusion = 50
)

// WriteReport leaves the outcome at path as one page that needs nothing else:
// all pictures are inside. Its language is "zh…" or else English.
func (o *Outcome) WriteReport(ctx context.Context, path, language string) error {
	r := reporter{o, wordsOf(language)}
	p, err := r.page(ctx)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if p.Lang = "en"; r.words != nil {
		p.Lang = "zh"
	}
	for _, n := range o.Notes {
		p.Remarks = append(p.Remarks, n.In(language))
	}
	t, err := template.New("report").Funcs(template.FuncMap{"short": func(v float64) string { return evaluate.Short(v, 4) }, "percent": percent, "say": r.say, "own": r.own}).Parse(reportTemplate)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return store.WriteFile(path, out.Bytes())
}

// reporter says an outcome in words.
type reporter struct {
	*Outcome
	words
}

// own leaves what stands in the data as it is, and says what we named ourselves.
func (r reporter) own(name string) string {
	switch name {
	case "":
		return r.say("(empty)")
	case Brightness, Length, Language, Missing, Rare:
		return r.say(name)
	}
	return name
}

func (r reporter) page(ctx context.Context) (page, error) {
	o := r.Outcome
	p := page{
		Outcome: o, Name: filepath.Base(filepath.Dir(o.Model)) + "/" + filepath.Base(o.Model),
		What: strings.Join([]string{r.say(o.Task), o.Data, r.say("part " + o.Part), r.say("%d samples", o.Samples)}, " · "),
		Made: time.Now().Format("2006-01-02 15:04"), Numbers: r.headline(), Facts: r.facts(),
	}
	var err error
	if p.Charts, err = r.draw(); err != nil {
		return p, err
	}
	if p.Mistakes, err = o.show(ctx); err != nil {
		return p, err
	}
	for _, g := range o.Gaps {
		p.Gaps = append(p.Gaps, shownGap{g, o.labels[g.Class]})
	}
	if c := o.Classification; c != nil && len(c.PerClass) <= widestConfusion {
		p.Confusion = confusionRows(*c)
	}
	return p, nil
}

func percent(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }

// headline are the numbers a person looks for first.
func (r reporter) headline() []number {
	list, o := []number(nil), r.Outcome
	if c := o.Classification; c != nil {
		list = append(list, number{r.say("accuracy"), percent(c.Accuracy)},
			number{r.say("95 % interval"), fmt.Sprintf("%.2f–%.2f", 100*c.Low, 100*c.High)},
			number{r.say("largest class"), percent(c.Majority)})
		if o.Baseline != nil {
			list = append(list, number{r.say("%s, a second's work", r.say(o.Baseline.Name)), percent(o.Baseline.Accuracy)})
		}
		list = append(list, number{r.say("macro F1"), percent(c.MacroF1)}, number{r.say("calibration error"), percent(c.Calibration)})
	}
	if v := o.Regression; v != nil {
		list = append(list, number{"R²", fmt.Sprintf("%.4f", v.R2)}, number{r.say("mean absolute error"), evaluate.Short(v.MAE, 4)},
			number{r.say("root mean squared error"), evaluate.Short(v.RMSE, 4)}, number{r.say("error of answering the mean"), evaluate.Short(v.MeanMAE, 4)})
		if o.Baseline != nil {
			list = append(list, number{r.say("%s, R²", r.say(o.Baseline.Name)), fmt.Sprintf("%.4f", o.Baseline.R2)})
		}
	}
	return append(list, number{r.say("one answer"), fmt.Sprintf("%.3f ms", o.Efficiency.LatencyP50)})
}

func (r reporter) facts() []number {
	o, e := r.Outcome, r.Efficiency
	list := []number{
		{r.say("data"), strings.Join([]string{o.Data, r.say("part " + o.Part), r.say("%d samples", o.Samples)}, ", ")},
		{r.say("latency of one answer"), r.say("%.3f ms median, %.3f ms 99th percentile", e.LatencyP50, e.LatencyP99)},
		{r.say("throughput"), r.say("%.0f samples/s in batches of %d", e.Throughput, min(batch, o.Samples))},
		{r.say("size"), r.say("%.2f MB; peak memory while measuring %d MB", float64(e.Size)/1e6, e.PeakRSS>>20)},
	}
	if e.TrainSeconds > 0 {
		list = append(list, number{r.say("training"), r.say("%.1f s", e.TrainSeconds)})
	}
	energy := r.say("this machine has no power counter that may be read")
	if e.TrainJoules > 0 || e.JoulesPerThousand > 0 {
		energy = r.say("%.0f J to train, %.2f J for a thousand answers", e.TrainJoules, e.JoulesPerThousand)
	}
	list = append(list, number{r.say("energy"), energy})
	if c := o.Classification; c != nil && c.Detail != nil {
		list = append(list, r.detail(c)...)
	}
	if v := o.Regression; v != nil {
		list = append(list, number{r.say("median absolute, largest error"), evaluate.Short(v.MedianAE, 4) + ", " + evaluate.Short(v.MaxError, 4)},
			number{r.say("explained variance"), fmt.Sprintf("%.4f", v.Explained)}, number{r.say("mean relative error"), percent(v.MAPE)})
	}
	return list
}

func (r reporter) detail(c *evaluate.Classification) []number {
	d := c.Detail
	list := []number{
		{r.say("balanced accuracy"), percent(d.Balanced)},
		{r.say("macro precision, recall"), percent(d.MacroPrecision) + ", " + percent(d.MacroRecall)},
		{r.say("weighted precision, recall, F1"), percent(d.WeightedPrecision) + ", " + percent(d.WeightedRecall) + ", " + percent(c.WeightedF1)},
		{r.say("area under ROC, macro and weighted"), fmt.Sprintf("%.4f, %.4f", d.MacroAUC, d.WeightedAUC)},
		{r.say("average precision, macro"), fmt.Sprintf("%.4f", d.MacroAP)},
		{r.say("Cohen's κ, Matthews"), fmt.Sprintf("%.4f, %.4f", d.Kappa, d.Matthews)},
		{r.say("log loss, Brier score"), fmt.Sprintf("%.4f, %.4f", c.Loss, d.Brier)},
	}
	for _, k := range d.TopK[min(1, len(d.TopK)):] { // the first is the accuracy
		list = append(list, number{r.say("right class among the best %d", k.K), percent(k.Accuracy)})
	}
	return list
}

func (r reporter) draw() ([]drawn, error) {
	plots := r.Outcome.Charts(chart.Light(), func(s string) string { return r.say(s) })
	list := []struct {
		title, text string
		spec        *chart.Spec
	}{
		{"Reliability", "How often the model is right when it is that sure. On the diagonal it means what it says; below, it is too sure.", plots.Reliability},
		{"Receiver operating characteristic", "One class against the rest, the hardest classes first, with the area under the curve.", plots.ROC},
		{"Precision and recall", "One class against the rest, with the average precision.", plots.PR},
		{"Residuals", "Predicted minus actual, over the prediction.", plots.Residuals},
		{"Errors", "How many samples have which residual.", plots.Errors},
	}
	var out []drawn
	for _, c := range list {
		if c.spec == nil {
			continue
		}
		var b bytes.Buffer
		if err := chart.Write(&b, *c.spec, "svg", 460, 340); err != nil {
			return nil, fmt.Errorf("draw %s: %w", c.title, err)
		}
		out = append(out, drawn{r.say(c.title), r.say(c.text), embedded("image/svg+xml", b.Bytes())})
	}
	return out, nil
}

func embedded(kind string, data []byte) template.URL {
	return template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data))
}

// show adds the pictures of the worst mistakes.
func (o *Outcome) show(ctx context.Context) ([]shownMistake, error) {
	var out []shownMistake
	for _, m := range o.Worst[:min(len(o.Worst), reportMistakes)] {
		s := shownMistake{Mistake: m}
		img, err := o.samples.Picture(ctx, m.Sample)
		if err != nil {
			return nil, err
		}
		if img != nil {
			if s.Source, err = pngOf(img); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

func pngOf(img image.Image) (template.URL, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", fmt.Errorf("encode picture: %w", err)
	}
	return embedded("image/png", b.Bytes()), nil
}

// confusionRows colours right answers green and wrong ones red, by the square
// root of their share of the true class, so that rare mistakes are seen.
func confusionRows(c evaluate.Classification) []confusionRow {
	var rows []confusionRow
	for i, counts := range c.Confusion {
		row := confusionRow{Name: c.PerClass[i].Name}
		for j, n := range counts {
			cell := confusionCell{Count: n, Colour: "213,94,0"}
			if i == j {
				cell.Colour = "0,158,115"
			}
			if s := c.PerClass[i].Support; s > 0 {
				cell.Share = math.Sqrt(float64(n) / float64(s))
			}
			row.Cells = append(row.Cells, cell)
		}
		rows = append(rows, row)
	}
	return rows
}
