package training

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
)

// LossName is the picture of the loss in a run's folder.
const LossName = "loss.png"

// smoothing is TensorBoard's weight for the line in front of the raw values.
const smoothing = 0.9

// picture draws a metric of every step, raw and smoothed, and its validation.
func picture(dir, metric, validation string) ([]byte, error) {
	curves, err := store.OpenCurves(dir)
	if err != nil {
		return nil, fmt.Errorf("read the run's curves: %w", err)
	}
	defer curves.Close()
	step, err := curves.Series(metric, metrics.Step)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", metric, err)
	}
	held, err := curves.Series(validation, metrics.Step)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", validation, err)
	}
	theme := chart.Light()
	spec := chart.Spec{
		Theme: theme, X: chart.Axis{Label: "step"}, Y: chart.Axis{Label: metric},
		Lines: []chart.Line{
			{Name: metric, Samples: step, Faint: true, Colour: theme.Colour(0)},
			{Name: metric, Samples: curve.Smooth(step, curve.EMAKind, smoothing), Colour: theme.Colour(0)},
			{Name: validation, Samples: held, Colour: theme.Colour(1), Dash: chart.DashPattern(1)},
		},
	}
	var out bytes.Buffer
	if err := chart.Write(&out, spec, "png", 1200, 640); err != nil {
		return nil, fmt.Errorf("draw %s: %w", metric, err)
	}
	return out.Bytes(), nil
}

// pictures draws loss and, for classification, accuracy; the loss is also left
// as a file of its own.
func pictures(o Outcome) (map[string][]byte, error) {
	loss, err := picture(o.Dir, "loss", "val_loss")
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{"loss": loss}
	if o.Classification != nil {
		accuracy, e := picture(o.Dir, "accuracy", "val_accuracy")
		err = errors.Join(err, e)
		all["accuracy"] = accuracy
	}
	return all, errors.Join(err, store.WriteFile(filepath.Join(o.Dir, LossName), loss))
}
