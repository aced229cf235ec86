package cli

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"athanor/app/training"
	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
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
	all, list               bool
	teach                   train.Transfer // beyond the head
	learningRate            float64
	precision               string
	micro                   int
	label, text             string
	length                  int
	augment, deviceLoss     string
}

// newTransfer is the command `athanor transfer`.
func newTransfer() *cobra.Command {
	var f transferFlags
	command := &cobra.Command{
		Use:   "transfer MODEL",
		Short: "Teach a classifier that somebody made your own classes",
		Long: "Find the features in front of an ONNX classifier's last layer, compute them once for\n" +
			"every sample and train a new head on them, which takes seconds. The result is one\n" +
			"ONNX model from pixels to your classes.\n\n" +
			"A network of the BERT family learns texts: give a table of them and the network's\n" +
			"vocabulary (--vocab, or vocab.txt or tokenizer.json beside the network).\n\n" +
			"With --all, --from, --train, --freeze or --lora the network's own layers are trained,\n" +
			"too; --list shows their weights.",
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
	flags.StringVar(&f.label, "label", "", "column that holds the label")
	flags.StringVar(&f.text, "text", "", "column that holds the text")
	flags.StringVar(&f.teach.Vocabulary, "vocab", "", "vocab.txt or tokenizer.json of a network that reads texts")
	flags.IntVar(&f.length, "length", 0, "tokens a text; what the network fixes, or 128 where it has the positions, by default")
	flags.IntVar(&f.size, "size", 0, "side that pictures of a folder are read at; the model's own by default")
	flags.Float64Var(&f.pixels.Scale, "scale", 1, "factor on pixels from 0 to 255 before they enter the model")
	flags.Float64SliceVar(&f.pixels.Mean, "mean", nil, "number for each channel to take away after scaling")
	flags.Float64SliceVar(&f.pixels.Deviation, "deviation", nil, "number for each channel to divide by after that")
	flags.BoolVar(&f.pixels.Swap, "bgr", false, "the model takes blue before red")
	flags.IntSliceVar(&f.hidden, "hidden", []int{64}, "units of the new head's hidden layers, where only the head is trained")
	flags.BoolVar(&f.list, "list", false, "show the network's weights and end")
	flags.BoolVar(&f.all, "all", false, "train all layers, not only a new head")
	flags.StringVar(&f.teach.From, "from", "", "train the layers from the node of this name on")
	flags.StringSliceVar(&f.teach.Train, "train", nil, `train the weights of these names, such as "layer4.*"`)
	flags.StringSliceVar(&f.teach.Freeze, "freeze", nil, "keep the weights of these names as they are")
	flags.Float64Var(&f.teach.Rate, "rate", 0.1, "factor on the learning rate of the network's own weights; the head has 1")
	flags.Float64Var(&f.teach.Decay, "layer-decay", 1, "factor on that for each layer further from the head")
	flags.StringVar(&f.teach.BatchNorm, "batch-norm", "frozen", "statistics of batch normalisation: frozen or updated")
	flags.IntVar(&f.teach.Rank, "lora", 0, "train low-rank additions of this rank to matrices, in place of the weights")
	flags.Float64Var(&f.teach.Alpha, "lora-alpha", 0, "their scale is this by the rank; twice the rank by default")
	flags.StringVar(&f.teach.Keep, "lora-keep", "", "what is kept of them: the merged model, the adapter (alone), or both; both by default")
	flags.BoolVar(&f.teach.Scratch, "scratch", false, "begin with new weights in place of the file's, to compare with")
	flags.StringVar(&f.teach.Adapter, "adapter", "", "begin with the low-rank additions and the head of this file")
	flags.Float64Var(&f.learningRate, "learning-rate", 0, "base learning rate")
	flags.IntVar(&f.epochs, "epochs", 0, "passes over the training part")
	flags.IntVar(&f.batch, "batch", 0, "samples a step")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of everything random")
	flags.StringVar(&f.device, "device", "", "auto, cpu, webgpu[:n] or cuda[:n]")
	flags.StringVar(&f.precision, "precision", "", "type that steps compute in: float32, float16 or auto")
	flags.IntVar(&f.micro, "micro-batch", 0, "samples computed at once; a step still counts the whole batch")
	flags.StringVar(&f.deviceLoss, "device-loss", "", `what happens when the device fails: "continue" on the processor, or "stop", to be resumed`)
	flags.StringVar(&f.augment, "augment", "", `how training samples are changed where layers are trained, such as "flip,rotate=10"; nothing by default`)
	flags.IntVar(&f.threads, "threads", 0, "threads of one operator")
	flags.StringVar(&f.out, "out", "", "the run's folder; a new one in the data folder by default")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line")
}

// layers tells whether more than a new head is asked for.
func (f *transferFlags) layers() bool {
	t := f.teach
	return f.all || t.From != "" || len(t.Train)+len(t.Freeze) > 0 || t.Rank > 0
}

// recipe says what is taught and how.
func (f *transferFlags) recipe(path string, network *transfer.Network) (train.Recipe, error) {
	teach := f.teach
	var err error
	if teach.Model, err = filepath.Abs(path); err != nil {
		return train.Recipe{}, err
	}
	if teach.Vocabulary != "" {
		if teach.Vocabulary, err = filepath.Abs(teach.Vocabulary); err != nil {
			return train.Recipe{}, err
		}
	}
	teach.Scale, teach.Mean, teach.Deviation, teach.Swap = f.pixels.Scale, f.pixels.Mean, f.pixels.Deviation, f.pixels.Swap
	r := train.Recipe{
		Task: "image", Seed: f.seed, Threads: f.threads, Device: f.device, Name: "transfer", Precision: f.precision,
		Data: train.Data{Path: f.data, Test: f.test, Size: f.size, Label: f.label, Text: f.text, Augment: f.augment}, Transfer: &teach,
		Train: train.Loop{Epochs: f.epochs, Batch: f.batch, MicroBatch: f.micro, DeviceLoss: f.deviceLoss}, Optimizer: train.Optimizer{LearningRate: f.learningRate},
	}
	if network.Tokens != nil {
		r.Task, r.Model.Length = string(dataset.Text), cmp.Or(f.length, network.LongestText(training.UsualTokens))
	}
	if !f.layers() {
		teach.Head, teach.Hidden = true, f.hidden
	}
	if r.Data.Size == 0 {
		r.Data.Size = training.PictureSize(network, f.data)
	}
	return r, nil
}

// listWeights shows what can be trained, layer by layer, so that patterns can be
// written.
func listWeights(out io.Writer, network *transfer.Network) error {
	layers, err := network.Layers()
	if err != nil {
		return err
	}
	weights, numbers := 0, 0
	p := printer{w: out}
	for _, l := range layers {
		note := ""
		if l.Blocked != "" {
			note = "  cannot be trained: no gradient passes " + l.Blocked
		}
		p.line("%-40s %-20s %10s  %s%s", l.Node, l.Operator, thousands(float64(l.Numbers)), strings.Join(l.Weights, " "), note)
		weights, numbers = weights+len(l.Weights), numbers+l.Numbers
	}
	p.line("%d weights of %d numbers in front of the head (node %s, %d features)", weights, numbers, network.Head.Node, network.Head.Width)
	return p.err
}

func runTransfer(cmd *cobra.Command, path string, f transferFlags) error {
	model, err := onnx.Load(path)
	if err != nil {
		return err
	}
	network, err := transfer.OpenAt(model, cmp.Or(f.size, transfer.UsualSide))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if f.list {
		return listWeights(cmd.OutOrStdout(), network)
	}
	recipe, err := f.recipe(path, network)
	if err != nil {
		return err
	}
	show := newReporter(cmd.OutOrStdout(), f.json)
	out, err := training.Run(cmd.Context(), training.Request{
		Recipe: recipe, Dir: f.out, Runs: filepath.Join(dataDir(), "runs"), Datasets: datasetsDir(), Version: cmd.Root().Version, Prepared: show.prepared,
	}, show.event)
	if err != nil {
		return err
	}
	return show.done(out)
}
