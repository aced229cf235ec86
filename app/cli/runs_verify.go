package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"athanor/app/training"
)

// newRunsVerify is the command `athanor runs verify`.
func newRunsVerify() *cobra.Command {
	return &cobra.Command{
		Use:   "verify RUN",
		Short: "Train a finished run again without a break and compare the weights bit for bit",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := findRun(args[0])
			if err != nil {
				return err
			}
			show := newReporter(cmd.OutOrStdout(), false)
			proof, err := training.Verify(cmd.Context(), run.Dir, show.event)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "identical: %d tensors, %d bytes of weights and optimizer state\n", proof.Tensors, proof.Bytes)
			return err
		},
	}
}
