package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"athanor/app/training"
	"athanor/pipeline/train"
)

// newDistill is the command `athanor distill`.
func newDistill() *cobra.Command {
	var f trainFlags
	var d train.Distill
	command := &cobra.Command{
		Use:   "distill TEACHER",
		Short: "Let a small model learn from the answers of a large one",
		Long: "Train a small architecture on your data, from the labels and from what another ONNX\n" +
			"classifier, the teacher, answers: how likely it takes every class to be tells more of\n" +
			"a sample than its label. The teacher must know the data's classes; it is asked about\n" +
			"every training sample as the student sees it and is no part of the model that comes\n" +
			"out. At the end both are measured on the same samples.",
		Example: "  athanor distill big.onnx --data pictures/ --model separable --scale 0.0039\n" +
			"  athanor distill runs/2026-11-23-resnet/model.onnx --model mlp --temperature 3",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			boundMemory()
			return runDistill(cmd, args[0], d, f)
		},
	}
	f.register(command)
	flags := command.Flags()
	for _, other := range []string{"resume", "fork", "find-rate"} {
		flags.Lookup(other).Hidden = true // of train
	}
	flags.Float64Var(&d.Temperature, "temperature", 0, "how far answers are softened before they are compared; 4 by default")
	flags.Float64Var(&d.Weight, "weight", 0, "share of the teacher in the loss, the rest is the labels'; 0.7 by default")
	flags.Float64Var(&d.Scale, "scale", 0, "factor on pixels from 0 to 255 before they enter the teacher; 1 by default")
	flags.Float64SliceVar(&d.Mean, "mean", nil, "number for each channel to take away after scaling")
	flags.Float64SliceVar(&d.Deviation, "deviation", nil, "number for each channel to divide by after that")
	flags.BoolVar(&d.Swap, "bgr", false, "the teacher takes blue before red")
	return command
}

func runDistill(cmd *cobra.Command, path string, d train.Distill, f trainFlags) error {
	var err error
	if d.Model, err = filepath.Abs(path); err != nil {
		return err
	}
	recipe, err := f.override(cmd, train.Recipe{Distill: &d})
	if err != nil {
		return err
	}
	show := newReporter(cmd.OutOrStdout(), f.json)
	out, err := training.Run(cmd.Context(), training.Request{
		Recipe: recipe, Dir: f.out, Runs: filepath.Join(dataDir(), "runs"), Datasets: datasetsDir(), TensorBoard: f.tensorboard,
		Version: cmd.Root().Version, Prepared: show.prepared,
	}, show.event)
	if err != nil {
		return show.failed(err)
	}
	if err := show.done(out); err != nil {
		return err
	}
	kept, err := train.LoadRecipe(filepath.Join(out.Dir, train.RecipeName))
	if err != nil {
		return err
	}
	accuracy, err := training.TeacherAccuracy(cmd.Context(), kept)
	if err != nil {
		return fmt.Errorf("measure the teacher: %w", err)
	}
	return show.beside(accuracy, out)
}
