package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"athanor/app/quantization"
	"athanor/inference/serve"
	"athanor/pipeline/quantize"
)

// newModelsQuantize is the command `athanor models quantize`.
func newModelsQuantize() *cobra.Command {
	var q quantization.Request
	var method, out string
	var most float64
	var asJSON bool
	command := &cobra.Command{
		Use:   "quantize MODEL",
		Short: "Make smaller copies of a model (int8, float16) and measure what they lose and gain",
		Long: "Make copies of a model with int8 weights (dynamic, static, operators) and in float16,\n" +
			"and measure each beside the original on the same samples: accuracy, size, the time of\n" +
			"one answer, answers a second. Without --out nothing is kept.",
		Example: "  athanor models quantize runs/2026-11-23-digits\n" +
			"  athanor models quantize runs/2026-11-23-digits --method static --out digits-int8.onnx",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if out != "" && method == "" {
				return errors.New("--out needs --method: dynamic, static, operators or float16")
			}
			if method != "" {
				q.Methods = []quantize.Method{quantize.Method(method)}
			}
			if q.Model, err = serve.FindModel(args[0]); err != nil {
				return err
			}
			if q.Dir, err = os.MkdirTemp("", "athanor-quantize-"); err != nil {
				return err
			}
			defer os.RemoveAll(q.Dir)
			o, err := quantization.Run(cmd.Context(), q, nil)
			if err != nil {
				return err
			}
			if err := showQuantized(cmd.OutOrStdout(), o, asJSON); err != nil || out == "" {
				return err
			}
			row, err := o.Choose(q.Methods[0], most)
			if err != nil {
				return err
			}
			return quantization.Keep(row, withSuffix(out, q.Methods[0]))
		},
	}
	flags := command.Flags()
	flags.StringVar(&method, "method", "", "dynamic, static, operators (integer operators) or float16; all by default")
	flags.StringVar(&out, "out", "", "file or folder for the copy")
	flags.Float64Var(&most, "max-loss", 0.01, "the most of accuracy or R² that a kept copy may lose")
	flags.StringVar(&q.Data, "data", "", "path of the data; the data it was trained on by default")
	flags.StringVar(&q.Test, "test", "", "path of a test set kept apart")
	flags.StringVar(&q.Label, "label", "", "column that holds the label")
	flags.StringVar(&q.Part, "part", "", "test, validation or train; test where there is one, else everything")
	flags.StringVar(&q.Recipe, "recipe", "", "recipe by which samples are prepared, instead of the one inside the model")
	flags.IntVar(&q.Samples, "samples", 512, "training samples on which the ranges of activations are measured")
	flags.IntVar(&q.Threads, "threads", 0, "threads of one operator")
	flags.BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

// withSuffix is the file to write: in a folder it is named by the method.
func withSuffix(out string, method quantize.Method) string {
	if info, err := os.Stat(out); err == nil && info.IsDir() {
		return filepath.Join(out, "model-"+string(method)+".onnx")
	}
	if !strings.HasSuffix(out, ".onnx") {
		out += ".onnx"
	}
	return out
}

func showQuantized(w io.Writer, o quantization.Outcome, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(o)
	}
	fmt.Fprintf(w, "on %s, part %s: %d samples\n", o.Data, o.Part, o.Samples)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "method\t%s\tloss\tsize\tone answer\ta second\tfaster\n", o.Measure)
	first := o.Rows[0]
	for i, r := range o.Rows {
		name := string(r.Method)
		if i == 0 {
			name = "original"
		}
		if r.Failed != "" {
			fmt.Fprintf(table, "%s\t%s\n", name, r.Failed)
			continue
		}
		fmt.Fprintf(table, "%s\t%.4f\t%+.4f\t%.2f MB\t%.3f ms\t%s\t%.2f×\n", name, r.Score, o.Loss(r), float64(r.Bytes)/1e6, r.Latency,
			thousands(r.Throughput), r.Throughput/first.Throughput)
	}
	return table.Flush()
}
