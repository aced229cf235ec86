package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"athanor/app/reviews"
	"athanor/app/training"
	"athanor/inference/onnx"
	"athanor/pipeline/train"
)

// newSentimentPack is the command `athanor sentiment pack`.
func newSentimentPack() *cobra.Command {
	var out string
	command := &cobra.Command{
		Use:   "pack RUN",
		Short: "Make a run's n-gram model small and its probabilities honest",
		Long: "Take the model of a training run on texts, store its embedding in 8 bits, let it\n" +
			"take texts of any length and set the temperature at which its probabilities mean\n" +
			"what they say on the run's own validation part.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runPack(cmd, args[0], out) },
	}
	command.Flags().StringVar(&out, "out", "", "the packed model's file; packed.onnx in the run's folder by default")
	return command
}

func runPack(cmd *cobra.Command, dir, out string) error {
	if out == "" {
		out = filepath.Join(dir, "packed.onnx")
	}
	file, err := os.ReadFile(filepath.Join(dir, train.ModelName))
	if err != nil {
		return fmt.Errorf("pack run %s: %w", dir, err)
	}
	recipe, err := train.LoadRecipe(filepath.Join(dir, train.RecipeName))
	if err != nil {
		return fmt.Errorf("pack run %s: %w", dir, err)
	}
	if recipe, err = recipe.Resolve(); err != nil {
		return err
	}
	set, err := training.Open(cmd.Context(), recipe, nil)
	if err != nil {
		return err
	}
	packed, report, err := reviews.Pack(cmd.Context(), file, set)
	if err != nil {
		return err
	}
	m, err := onnx.Decode(packed)
	if err != nil {
		return fmt.Errorf("check the packed model: %w", err)
	}
	if trained, _ := m.Meta("athanor.fingerprint"); trained != set.Fingerprint {
		return fmt.Errorf("%w: the data has changed since the run; train anew", reviews.ErrPack)
	}
	if err := m.Save(out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %.2f MB, temperature %.3f\non %d held-out samples: accuracy %.2f %% (was %.2f), calibration error %.4f (was %.4f)\n",
		out, float64(report.Size)/1e6, report.Temperature, report.Samples, 100*report.Accuracy, 100*report.AccuracyBefore, report.After, report.Before)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
