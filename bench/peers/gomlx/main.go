// Command gomlx times GoMLX's Go backend on MNIST with the networks of
// `athanor train`, one JSON object a line. A step of its CNN takes about a
// second, so it runs for a number of seconds and reports samples a second, not
// always a whole epoch.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/images"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

type options struct {
	data    string
	model   string
	batch   int
	seconds float64
	threads int
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "folder with the four IDX files, gzipped")
	flag.StringVar(&o.model, "model", "mlp", "mlp or cnn")
	flag.IntVar(&o.batch, "batch", 128, "samples a step")
	flag.Float64Var(&o.seconds, "seconds", 10, "how long to measure, after two steps of warming up")
	flag.IntVar(&o.threads, "threads", 2, "threads")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "gomlx:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	runtime.GOMAXPROCS(o.threads)
	set, err := load(o.data)
	if err != nil {
		return err
	}
	backend, err := compute.NewWithConfig("go")
	if err != nil {
		return fmt.Errorf("start the Go backend: %w", err)
	}
	network := mlp
	if o.model == "cnn" {
		network = cnn
	}
	trainer := train.NewTrainer(backend, model.NewStore(), network,
		loss.SparseCategoricalCrossEntropyLogits,
		optimizer.Adam().LearningRate(0.001).Done(), nil, nil)
	return measure(trainer, set, o)
}

func mlp(scope *model.Scope, _ any, inputs []*graph.Node) []*graph.Node {
	x := graph.Reshape(inputs[0], inputs[0].Shape().Dimensions[0], 28*28)
	x = activation.Relu(layers.DenseWithBias(scope.In("hidden1"), x, 128))
	x = activation.Relu(layers.DenseWithBias(scope.In("hidden2"), x, 128))
	return []*graph.Node{layers.DenseWithBias(scope.In("out"), x, 10)}
}

func cnn(scope *model.Scope, _ any, inputs []*graph.Node) []*graph.Node {
	x := inputs[0]
	for i, channels := range []int{32, 64} {
		x = layers.Convolution(scope.In(fmt.Sprint("conv", i)), x).Channels(channels).ChannelsAxis(images.ChannelsFirst).KernelSize(3).PadSame().Done()
		x = halve(activation.Relu(x))
	}
	x = graph.Reshape(x, x.Shape().Dimensions[0], -1)
	return []*graph.Node{layers.DenseWithBias(scope.In("out"), x, 10)}
}

// halve is 2×2 max-pooling, channels first, as a reduction over a reshaped picture: the Go
// backend has no gradient of MaxPool.
func halve(x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	return graph.ReduceMax(graph.Reshape(x, d[0], d[1], d[2]/2, 2, d[3]/2, 2), 3, 5)
}

// measure trains for o.seconds and prints what it came to.
func measure(trainer *train.Trainer, set samples, o options) error {
	random := rand.New(rand.NewPCG(1, 2))
	var last float32
	step := func() error {
		metrics, err := trainer.TrainStep(set.batch(random, o.batch))
		if err != nil {
			return fmt.Errorf("train: %w", err)
		}
		last = tensors.ToScalar[float32](metrics[0])
		return nil
	}
	for range 2 { // builds and compiles the graph
		if err := step(); err != nil {
			return err
		}
	}
	steps, began := 0, time.Now()
	for time.Since(began).Seconds() < o.seconds {
		if err := step(); err != nil {
			return err
		}
		steps++
	}
	seconds := time.Since(began).Seconds()
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"event": "done", "steps": steps, "seconds": seconds, "train_loss": last,
		"samples_per_second": float64(steps*o.batch) / seconds, "version": "GoMLX v0.28.0, Go backend",
	})
}
