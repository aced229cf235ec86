package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"athanor/app/training"
	"athanor/pipeline/train"
)

// trainFlags are what the command line says beside a recipe.
type trainFlags struct {
	task, data, test, model, device, out, name string
	operations, augment, fork                  string
	precision, deviceLoss                      string
	micro, embed, language                     int
	read                                       readFlags
	epochs, batch, threads                     int
	seed                                       uint64
	rate                                       float64
	resume, json, findRate, tensorboard        bool
}

// newTrain is the command `athanor train`.
func newTrain() *cobra.Command {
	var f trainFlags
	command := &cobra.Command{
		Use:   "train [RECIPE]",
		Short: "Train a model and leave it as ONNX with its card, curves and checkpoints",
		Long: "Train what a recipe (TOML) says; flags override it. Without either, the article's\n" +
			"network learns the embedded digits. Ctrl+C leaves a checkpoint; --resume goes on.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			boundMemory()
			return runTrain(cmd, args, f)
		},
	}
	f.register(command)
	completeTrain(command)
	return command
}

func (f *trainFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.task, "task", "", "image, text or table")
	flags.StringVar(&f.data, "data", "", `path of the data, or "digits"`)
	flags.StringVar(&f.test, "test", "", "path of a test set kept apart")
	f.read.register(command)
	flags.StringVar(&f.operations, "operations", "", `file of changes to apply while reading, instead of those kept for the data; "none" for nothing`)
	flags.StringVar(&f.augment, "augment", "", `how training samples are changed, such as "flip,rotate=10" or "photo"`)
	flags.StringVar(&f.model, "model", "", "architecture: "+strings.Join(architectures(""), ", "))
	flags.IntVar(&f.language, "language", 0, "of gru: for how many of the first epochs it learns from texts alone, without labels")
	flags.IntVar(&f.embed, "embed", 0, "numbers that a table's category of more values is learnt as (0: an input for each value), or the width of a text model's embeddings")
	flags.IntVar(&f.epochs, "epochs", 0, "passes over the training part")
	flags.IntVar(&f.batch, "batch", 0, "samples a step")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of everything random")
	flags.Float64Var(&f.rate, "learning-rate", 0, "base learning rate")
	flags.StringVar(&f.device, "device", "", "auto, cpu, webgpu[:n] or cuda[:n]")
	flags.StringVar(&f.precision, "precision", "", "type that steps compute in: float32, float16 (state and loss stay float32) or auto")
	flags.IntVar(&f.micro, "micro-batch", 0, "samples computed at once; gradients are added up and a step still counts the whole batch")
	flags.StringVar(&f.deviceLoss, "device-loss", "", `what happens when the device fails: "continue" on the processor, or "stop", to be resumed`)
	flags.IntVar(&f.threads, "threads", 0, "threads of one operator; results repeat exactly for a fixed number")
	flags.StringVar(&f.out, "out", "", "the run's folder; a new one in the data folder by default")
	flags.StringVar(&f.name, "name", "", "name of the run")
	flags.BoolVar(&f.resume, "resume", false, "continue the run in --out, or the newest one, from its last checkpoint")
	flags.StringVar(&f.fork, "fork", "", "begin with a snapshot of another run and its recipe: RUN@EPOCH, RUN@best or RUN@step:N")
	flags.BoolVar(&f.findRate, "find-rate", false, "train nothing: try rising learning rates for a few seconds and suggest one")
	flags.BoolVar(&f.tensorboard, "tensorboard", false, "write TensorBoard event files into the run's folder while it trains")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line")
}

// ErrNoRun says that there is no run to resume.
var ErrNoRun = errors.New("no run to resume")

func runTrain(cmd *cobra.Command, args []string, f trainFlags) error {
	fork, base, err := f.base(args)
	if err != nil {
		return err
	}
	recipe, err := f.override(cmd, base)
	if err != nil {
		return err
	}
	if f.findRate {
		return findRate(cmd, recipe, f.json)
	}
	request := training.Request{
		Recipe: recipe, Dir: f.out, Runs: filepath.Join(dataDir(), "runs"), Datasets: datasetsDir(),
		Resume: f.resume, Fork: fork, TensorBoard: f.tensorboard, Version: cmd.Root().Version,
	}
	if f.resume && f.out == "" {
		if request.Dir, err = newestRun(request.Runs); err != nil {
			return err
		}
	}
	show := newReporter(cmd.OutOrStdout(), f.json)
	request.Prepared = show.prepared
	outcome, err := training.Run(cmd.Context(), request, show.event)
	if err != nil {
		return show.failed(err)
	}
	return show.done(outcome)
}

// base is the recipe that flags override: that of a file, or of the run that is
// forked, or an empty one.
func (f *trainFlags) base(args []string) (*training.Fork, train.Recipe, error) {
	var fork *training.Fork
	var r train.Recipe
	var err error
	if f.fork != "" {
		if f.resume {
			return nil, r, fmt.Errorf("%w: --fork begins a new run and --resume goes on with one: choose one of them", train.ErrFork)
		}
		if fork, r, err = forkOf(f.fork); err != nil {
			return nil, r, err
		}
	}
	if len(args) == 1 {
		r, err = train.LoadRecipe(args[0])
	}
	return fork, r, err
}

// override lets flags that were given override a recipe.
func (f *trainFlags) override(cmd *cobra.Command, r train.Recipe) (train.Recipe, error) {
	override := func(flag string, set func()) {
		if cmd.Flags().Changed(flag) {
			set()
		}
	}
	override("task", func() { r.Task = f.task })
	override("data", func() { r.Data.Path = f.data })
	override("test", func() { r.Data.Test = f.test })
	override("operations", func() { r.Data.Operations = f.operations })
	override("augment", func() { r.Data.Augment = f.augment })
	override("model", func() { r.Model.Name = f.model })
	override("embed", func() { r.Model.Embed = f.embed })
	override("language", func() { r.Model.Language = f.language })
	override("epochs", func() { r.Train.Epochs = f.epochs })
	override("batch", func() { r.Train.Batch = f.batch })
	override("seed", func() { r.Seed = f.seed })
	override("learning-rate", func() { r.Optimizer.LearningRate = f.rate })
	override("device", func() { r.Device = f.device })
	override("precision", func() { r.Precision = f.precision })
	override("micro-batch", func() { r.Train.MicroBatch = f.micro })
	override("device-loss", func() { r.Train.DeviceLoss = f.deviceLoss })
	override("threads", func() { r.Threads = f.threads })
	override("name", func() { r.Name = f.name })
	return r, f.read.into(&r.Data)
}

// newestRun is the run folder whose name sorts last: names begin with the time.
func newestRun(runs string) (string, error) {
	entries, err := os.ReadDir(runs)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("look for a run to resume: %w", err)
	}
	for _, entry := range slices.Backward(entries) {
		if entry.IsDir() {
			return filepath.Join(runs, entry.Name()), nil
		}
	}
	return "", fmt.Errorf("%w in %s; name one with --out", ErrNoRun, runs)
}

// contextEnded tells whether a run ended because it was asked to.
func contextEnded(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
