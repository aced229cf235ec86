package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/evaluate"
)

// Result is what a run came to.
type Result struct {
	Model         string // path of the ONNX file
	Epochs        int    // epochs done
	BestEpoch     int    // the epoch the model is from
	Steps         int
	Seconds       float64 // of training, pauses left out
	SamplesPerSec float64
	ValLoss       float64 // of the best epoch
	ValAccuracy   float64
	PeakRSS       int64 // bytes
	Parity        float64
	Parameters    int
	Stopped       bool // ended by hand before the last epoch
	// Classification or Regression is of the test part, or of the validation
	// part where there is no test part; Tested says which.
	Classification *evaluate.Classification
	Regression     *evaluate.Regression
	Tested         bool
	Efficiency     evaluate.Efficiency
}

// finish exports the best epoch's model and measures it.
func (r *run) finish(ctx context.Context) (Result, error) {
	if err := r.collect(true); err != nil {
		return Result{}, err
	}
	r.clock.stop()
	if r.best == nil {
		return Result{}, fmt.Errorf("the run was stopped before anything was learnt: there is no model to keep")
	}
	seconds := r.clock.elapsed().Seconds()
	samples := float64(r.Step * r.recipe.Train.Batch)
	res := Result{
		Epochs: r.Epoch, BestEpoch: r.BestEpoch, Steps: r.Step, Seconds: seconds, SamplesPerSec: samples / max(seconds, 1e-9),
		ValLoss: r.Best.Loss, ValAccuracy: r.Best.Accuracy, Parameters: r.net.flat(), Stopped: r.stopped,
	}
	err := r.net.tell(r.best[0])
	if err != nil {
		return res, err
	}
	if res.Model, res.Parity, err = r.export(ctx); err != nil {
		return res, err
	}
	if err := r.test(ctx, &res); err != nil {
		return res, fmt.Errorf("evaluate the model: %w", err)
	}
	res.PeakRSS = evaluate.PeakRSS()
	res.Efficiency.PeakRSS = res.PeakRSS
	return res, r.deps.Store.Flush()
}

// test measures the exported network on samples it has not seen.
func (r *run) test(ctx context.Context, res *Result) error {
	model, err := r.net.networkModel(r.best)
	if err != nil {
		return err
	}
	raw, err := model.Encode()
	if err != nil {
		return err
	}
	session, err := runtime.NewSession(raw, runtime.Options{Threads: r.recipe.Threads})
	if err != nil {
		return err
	}
	defer session.Close()
	feed := r.deps.Set.Test
	res.Tested = feed != nil && feed.Len() > 0
	if !res.Tested {
		feed = r.deps.Set.Validation
	}
	outputs, err := r.predict(ctx, session, feed, upTo(feed.Len()))
	if err != nil {
		return err
	}
	if err := res.measure(outputs, feed, r.deps.Set.Classes); err != nil {
		return err
	}
	return r.measureCost(ctx, session, feed, res)
}

func (res *Result) measure(outputs []float32, feed dataset.Feed, classes []string) error {
	if len(classes) == 0 {
		targets := make([]float32, feed.Len())
		for i := range targets {
			targets[i] = feed.Target(i)
		}
		g, err := evaluate.Regress(outputs, targets)
		res.Regression = &g
		return err
	}
	labels := make([]int, feed.Len())
	for i := range labels {
		labels[i] = feed.Class(i)
	}
	c, err := evaluate.Classify(evaluate.Predictions{Classes: len(classes), Scores: outputs, Labels: labels}, classes)
	res.Classification = &c
	return err
}

// latencyRuns is how often one sample's prediction is timed.
const latencyRuns = 200

func (r *run) measureCost(ctx context.Context, session *runtime.Session, feed dataset.Feed, res *Result) error {
	one, err := r.eval.forBatch(1)
	if err != nil {
		return err
	}
	if err := one.load(ctx, feed, []int{0}, r.net.classes > 0); err != nil {
		return err
	}
	res.Efficiency.LatencyP50, res.Efficiency.LatencyP99, err = evaluate.Latency(latencyRuns, func() error {
		return session.Run(ctx, one.columns, []*runtime.Tensor{one.output})
	})
	if err != nil {
		return err
	}
	rows := upTo(min(evalBatch, feed.Len()))
	many, err := r.eval.forBatch(len(rows))
	if err != nil {
		return err
	}
	p50, _, err := evaluate.Latency(10, func() error { return session.Run(ctx, many.columns, []*runtime.Tensor{many.output}) })
	res.Efficiency.Throughput = float64(len(rows)) / max(p50/1000, 1e-9)
	if info, e := os.Stat(res.Model); e == nil {
		res.Efficiency.Size = info.Size()
	}
	return err
}

// hash identifies what decides a run's numbers; names and how often to save do not.
func (r Recipe) hash() (string, error) {
	r.Name = ""
	r.Data.Operations = ""                         // where they lie; what they do is in the data's fingerprint
	r.Device, r.Train.DeviceLoss = runtime.CPU, "" // a run may change its device
	r.Train.CheckpointSeconds, r.Train.KeepCheckpoints, r.Train.KeepSnapshots = 0, 0, 0
	text, err := r.Text()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// RecipeName is the recipe's file in a run's folder.
const RecipeName = "recipe.toml"

// writeRecipe stores the resolved recipe beside the run.
func (r *run) writeRecipe() error {
	text, err := r.recipe.Text()
	if err != nil {
		return err
	}
	return writeAtomic(filepath.Join(r.deps.Store.Dir(), RecipeName), func(w io.Writer) error { _, err := w.Write(text); return err })
}
