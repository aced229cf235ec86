package cli

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"athanor/app/curves"
	"athanor/app/store"
	"athanor/pipeline/chart"
)

// errFewRuns says that there is nothing to compare.
var errFewRuns = errors.New("side by side takes at least two runs")

// newRunsParallel is the command `athanor runs parallel`.
func newRunsParallel() *cobra.Command {
	var out, metric, theme string
	var width, height int
	command := &cobra.Command{
		Use:   "parallel [FILTER]",
		Short: "Draw many runs side by side: an axis for each setting in which they differ, then their results",
		RunE: func(cmd *cobra.Command, args []string) error {
			infos, err := filtered(strings.Join(args, " "))
			if err != nil {
				return err
			}
			if len(infos) < 2 {
				return fmt.Errorf("%w; the filter lets %d through", errFewRuns, len(infos))
			}
			colours := chart.Light()
			if theme == "dark" {
				colours = chart.Dark()
			}
			spec := curves.Parallel(infos, metric, colours)
			var b bytes.Buffer
			if err := chart.WriteParallel(&b, spec, strings.TrimPrefix(filepath.Ext(out), "."), width, height); err != nil {
				return err
			}
			if err := store.WriteFile(out, b.Bytes()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d runs over %d axes\n", out, len(infos), len(spec.Axes))
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&out, "out", "runs.svg", "file; its ending is the format: svg, png or pdf")
	flags.StringVar(&metric, "metric", "val_accuracy", "result that colours the lines")
	flags.StringVar(&theme, "theme", "light", "light or dark")
	flags.IntVar(&width, "width", 1200, "width in points")
	flags.IntVar(&height, "height", 620, "height in points")
	return command
}
