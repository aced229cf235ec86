package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"athanor/app/evaluation"
	"athanor/app/store"
	"athanor/app/training"
	"athanor/pipeline/train"
)

// findSnapshot finds what RUN@EPOCH names; the run alone means its last snapshot.
func findSnapshot(name string) (store.Info, train.Snapshot, error) {
	run, which := name, ""
	if at := strings.LastIndexByte(name, '@'); at >= 0 {
		run, which = name[:at], name[at+1:]
	}
	info, err := findRun(run)
	if err != nil {
		return info, train.Snapshot{}, err
	}
	s, err := training.FindSnapshot(info.Dir, which)
	return info, s, err
}

// forkOf is the fork that a flag names, with the recipe it begins from.
func forkOf(name string) (*training.Fork, train.Recipe, error) {
	info, s, err := findSnapshot(name)
	if err != nil {
		return nil, train.Recipe{}, err
	}
	recipe, err := training.ForkRecipe(info.Dir)
	return &training.Fork{Run: info.Dir, Snapshot: s.Path}, recipe, err
}

// newRunsSnapshots is the command `athanor runs snapshots`.
func newRunsSnapshots() *cobra.Command {
	return &cobra.Command{
		Use: "snapshots RUN", Short: "List the states of a run that can be rewound to or forked from", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := findRun(args[0])
			if err != nil {
				return err
			}
			list, err := train.Snapshots(info.Dir)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "EPOCH\tSTEP\tVAL LOSS\tVAL ACCURACY\tSIZE")
			for _, s := range list {
				epoch := fmt.Sprint(s.Epoch)
				if s.Batch > 0 {
					epoch += fmt.Sprintf(" + %d batches", s.Batch)
				}
				fmt.Fprintf(w, "%s\t%d\t%.5g\t%.5g\t%.1f MB\n", epoch, s.Step, s.ValLoss, s.ValAccuracy, float64(s.Bytes)/1e6)
			}
			if len(list) == 0 {
				fmt.Fprintln(w, "none; recipes keep them with train.keep_snapshots")
			}
			return w.Flush()
		},
	}
}

// newRunsRewind is the command `athanor runs rewind`.
func newRunsRewind() *cobra.Command {
	var measure bool
	command := &cobra.Command{
		Use:   "rewind RUN@EPOCH",
		Short: "Make a model of a snapshot: RUN@5, RUN@best, RUN@step:1200 or RUN for the last one",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, s, err := findSnapshot(args[0])
			if err != nil {
				return err
			}
			path, err := training.Rewind(cmd.Context(), info.Dir, s, cmd.Root().Version, nil)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s at epoch %d, step %d\n", path, info.ID(), s.Epoch, s.Step)
			if !measure {
				return nil
			}
			out, err := evaluation.Run(cmd.Context(), evaluation.Request{Model: path}, nil)
			if err != nil {
				return err
			}
			if c := out.Classification; c != nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s accuracy %.4f (%.4f to %.4f) over %d samples\n", out.Part, c.Accuracy, c.Low, c.High, out.Samples)
			} else if g := out.Regression; g != nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s R² %.4f over %d samples\n", out.Part, g.R2, out.Samples)
			}
			return nil
		},
	}
	command.Flags().BoolVar(&measure, "evaluate", false, "measure it on samples it has not seen")
	return command
}
