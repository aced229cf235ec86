package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"athanor/inference/face"
	"athanor/inference/vision"
)

// runAnonymize writes a copy without recognisable faces. All detectors that the
// machine has look for faces, whichever were named: a face one of them misses
// would stay visible.
func runAnonymize(cmd *cobra.Command, source string, f facesFlags) error {
	style, err := vision.ParseStyle(f.anonymize)
	if err != nil {
		return err
	}
	if len(f.detectors) > 0 || len(f.models) > 0 { // a name that is wrong must be told
		named, err := f.open()
		if err != nil {
			return err
		}
		closeDetectors(named)
	}
	detectors, err := face.OpenAll(f.config())
	if err != nil {
		fmt.Fprintln(cmd.ErrOrStderr(), "on the CPU instead:", err)
	}
	defer closeDetectors(detectors)
	if len(detectors) == 0 {
		_, err := face.Open("haar", f.config())
		return err
	}
	hider := face.Hider{Style: style, Detectors: detectors}
	for range detectors {
		hider.Params = append(hider.Params, f.params)
	}
	a, err := face.Anonymize(cmd.Context(), face.AnonymizeConfig{
		Source: source, Out: f.out, Hider: hider, Progress: progressLine(cmd.ErrOrStderr(), f.json),
	})
	if err != nil {
		return err
	}
	for _, skipped := range a.Skipped {
		fmt.Fprintln(cmd.ErrOrStderr(), "skipped:", skipped)
	}
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{
			"source": source, "out": f.out, "frames": a.Frames, "faces": a.Faces, "skipped": len(a.Skipped), "sound": a.Sound,
		})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %d faces hidden in %d pictures or frames; metadata left out\n", f.out, a.Faces, a.Frames)
	if a.Sound != "" {
		fmt.Fprintln(cmd.OutOrStdout(), "sound:", a.Sound)
	}
	if a.Frames == 0 {
		return fmt.Errorf("nothing was written: %w", errors.Join(a.Skipped...))
	}
	return nil
}

// progressLine tells every tenth part on a line of its own.
func progressLine(out io.Writer, quiet bool) func(done, total int) {
	last := 0
	return func(done, total int) {
		if quiet || total <= 1 {
			return
		}
		if tenth := 10 * done / total; tenth > last {
			last = tenth
			fmt.Fprintf(out, "%d %%\n", 10*tenth)
		}
	}
}
