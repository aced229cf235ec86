package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"athanor/app/evaluation"
	"athanor/inference/model"
	"athanor/inference/runtime"
	"athanor/pipeline/evaluate"
)

// newEvaluate is the command `athanor evaluate`.
func newEvaluate() *cobra.Command {
	var e evaluateCommand
	command := &cobra.Command{
		Use:   "evaluate MODEL",
		Short: "Measure a model: how good, on which samples not, and what it costs to run",
		Long: "Measure a model of this machine, or with --remote one of a service. A service does\n" +
			"not tell the recipe of its models: name the data, and the recipe where samples are\n" +
			"prepared in more ways than the model's inputs tell.",
		Example: "  athanor evaluate run/model.onnx --report out.html --slice Sex --slice Age\n" +
			"  athanor evaluate run/model.onnx --calibrate calibrated.onnx",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			e.q.Model = args[0]
			return e.run(cmd)
		},
	}
	e.remote.register(command)
	deviceFlag(command, &e.q.Device)
	flags := command.Flags()
	flags.StringVar(&e.q.Recipe, "recipe", "", "recipe by which samples are prepared, instead of the one inside the model")
	flags.StringVar(&e.q.Data, "data", "", "path of the data; the data it was trained on by default")
	flags.StringVar(&e.q.Test, "test", "", "path of a test set kept apart")
	flags.StringVar(&e.q.Label, "label", "", "column that holds the label")
	flags.StringVar(&e.q.Part, "part", "", "test, validation, train or all; test where there is one, else validation, and everything of --data")
	flags.IntVar(&e.q.Threads, "threads", 0, "threads of one operator")
	flags.StringArrayVar(&e.q.Slices, "slice", nil, "column, COLUMN=VALUE, or brightness, length or language to slice by; may be given several times")
	flags.BoolVar(&e.q.Quick, "quick", false, "leave out the baseline and the disturbed samples")
	flags.StringVar(&e.report, "report", "", "write one page with everything, pictures inside, to this file")
	flags.StringVar(&e.language, "lang", "", "language of the report, en or zh; the window's by default")
	flags.StringVar(&e.calibrate, "calibrate", "", "fit a temperature on the validation part and write a calibrated copy of the model to this file")
	flags.BoolVar(&e.json, "json", false, "print one JSON object")
	return command
}

type evaluateCommand struct {
	q                 evaluation.Request
	remote            remoteFlags
	report, calibrate string
	language          string
	json              bool
}

func (e *evaluateCommand) run(cmd *cobra.Command) error {
	w := cmd.OutOrStdout()
	if err := runtime.CheckDevice(e.q.Device); err != nil {
		return fmt.Errorf("%w: %w", ErrUsage, err)
	}
	if e.remote.url != "" {
		client, err := e.remote.client()
		if err != nil {
			return err
		}
		defer client.Close()
		e.q.Open = func(ctx context.Context) (*model.Model, error) { return client.Open(ctx, e.q.Model, "") }
	}
	if e.calibrate != "" {
		t, err := evaluation.Calibrate(cmd.Context(), e.q, e.calibrate, nil)
		if err != nil {
			return err
		}
		if e.json {
			return json.NewEncoder(w).Encode(t)
		}
		p := printer{w: w}
		p.line("temperature %.4f: loss %.4f before, %.4f after; calibration error %.4f before, %.4f after", t.Value, t.LossBefore, t.LossAfter, t.ErrorBefore, t.ErrorAfter)
		p.line("calibrated model: %s", e.calibrate)
		return p.err
	}
	out, err := evaluation.Run(cmd.Context(), e.q, nil)
	if err != nil {
		return err
	}
	if e.report != "" {
		if err := out.WriteReport(cmd.Context(), e.report, cmp.Or(e.language, chosenLanguage())); err != nil {
			return err
		}
	}
	if e.json {
		return json.NewEncoder(w).Encode(out)
	}
	return showEvaluation(w, out)
}

