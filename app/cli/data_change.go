package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"athanor/app/datasets"
	"athanor/pipeline/dataset/health"
	"athanor/pipeline/dataset/operation"
)

// dataChanges are the commands that change how a data set is read, and take it
// back.
func dataChanges() []*cobra.Command {
	return []*cobra.Command{
		newDataFix(), newDataOperations(),
		takeBack("undo", "Take the last change of a data set back", (*datasets.Kept).Undo),
		takeBack("redo", "Apply the change again that was undone last", (*datasets.Kept).Redo),
		newDataDrop(), newDataRelabel(), newDataRename(), newDataLabel(),
	}
}

// ErrNoFix says that a kind of finding was named that has no fix here.
var ErrNoFix = errors.New("nothing to fix")

func newDataFix() *cobra.Command {
	var f dataFlags
	var kinds []string
	var all bool
	command := &cobra.Command{
		Use:   "fix PATH",
		Short: "Check a data set and keep the operations that mend what was found",
		Long: "Check the data at PATH and keep the fixes of what is bad or a warning as operations\n" +
			"of this data set. They are applied whenever it is read; the source stays as it is.\n" +
			"`athanor data undo PATH` takes them back.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, report, err := f.check(cmd, args[0])
			if err != nil {
				return err
			}
			step := fixesOf(report, kinds, all)
			if len(step) == 0 {
				return fmt.Errorf("%w: no finding of %s has a fix", ErrNoFix, args[0])
			}
			return change(cmd.OutOrStdout(), args[0], step)
		},
	}
	f.register(command)
	command.Flags().StringSliceVar(&kinds, "kind", nil, "only findings of these kinds, as --json of check names them")
	command.Flags().BoolVar(&all, "all", false, "also fill missing cells and cap outliers")
	return command
}

func fixesOf(r *health.Report, kinds []string, all bool) operation.List {
	least := health.Warning
	if all {
		least = health.Note
	}
	if len(kinds) == 0 {
		return r.Fixes(least)
	}
	var out operation.List
	for _, f := range r.Findings {
		if slices.Contains(kinds, string(f.Kind)) {
			out = append(out, f.Fix...)
		}
	}
	return out
}

// change keeps one step of operations and says so.
func change(out io.Writer, path string, step operation.List) error {
	kept, err := datasets.Open(datasetsDir(), path)
	if err != nil {
		return err
	}
	if err := kept.Add(step); err != nil {
		return err
	}
	return tellStep(out, "kept", step)
}

func tellStep(out io.Writer, verb string, step operation.List) error {
	for _, o := range step {
		if _, err := fmt.Fprintf(out, "%s: %s\n", verb, o.Sentence()); err != nil {
			return err
		}
	}
	return nil
}

func takeBack(use, short string, back func(*datasets.Kept) (operation.List, error)) *cobra.Command {
	return &cobra.Command{
		Use: use + " PATH", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kept, err := datasets.Open(datasetsDir(), args[0])
			if err != nil {
				return err
			}
			step, err := back(kept)
			if err != nil {
				return err
			}
			return tellStep(cmd.OutOrStdout(), map[string]string{"undo": "undone", "redo": "kept"}[use], step)
		},
	}
}

func newDataOperations() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "operations PATH", Short: "List the operations kept for a data set", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kept, err := datasets.Open(datasetsDir(), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(slices.Concat(operation.List{}, kept.Operations()))
			}
			if kept.Changed() {
				fmt.Fprintln(cmd.OutOrStdout(), "the data was written since these changes were made; the rows they name may be others now")
			}
			return tellStep(cmd.OutOrStdout(), "kept", kept.Operations())
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON, as --operations takes it")
	return command
}

func newDataDrop() *cobra.Command {
	return &cobra.Command{
		Use: "drop PATH SAMPLE...", Short: "Leave samples out: row numbers (from 0) or files as check names them", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return change(cmd.OutOrStdout(), args[0], operation.List{{Kind: operation.Drop, Samples: args[1:]}})
		},
	}
}

func newDataRelabel() *cobra.Command {
	var to, from string
	command := &cobra.Command{
		Use:   "relabel PATH SAMPLE... --to LABEL",
		Short: "Give samples another label, or split a class by giving some of it a new one",
		Args:  cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := operation.Operation{Kind: operation.Relabel, Samples: args[1:], From: from, To: strings.TrimSpace(to)}
			return change(cmd.OutOrStdout(), args[0], operation.List{o})
		},
	}
	command.Flags().StringVar(&to, "to", "", "the label")
	command.Flags().StringVar(&from, "of", "", "only those of the samples that have this label")
	_ = command.MarkFlagRequired("to")
	return command
}

func newDataRename() *cobra.Command {
	return &cobra.Command{
		Use: "rename PATH FROM TO", Short: "Rename a class; onto another class it merges the two", Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			return change(cmd.OutOrStdout(), args[0], operation.List{{Kind: operation.Rename, From: args[1], To: args[2]}})
		},
	}
}
