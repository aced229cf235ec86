package cli

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"athanor/app/curves"
	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
)

// curvesFlags are how `athanor curves` draws.
type curvesFlags struct {
	out, axis, smooth, group, theme string
	metrics                         []string
	amount                          float64
	width, height                   int
	logX, logY, outliers            bool
}

// newCurves is the command `athanor curves`.
func newCurves() *cobra.Command {
	var f curvesFlags
	command := &cobra.Command{
		Use:   "curves RUN…",
		Short: "Draw the curves of runs as SVG, PNG, PDF or CSV: the same picture as the screen",
		Args:  cobra.MinimumNArgs(1),
		RunE:  func(cmd *cobra.Command, args []string) error { return runCurves(cmd, args, f) },
	}
	flags := command.Flags()
	flags.StringVar(&f.out, "out", "curves.svg", "file; its ending is the format: svg, png, pdf or csv")
	flags.StringSliceVar(&f.metrics, "metric", nil, "metrics to draw; loss and val_loss by default")
	flags.StringVar(&f.axis, "x", "step", "step, epoch, wall, elapsed or active (time without pauses)")
	flags.StringVar(&f.smooth, "smooth", "ema", "ema (TensorBoard's), gaussian, window or none")
	flags.Float64Var(&f.amount, "amount", 0.6, "weight of ema (0…1), sigma of gaussian or length of window, in points")
	flags.StringVar(&f.group, "group", "", "recipe key: draw mean and band of the runs that share its value")
	flags.StringVar(&f.theme, "theme", "light", "light or dark")
	flags.IntVar(&f.width, "width", 1000, "width in points")
	flags.IntVar(&f.height, "height", 560, "height in points")
	flags.BoolVar(&f.logX, "log-x", false, "logarithmic x")
	flags.BoolVar(&f.logY, "log-y", false, "logarithmic y")
	flags.BoolVar(&f.outliers, "ignore-outliers", false, "fit y to the middle of the values")
	return command
}

// options turns flags into options of the charts.
func (f curvesFlags) options() (curves.Options, error) {
	o := curves.DefaultOptions()
	o.LogX, o.LogY, o.IgnoreOutliers, o.GroupBy, o.Amount = f.logX, f.logY, f.outliers, f.group, f.amount
	o.Axis = metrics.Axis(f.axis)
	if !slices.Contains([]metrics.Axis{metrics.Step, metrics.Epoch, metrics.Wall, metrics.Elapsed, metrics.Active}, o.Axis) {
		return o, fmt.Errorf("unknown axis %q: choose step, epoch, wall, elapsed or active", f.axis)
	}
	switch f.smooth {
	case "none":
		o.Smooth = curve.NoSmoothing
	case "ema", "gaussian", "window":
		o.Smooth = curve.SmoothKind(f.smooth)
	default:
		return o, fmt.Errorf("unknown smoothing %q: choose ema, gaussian, window or none", f.smooth)
	}
	if f.theme == "dark" {
		o.Theme = chart.Dark()
	}
	return o, nil
}

func runCurves(cmd *cobra.Command, args []string, f curvesFlags) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	var runs []*curves.Run
	defer func() {
		for _, r := range runs {
			_ = r.Close() // it was only read
		}
	}()
	for _, name := range args {
		info, err := findRun(name)
		if err != nil {
			return err
		}
		r, err := curves.Open(info.Dir)
		if err != nil {
			return err
		}
		runs = append(runs, r)
	}
	names, err := chosen(f.metrics, curves.Metrics(runs))
	if err != nil {
		return err
	}
	shown, err := curves.Build(runs, names, o)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := chart.Write(&out, shown.Spec, strings.TrimPrefix(filepath.Ext(f.out), "."), f.width, f.height); err != nil {
		return err
	}
	if err := store.WriteFile(f.out, out.Bytes()); err != nil {
		return err
	}
	points := 0
	for _, l := range shown.Spec.Lines {
		if !l.Faint && l.Samples != nil {
			points += l.Samples.Len()
		}
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d of %d points of %s\n", f.out, points, points, strings.Join(names, ", "))
	return err
}

// chosen are the wanted metrics, or loss with its validation, or the first one.
func chosen(want, have []string) ([]string, error) {
	if len(want) > 0 {
		for _, w := range want {
			if !slices.Contains(have, w) {
				return nil, fmt.Errorf("no metric %q: there are %s", w, strings.Join(have, ", "))
			}
		}
		return want, nil
	}
	for _, group := range curves.Charts(have) {
		if slices.Contains(group, "loss") {
			return slices.DeleteFunc(group, func(n string) bool { return strings.HasPrefix(n, "train_") }), nil
		}
	}
	if len(have) == 0 {
		return nil, fmt.Errorf("the runs hold no metrics yet")
	}
	return have[:1], nil
}
