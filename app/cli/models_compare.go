package cli

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"athanor/app/evaluation"
)

// newModelsCompare is the command `athanor models compare`.
func newModelsCompare() *cobra.Command {
	var q evaluation.Request
	needs := evaluation.Needs{Accuracy: 1, Speed: 0.3, Size: 0.2}
	var asJSON bool
	command := &cobra.Command{
		Use:   "compare MODEL MODEL...",
		Short: "Measure models on the same samples, say whether they differ, and which to take",
		Args:  cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := evaluation.Compare(cmd.Context(), args, q, nil)
			if err != nil {
				return err
			}
			advice := c.Recommend(needs)
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(struct {
					evaluation.Comparison
					Advice evaluation.Advice `json:"advice"`
				}{c, advice})
			}
			return showComparison(cmd, c, advice)
		},
	}
	flags := command.Flags()
	flags.StringVar(&q.Data, "data", "", "path of the data; the data the first was trained on by default")
	flags.StringVar(&q.Part, "part", "", "test, validation, train or all")
	flags.StringVar(&q.Label, "label", "", "column that holds the label")
	flags.Float64Var(&needs.Accuracy, "accuracy", needs.Accuracy, "how much accuracy matters, 0 to 1")
	flags.Float64Var(&needs.Speed, "speed", needs.Speed, "how much speed matters, 0 to 1")
	flags.Float64Var(&needs.Size, "size", needs.Size, "how much a small file matters, 0 to 1")
	flags.Float64Var(&needs.Explainability, "explainability", needs.Explainability, "how much it matters that answers can be followed, 0 to 1")
	flags.BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

func showComparison(cmd *cobra.Command, c evaluation.Comparison, advice evaluation.Advice) error {
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "%s, part %s, %d samples\n", c.Data, c.Part, c.Samples)
	fmt.Fprintln(table, "model\tquality\tlatency\tthroughput\tsize\tright alone")
	for i, o := range c.Models {
		alone := "-"
		if len(c.Only) > 0 {
			alone = fmt.Sprint(c.Only[i].Samples)
		}
		fmt.Fprintf(table, "%s\t%.4f\t%.3f ms\t%.0f/s\t%.2f MB\t%s\n",
			evaluation.ShortName(o.Model), o.Quality(), o.Efficiency.LatencyP50, o.Efficiency.Throughput, float64(o.Efficiency.Size)/1e6, alone)
	}
	for _, p := range c.Pairs {
		fmt.Fprintf(table, "%s and %s: %d samples only the first gets right, %d only the second, p = %.4g (McNemar)\n",
			evaluation.ShortName(c.Models[p.First].Model), evaluation.ShortName(c.Models[p.Second].Model), p.OnlyFirst, p.OnlySecond, p.P)
	}
	fmt.Fprintf(table, "take %s\n", evaluation.ShortName(c.Models[advice.Model].Model))
	for _, r := range advice.Reasons {
		fmt.Fprintln(table, "  "+r)
	}
	return table.Flush()
}

// newModelsSuspects is the command `athanor models suspects`.
func newModelsSuspects() *cobra.Command {
	var q evaluation.Request
	var asJSON bool
	limit := 50
	command := &cobra.Command{
		Use:   "suspects MODEL",
		Short: "List the samples of a model's data whose labels look wrong, the most suspicious first",
		Long: "List the samples whose labels look wrong. Small models are trained with the model's own\n" +
			"recipe, so that each sample is judged by one that did not learn from it.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Model = args[0]
			list, _, err := evaluation.Suspects(cmd.Context(), q, nil)
			if err != nil {
				return err
			}
			list = list[:min(limit, len(list))]
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(list)
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "sample\tlabelled\tlooks like\tmargin\t")
			for _, d := range list {
				fmt.Fprintf(table, "%s\t%s\t%s\t%.3f\t%s\n", d.Name, d.Labelled, d.LooksLike, d.Margin, d.Text)
			}
			return table.Flush()
		},
	}
	flags := command.Flags()
	flags.StringVar(&q.Data, "data", "", "path of the data; the data the model was trained on by default")
	flags.IntVar(&limit, "limit", limit, "how many to list")
	flags.BoolVar(&asJSON, "json", false, "print one JSON array")
	return command
}
