package training

import (
	"fmt"
	"path/filepath"
	"strings"

	"athanor/app/store"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// CardName is the model card's file in a run's folder.
const CardName = "card.md"

// writeReport leaves beside the model a card that says what it is, how it was
// made and how good it is, the same as a page, and the loss as a picture.
func writeReport(o Outcome, r train.Recipe, set *dataset.Set) error {
	drawn, err := pictures(o)
	if err != nil {
		return err
	}
	if err := writeHTML(o, r, set, drawn); err != nil {
		return err
	}
	return store.WriteFile(filepath.Join(o.Dir, CardName), []byte(card(o, r, set)))
}

func card(o Outcome, r train.Recipe, set *dataset.Set) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s\n", name(r))
	line("%s model `%s`, %d parameters, trained with Athanor.\n", r.Task, r.Model.Name, o.Parameters)
	line("| | |\n| --- | --- |")
	line("| data | %s |", r.Data.Path)
	line("| fingerprint | %s |", set.Fingerprint)
	line("| samples | %d train, %d validation, %d test |", set.Train.Len(), set.Validation.Len(), testSize(set))
	line("| epochs | %d, best %d |", o.Epochs, o.BestEpoch)
	line("| training | %.1f s, %.0f samples/s, seed %d, %d threads on %s |", o.Seconds, o.SamplesPerSec, r.Seed, r.Threads, r.Device)
	b.WriteString(quality(o))
	line("| latency | %.3f ms median, %.3f ms 99th percentile |", o.Efficiency.LatencyP50, o.Efficiency.LatencyP99)
	line("| size | %d bytes |", o.Efficiency.Size)
	line("| parity | the file agrees with the trainer within %.2g of the outputs' range |", o.Parity)
	return b.String()
}

func quality(o Outcome) string {
	part := "validation"
	if o.Tested {
		part = "test"
	}
	if c := o.Classification; c != nil {
		return fmt.Sprintf("| %s accuracy | %.2f %% (95 %% interval %.2f to %.2f), majority class %.2f %% |\n",
			part, 100*c.Accuracy, 100*c.Low, 100*c.High, 100*c.Majority)
	}
	if g := o.Regression; g != nil {
		return fmt.Sprintf("| %s | R² %.4f, MAE %.4g, RMSE %.4g |\n", part, g.R2, g.MAE, g.RMSE)
	}
	return ""
}

func testSize(set *dataset.Set) int {
	if set.Test == nil {
		return 0
	}
	return set.Test.Len()
}
