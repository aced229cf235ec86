package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"athanor/app/evaluation"
	"athanor/inference/model"
	"athanor/pipeline/evaluate"
)

// newEvaluate is the command `athanor evaluate`.
func newEvaluate() *cobra.Command {
	var q evaluation.Request
	var asJSON bool
	var r remoteFlags
	command := &cobra.Command{
		Use:   "evaluate MODEL",
		Short: "Measure a model: accuracy with its interval, per class, and what it costs to run",
		Long: "Measure a model of this machine, or with --remote one of a service. A service does\n" +
			"not tell the recipe of its models: name the data, and the recipe where samples are\n" +
			"prepared in more ways than the model's inputs tell.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Model = args[0]
			if r.url != "" {
				client, err := r.client()
				if err != nil {
					return err
				}
				defer client.Close()
				q.Open = func(ctx context.Context) (*model.Model, error) { return client.Open(ctx, q.Model, "") }
			}
			out, err := evaluation.Run(cmd.Context(), q, nil)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(out)
			}
			return showEvaluation(cmd.OutOrStdout(), out)
		},
	}
	r.register(command)
	flags := command.Flags()
	flags.StringVar(&q.Recipe, "recipe", "", "recipe by which samples are prepared, instead of the one inside the model")
	flags.StringVar(&q.Data, "data", "", "path of the data; the data it was trained on by default")
	flags.StringVar(&q.Test, "test", "", "path of a test set kept apart")
	flags.StringVar(&q.Label, "label", "", "column that holds the label")
	flags.StringVar(&q.Part, "part", "", "test, validation or train; test where there is one, else everything")
	flags.IntVar(&q.Threads, "threads", 0, "threads of one operator")
	flags.BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

func showEvaluation(w io.Writer, o evaluation.Outcome) error {
	p := printer{w: w}
	p.line("%s on %s, part %s: %d samples", o.Model, o.Data, o.Part, o.Samples)
	if c := o.Classification; c != nil {
		showClasses(&p, *c)
	}
	if r := o.Regression; r != nil {
		p.line("R² %.4f  mean absolute error %.4g  root mean squared error %.4g", r.R2, r.MAE, r.RMSE)
	}
	e := o.Efficiency
	p.line("one answer in %.3f ms (99 %% within %.3f), %s a second in batches, %.2f MB, peak memory %d MB",
		e.LatencyP50, e.LatencyP99, thousands(e.Throughput), float64(e.Size)/1e6, e.PeakRSS>>20)
	return p.err
}

func showClasses(p *printer, c evaluate.Classification) {
	p.line("accuracy %.2f %% (95 %% interval %.2f to %.2f), always the largest class %.2f %%", 100*c.Accuracy, 100*c.Low, 100*c.High, 100*c.Majority)
	p.line("loss %.4f, calibration error %.4f, macro F1 %.4f", c.Loss, c.Calibration, c.MacroF1)
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
