package training

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"path/filepath"
	"time"

	"athanor/app/store"
	"athanor/pipeline/dataset"
	"athanor/pipeline/evaluate"
	"athanor/pipeline/train"
)

// ReportName is the report's file in a run's folder.
const ReportName = "report.html"

//go:embed report.html.tmpl
var reportTemplate string

// page is what the report's template shows.
type page struct {
	Name, Task, Model, Made, Recipe string
	Parameters                      int
	Seed                            uint64
	Numbers, Facts                  []fact
	Pictures                        []figure
	Classes                         []evaluate.ClassReport
	Confusion                       []confusionRow
}

type fact struct{ Label, Value string }

type figure struct {
	Label  string
	Source template.URL
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

// writeHTML leaves a report that opens without a network: everything is inside.
func writeHTML(o Outcome, r train.Recipe, set *dataset.Set, drawn map[string][]byte) error {
	recipe, err := r.Text()
	if err != nil {
		return err
	}
	p := page{
		Name: name(r), Task: r.Task, Model: r.Model.Name, Made: time.Now().Format("2006-01-02 15:04"), Recipe: string(recipe),
		Parameters: o.Parameters, Seed: r.Seed, Numbers: headline(o), Facts: facts(o, r, set),
	}
	for _, label := range []string{"loss", "accuracy"} {
		if png := drawn[label]; png != nil {
			p.Pictures = append(p.Pictures, figure{label, template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))})
		}
	}
	if c := o.Classification; c != nil && len(c.PerClass) <= 50 {
		p.Classes, p.Confusion = c.PerClass, confusionRows(*c)
	}
	t, err := template.New("report").Parse(reportTemplate)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return store.WriteFile(filepath.Join(o.Dir, ReportName), out.Bytes())
}

// headline are the numbers a person looks for first.
func headline(o Outcome) []fact {
	part := "validation"
	if o.Tested {
		part = "test"
	}
	var list []fact
	if c := o.Classification; c != nil {
		list = append(list, fact{part + " accuracy", fmt.Sprintf("%.2f %%", 100*c.Accuracy)},
			fact{"95 % interval", fmt.Sprintf("%.2f–%.2f", 100*c.Low, 100*c.High)},
			fact{"largest class", fmt.Sprintf("%.1f %%", 100*c.Majority)})
	}
	if g := o.Regression; g != nil {
		list = append(list, fact{part + " R²", fmt.Sprintf("%.4f", g.R2)}, fact{"mean absolute error", fmt.Sprintf("%.4g", g.MAE)},
			fact{"root mean squared error", fmt.Sprintf("%.4g", g.RMSE)})
	}
	return append(list, fact{"training", fmt.Sprintf("%.1f s", o.Seconds)}, fact{"one answer", fmt.Sprintf("%.3f ms", o.Efficiency.LatencyP50)})
}

func facts(o Outcome, r train.Recipe, set *dataset.Set) []fact {
	return []fact{
		{"source", r.Data.Path},
		{"samples", fmt.Sprintf("%d train, %d validation, %d test", set.Train.Len(), set.Validation.Len(), testSize(set))},
		{"fingerprint", set.Fingerprint},
		{"epochs", fmt.Sprintf("%d, the model is of epoch %d", o.Epochs, o.BestEpoch)},
		{"speed", fmt.Sprintf("%.0f samples/s with %d threads on %s", o.SamplesPerSec, r.Threads, r.Device)},
		{"latency", fmt.Sprintf("%.3f ms median, %.3f ms 99th percentile; %.0f samples/s in batches", o.Efficiency.LatencyP50, o.Efficiency.LatencyP99, o.Efficiency.Throughput)},
		{"size", fmt.Sprintf("%.2f MB; peak memory while training %d MB", float64(o.Efficiency.Size)/1e6, o.PeakRSS>>20)},
		{"parity", fmt.Sprintf("the file agrees with the trainer within %.2g of the outputs' range", o.Parity)},
	}
}

// confusionRows colours right answers green and wrong ones red, by their share
// of the true class.
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
				cell.Share = float64(n) / float64(s)
			}
			row.Cells = append(row.Cells, cell)
		}
		rows = append(rows, row)
	}
	return rows
}
