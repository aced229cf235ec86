package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"athanor/inference/face"
)

// scoreJSON is one line of `athanor faces --score --json`.
type scoreJSON struct {
	Detector    string  `json:"detector"`
	Pictures    int     `json:"pictures"`
	Truths      int     `json:"truths"`
	Finds       int     `json:"finds"`
	Hits        int     `json:"hits"`
	FalseAlarms int     `json:"false_alarms"`
	Precision   float64 `json:"precision"`
	Recall      float64 `json:"recall"`
	AP          float64 `json:"ap"`
	IoU         float32 `json:"iou"`
	Confidence  float32 `json:"confidence"`
}

// runScore compares detectors with true boxes. A picture is known by its file's
// name, a frame of a video by its number.
func runScore(cmd *cobra.Command, sources []string, detectors []face.Detector, f facesFlags) error {
	file, err := os.Open(f.score)
	if err != nil {
		return fmt.Errorf("open true boxes: %w", err)
	}
	defer file.Close()
	truths, err := face.ReadBoxes(file)
	if err != nil {
		return fmt.Errorf("%s: %w", f.score, err)
	}
	params := make([]face.Params, len(detectors))
	for i := range params {
		params[i] = f.params
	}
	scores, err := face.Score(cmd.Context(), face.ScoreConfig{
		Sources: sources, Truths: truths, Detectors: detectors, Params: params, IoU: f.iou,
		Skipped: func(err error) { fmt.Fprintln(cmd.ErrOrStderr(), "skipped:", err) },
	})
	if errors.Is(err, face.ErrNoTruth) {
		return fmt.Errorf("none of the pictures is named in %s; its column image holds file names, or frame numbers of a video: %w", f.score, err)
	}
	if err != nil {
		return err
	}
	return reportScores(cmd.OutOrStdout(), scores, f)
}

func reportScores(out io.Writer, scores []face.Scored, f facesFlags) error {
	encoder := json.NewEncoder(out)
	if !f.json {
		fmt.Fprintf(out, "%-10s %8s %6s %6s %12s %10s %7s %7s\n", "detector", "pictures", "faces", "hits", "false alarms", "precision", "recall", "AP")
	}
	for _, q := range scores {
		if !f.json {
			fmt.Fprintf(out, "%-10s %8d %6d %6d %12d %10.3f %7.3f %7.3f\n", q.Detector, q.Pictures, q.Truths, q.Hits, q.FalseAlarms, q.Precision, q.Recall, q.AP)
			continue
		}
		err := encoder.Encode(scoreJSON{
			Detector: q.Detector, Pictures: q.Pictures, Truths: q.Truths, Finds: q.Finds, Hits: q.Hits, FalseAlarms: q.FalseAlarms,
			Precision: q.Precision, Recall: q.Recall, AP: q.AP, IoU: f.iou, Confidence: q.Confidence,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