func showEvaluation(w io.Writer, o evaluation.Outcome) error {
	p := printer{w: w}
	p.line("%s on %s, part %s: %d samples", o.Model, o.Data, o.Part, o.Samples)
	for _, n := range o.Notes {
		p.line("note: %s", n)
	}
	if c := o.Classification; c != nil {
		showClasses(&p, *c)
	}
	if r := o.Regression; r != nil {
		p.line("R² %.4f  mean absolute error %s  root mean squared error %s  largest error %s  (always the mean: %s)",
			r.R2, evaluate.Short(r.MAE, 4), evaluate.Short(r.RMSE, 4), evaluate.Short(r.MaxError, 4), evaluate.Short(r.MeanMAE, 4))
	}
	showBaseline(&p, o)
	for _, g := range o.Slices {
		showSlices(&p, g, o.Classification != nil)
	}
	for _, g := range o.Gaps {
		p.line("%s of %q over %s: %.2f points (%s %.2f %%, %s %.2f %%)", g.Kind, o.Labels()[g.Class], g.By, 100*g.Gap, g.Highest, 100*g.High, g.Lowest, 100*g.Low)
	}
	for _, d := range o.Robustness {
		p.line("%s of %g: %.4f becomes %.4f", d.Name, d.Strength, d.Before, d.After)
	}
	e := o.Efficiency
	p.line("one answer in %.3f ms (99 %% within %.3f), %s a second in batches, %.2f MB, peak memory %d MB",
		e.LatencyP50, e.LatencyP99, thousands(e.Throughput), float64(e.Size)/1e6, e.PeakRSS>>20)
	if e.TrainSeconds > 0 {
		p.line("trained in %.1f s", e.TrainSeconds)
	}
	if e.JoulesPerThousand > 0 {
		p.line("energy: %.0f J to train, %.2f J for a thousand answers", e.TrainJoules, e.JoulesPerThousand)
	}
	return p.err
}

func showBaseline(p *printer, o evaluation.Outcome) {
	b := o.Baseline
	switch {
	case b == nil:
	case o.Classification != nil:
		p.line("baseline: %s, %d samples, %.1f s: accuracy %.2f %%", b.Name, b.Samples, b.Seconds, 100*b.Accuracy)
	default:
		p.line("baseline: %s, %d samples, %.1f s: R² %.4f", b.Name, b.Samples, b.Seconds, b.R2)
	}
}

func showSlices(p *printer, g evaluation.Grouping, classes bool) {
	p.line("slices by %s, the worst first:", g.By)
	for i, s := range g.Slices {
		switch {
		case i == 10:
			p.line("  and %d more", len(g.Slices)-i)
			return
		case s.Samples == 0:
			p.line("  %-24s no sample has this value", s.Value)
		case classes:
			p.line("  %-24s %8d samples  accuracy %.2f %% (%.2f to %.2f)", s.Value, s.Samples, 100*s.Accuracy, 100*s.Low, 100*s.High)
		default:
			p.line("  %-24s %8d samples  mean absolute error %s", s.Value, s.Samples, evaluate.Short(s.MAE, 4))
		}
	}
}

func showClasses(p *printer, c evaluate.Classification) {
	p.line("accuracy %.2f %% (95 %% interval %.2f to %.2f), always the largest class %.2f %%", 100*c.Accuracy, 100*c.Low, 100*c.High, 100*c.Majority)
	p.line("loss %.4f, calibration error %.4f, macro F1 %.4f", c.Loss, c.Calibration, c.MacroF1)
	if d := c.Detail; d != nil {
		p.line("area under ROC %.4f, average precision %.4f, Cohen's κ %.4f", d.MacroAUC, d.MacroAP, d.Kappa)
		for _, k := range d.TopK[min(1, len(d.TopK)):] {
			p.line("right class among the best %d: %.2f %%", k.K, 100*k.Accuracy)
		}
	}
	p.line("%-20s %9s %9s %9s %9s", "class", "precision", "recall", "F1", "samples")
	for _, r := range c.PerClass {
		p.line("%-20s %9.4f %9.4f %9.4f %9d", r.Name, r.Precision, r.Recall, r.F1, r.Support)
	}
	if len(c.Confusion) > 20 {
		return
	}
	p.line("confusion, a row a true class:")
	for i, row := range c.Confusion {
		p.line("%-20s %v", c.PerClass[i].Name, row)
	}
}

// printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
