package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"athanor/app/training"
	"athanor/pipeline/train"
)

// newDemo is the command `athanor demo`: the main job without a screen.
func newDemo() *cobra.Command {
	var out string
	command := &cobra.Command{
		Use:   "demo",
		Short: "Train the article's network on the embedded digits and show where the results are",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			show := newReporter(cmd.OutOrStdout(), false)
			outcome, err := training.Run(cmd.Context(), training.Request{
				Recipe: train.Recipe{Name: "demo"}, Dir: out, Runs: filepath.Join(dataDir(), "runs"),
				Version: cmd.Root().Version, Prepared: show.prepared,
			}, show.event)
			if err != nil {
				return show.failed(err)
			}
			if err := show.done(outcome); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "curve: %s\nreport: %s\ncard: %s\n", filepath.Join(outcome.Dir, training.LossName),
				filepath.Join(outcome.Dir, training.ReportName), filepath.Join(outcome.Dir, training.CardName))
			return err
		},
	}
	command.Flags().StringVar(&out, "out", "", "the run's folder; a new one in the data folder by default")
	return command
}
