// Package cli holds the subcommands of athanor, one file each. They do the same
// jobs as the window, through the same packages.
package cli

import (
	"github.com/spf13/cobra"
)

// Root returns the athanor command with all subcommands. A command writes to
// cmd.OutOrStdout and cmd.ErrOrStderr only, returns errors instead of printing
// them, and stops when cmd.Context() is cancelled.
func Root(version string) *cobra.Command {
	root := &cobra.Command{
		Use:           "athanor",
		Short:         "A desktop model studio: train, inspect and serve ONNX models on this machine",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	for _, command := range commands() {
		root.AddCommand(command())
	}
	markUsage(root)
	return root
}

// commands lists the constructors of all subcommands, in the order help shows them.
func commands() []func() *cobra.Command {
	return []func() *cobra.Command{
		newTrain,
		newTransfer,
		newDistill,
		newRuns,
		newCurves,
		newEvaluate,
		newPredict,
		newExplain,
		newData,
		newDemo,
		newDoctor,
		newServe,
		newExport,
		newModels,
		newFaces,
		newSentiment,
		newDeviceTest,
	}
}
