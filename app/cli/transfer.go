package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"athanor/app/store"
	"athanor/app/training"
	"athanor/inference/onnx"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// transferFlags are what the command line says of a transfer.
type transferFlags struct {
	data, test, out, device string
	epochs, batch, threads  int
	size                    int
	hidden                  []int
	seed                    uint64
	pixels                  transfer.Pixels
	json                    bool
}

// newTransfer is the command `athanor transfer`.
func newTransfer() *cobra.Command {
	var f transferFlags
	command := &cobra.Command{
		Use:   "transfer MODEL",
		Short: "Teach a classifier that somebody made your own classes",
		Long: "Find the features in front of an ONNX classifier's last layer, compute them once for\n" +
			"every sample and train a new head on them, which takes seconds. The result is one\n" +
			"ONNX model from pixels to your classes.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runTransfer(cmd, args[0], f) },
	}
	f.register(command)
	return command
}

func (f *transferFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.data, "data", "digits", `path of the data, or "digits"`)
	flags.StringVar(&f.test, "test", "", "path of a test set kept apart")
	flags.IntVar(&f.size, "size", 0, "side that pictures of a folder are read at; the model's own by default")
	flags.Float64Var(&f.pixels.Scale, "scale", 1, "factor on pixels from 0 to 255 before they enter the model")
	flags.Float64SliceVar(&f.pixels.Mean, "mean", nil, "number for each channel to take away after scaling")
	flags.Float64SliceVar(&f.pixels.Deviation, "deviation", nil, "number for each channel to divide by after that")
	flags.BoolVar(&f.pixels.Swap, "bgr", false, "the model takes blue before red")
	flags.IntSliceVar(&f.hidden, "hidden", []int{64}, "units of the new head's hidden layers")
	flags.IntVar(&f.epochs, "epochs", 0, "passes over the training part")
	flags.IntVar(&f.batch, "batch", 0, "samples a step")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of everything random")
	flags.StringVar(&f.device, "device", "", "auto, cpu, webgpu[:n] or cuda[:n]")
	flags.IntVar(&f.threads, "threads", 0, "threads of one operator")
	flags.StringVar(&f.out, "out", "", "the run's folder; a new one in the data folder by default")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line")
}

// recipe is how the head is trained on features.
func (f *transferFlags) recipe(network *transfer.Network) (train.Recipe, error) {
	r := train.Recipe{
		Task: "table", Seed: f.seed, Threads: f.threads, Device: f.device, Name: "transfer",
		Data: train.Data{Path: f.data, Test: f.test, Size: f.size}, Model: train.Model{Name: "mlp", Hidden: f.hidden},
		Train: train.Loop{Epochs: f.epochs, Batch: f.batch},
	}
	if r.Data.Size == 0 && len(network.Shape) == 3 {
		r.Data.Size = network.Shape[1] // height, or width where channels come last
	}
	return r.Resolve()
}

func runTransfer(cmd *cobra.Command, path string, f transferFlags) error {
	model, err := onnx.Load(path)
	if err != nil {
		return err
	}
	network, err := transfer.Open(model)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	recipe, err := f.recipe(network)
	if err != nil {
		return err
	}
	asPictures := recipe
	asPictures.Task, asPictures.Model = "image", train.Model{}
	if f.data == "digits" {
		asPictures.Data.Size = 0
	}
	set, err := training.Open(cmd.Context(), asPictures, nil)
	if err != nil {
		return err
	}
	features, err := network.FeatureSet(cmd.Context(), set, transfer.FeatureConfig{Pixels: f.pixels, Threads: recipe.Threads, Device: recipe.Device})
	if err != nil {
		return err
	}
	text, err := asPictures.Text()
	if err != nil {
		return err
	}
	features.Metadata = append(features.Metadata, onnx.Pair{Key: "athanor.recipe", Value: string(text)})
	run, err := transferFolder(f.out)
	if err != nil {
		return err
	}
	show := newReporter(cmd.OutOrStdout(), f.json)
	show.prepared(features, run.Dir())
	result, err := train.Run(cmd.Context(), recipe, train.Deps{Set: features, Store: run, Version: cmd.Root().Version}, show.event)
	if err = errors.Join(err, run.Flush(), run.Close()); err != nil {
		return err
	}
	return show.done(training.Outcome{Result: result, Dir: run.Dir()})
}

func transferFolder(out string) (*store.Run, error) {
	if out == "" {
		return store.CreateRun(filepath.Join(dataDir(), "runs"), "transfer", time.Now())
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, fmt.Errorf("prepare the run's folder: %w; choose another with --out", err)
	}
	return store.OpenRun(out)
}
