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
	Name, Made string
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
// all pictures are inside.
func (o *Outcome) WriteReport(ctx context.Context, path string) error {
	p := page{
		Outcome: o, Name: filepath.Base(filepath.Dir(o.Model)) + "/" + filepath.Base(o.Model),
		Made: time.Now().Format("2006-01-02 15:04"), Numbers: o.headline(), Facts: o.facts(),
	}
	var err error
	if p.Charts, err = o.draw(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if p.Mistakes, err = o.show(ctx); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for _, g := range o.Gaps {
		p.Gaps = append(p.Gaps, shownGap{g, o.labels[g.Class]})
	}
	if c := o.Classification; c != nil && len(c.PerClass) <= widestConfusion {
		p.Confusion = confusionRows(*c)
	}
	t, err := template.New("report").Funcs(template.FuncMap{"percent": percent}).Parse(reportTemplate)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return store.WriteFile(path, out.Bytes())
}

func percent(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }

// headline are the numbers a person looks for first.
func (o *Outcome) headline() []number {
	var list []number
	if c := o.Classification; c != nil {
		list = append(list, number{"accuracy", percent(c.Accuracy)},
			number{"95 % interval", fmt.Sprintf("%.2f–%.2f", 100*c.Low, 100*c.High)},
			number{"largest class", percent(c.Majority)})
		if o.Baseline != nil {
			list = append(list, number{o.Baseline.Name + ", a second's work", percent(o.Baseline.Accuracy)})
		}
		list = append(list, number{"macro F1", percent(c.MacroF1)}, number{"calibration error", percent(c.Calibration)})
	}
	if r := o.Regression; r != nil {
		list = append(list, number{"R²", fmt.Sprintf("%.4f", r.R2)}, number{"mean absolute error", fmt.Sprintf("%.4g", r.MAE)},
			number{"root mean squared error", fmt.Sprintf("%.4g", r.RMSE)}, number{"error of answering the mean", fmt.Sprintf("%.4g", r.MeanMAE)})
		if o.Baseline != nil {
			list = append(list, number{o.Baseline.Name + ", R²", fmt.Sprintf("%.4f", o.Baseline.R2)})
		}
	}
	return append(list, number{"one answer", fmt.Sprintf("%.3f ms", o.Efficiency.LatencyP50)})
}

func (o *Outcome) facts() []number {
	e := o.Efficiency
	list := []number{
		{"data", fmt.Sprintf("%s, part %s, %d samples", o.Data, o.Part, o.Samples)},
		{"latency of one answer", fmt.Sprintf("%.3f ms median, %.3f ms 99th percentile", e.LatencyP50, e.LatencyP99)},
		{"throughput", fmt.Sprintf("%.0f samples/s in batches of %d", e.Throughput, min(batch, o.Samples))},
		{"size", fmt.Sprintf("%.2f MB; peak memory while measuring %d MB", float64(e.Size)/1e6, e.PeakRSS>>20)},
	}
	if e.TrainSeconds > 0 {
		list = append(list, number{"training", fmt.Sprintf("%.1f s", e.TrainSeconds)})
	}
	if e.TrainJoules > 0 || e.JoulesPerThousand > 0 {
		list = append(list, number{"energy", fmt.Sprintf("%.0f J to train, %.2f J for a thousand answers", e.TrainJoules, e.JoulesPerThousand)})
	} else {
		list = append(list, number{"energy", "this machine has no power counter that may be read"})
	}
	if c := o.Classification; c != nil && c.Detail != nil {
		d := c.Detail
		list = append(list, number{"balanced accuracy", percent(d.Balanced)},
			number{"macro precision, recall", percent(d.MacroPrecision) + ", " + percent(d.MacroRecall)},
			number{"weighted precision, recall, F1", percent(d.WeightedPrecision) + ", " + percent(d.WeightedRecall) + ", " + percent(c.WeightedF1)},
			number{"area under ROC, macro and weighted", fmt.Sprintf("%.4f, %.4f", d.MacroAUC, d.WeightedAUC)},
			number{"average precision, macro", fmt.Sprintf("%.4f", d.MacroAP)},
			number{"Cohen's κ, Matthews", fmt.Sprintf("%.4f, %.4f", d.Kappa, d.Matthews)},
			number{"log loss, Brier score", fmt.Sprintf("%.4f, %.4f", c.Loss, d.Brier)})
		for _, k := range d.TopK {
			list = append(list, number{fmt.Sprintf("right class among the best %d", k.K), percent(k.Accuracy)})
		}
	}
	if r := o.Regression; r != nil {
		list = append(list, number{"median absolute, largest error", fmt.Sprintf("%.4g, %.4g", r.MedianAE, r.MaxError)},
			number{"explained variance", fmt.Sprintf("%.4f", r.Explained)}, number{"mean relative error", percent(r.MAPE)})
	}
	return list
}

func (o *Outcome) draw() ([]drawn, error) {
	plots := o.Charts(chart.Light(), func(s string) string { return s })
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
		out = append(out, drawn{c.title, c.text, embedded("image/svg+xml", b.Bytes())})
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
