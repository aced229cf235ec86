package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/pipeline/curve"
	"athanor/pipeline/eventfile"
)

// newRunsExport is the command `athanor runs export`.
func newRunsExport() *cobra.Command {
	var format, out string
	command := &cobra.Command{
		Use:   "export RUN",
		Short: "Write every point of a run as CSV, JSON Lines or TensorBoard event files",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := findRun(args[0])
			if err != nil {
				return err
			}
			c, err := store.OpenCurves(i.Dir)
			if err != nil {
				return err
			}
			return errors.Join(export(cmd.OutOrStdout(), c, format, out), c.Close())
		},
	}
	command.Flags().StringVar(&format, "format", "csv", "csv, jsonl or tensorboard")
	command.Flags().StringVar(&out, "out", "", "file (a folder for tensorboard); the terminal by default")
	return command
}

// ErrExport says that an export was asked for that does not exist.
var ErrExport = errors.New("cannot export")

func export(terminal io.Writer, c *store.Curves, format, out string) error {
	if format == "tensorboard" {
		if out == "" {
			return fmt.Errorf("%w: TensorBoard needs a folder: add --out FOLDER", ErrExport)
		}
		return exportEvents(c, out)
	}
	if format != "csv" && format != "jsonl" {
		return fmt.Errorf("%w as %q: choose csv, jsonl or tensorboard", ErrExport, format)
	}
	if out == "" {
		return exportRows(terminal, c, format)
	}
	f, err := os.CreateTemp(filepath.Dir(out), "."+filepath.Base(out)+"-*")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	err = errors.Join(exportRows(f, c, format), f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), out)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// batch is how many rows are held at a time.
const batch = 4096

// eachRow calls do for every row of every table, tables in order.
func eachRow(c *store.Curves, do func(names []string, r metrics.Row) error) error {
	views := c.Views()
	for _, table := range slices.Sorted(maps.Keys(views)) {
		v := views[table]
		var rows []metrics.Row
		for from := 0; from < v.Len(); from += batch {
			rows = v.Read(rows[:0], from, batch)
			for _, r := range rows {
				if err := do(v.Columns(), r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// exportRows writes one line a point: CSV as metric,step,epoch,time,value.
func exportRows(w io.Writer, c *store.Curves, format string) error {
	out := bufio.NewWriter(w)
	write := csvPoint
	if format == "jsonl" {
		write = jsonPoint
	} else if _, err := out.WriteString("metric,step,epoch,time,active_seconds,value\n"); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	err := eachRow(c, func(names []string, r metrics.Row) error {
		for i, v := range r.Values {
			if curve.IsAbsent(v) {
				continue
			}
			if err := write(out, names[i], r, v); err != nil {
				return fmt.Errorf("export: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

func csvPoint(w *bufio.Writer, name string, r metrics.Row, v float64) error {
	if strings.ContainsAny(name, ",\"\r\n") {
		name = `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	}
	b := append(w.AvailableBuffer(), name...)
	b = strconv.AppendInt(append(b, ','), r.Step, 10)
	b = strconv.AppendInt(append(b, ','), int64(r.Epoch), 10)
	b = r.Time.UTC().AppendFormat(append(b, ','), time.RFC3339Nano)
	b = strconv.AppendFloat(append(b, ','), r.Active.Seconds(), 'f', -1, 64)
	b = strconv.AppendFloat(append(b, ','), v, 'g', -1, 64)
	_, err := w.Write(append(b, '\n'))
	return err
}

func jsonPoint(w *bufio.Writer, name string, r metrics.Row, v float64) error {
	point := map[string]any{
		"metric": name, "step": r.Step, "epoch": r.Epoch, "time": r.Time.UTC(), "active_seconds": r.Active.Seconds(), "value": v,
	}
	if v-v != 0 {
		point["value"] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	b, err := json.Marshal(point)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

func exportEvents(c *store.Curves, dir string) error {
	w, err := eventfile.Create(dir, time.Now())
	if err != nil {
		return err
	}
	err = eachRow(c, func(names []string, r metrics.Row) error {
		for i, v := range r.Values {
			if curve.IsAbsent(v) {
				continue
			}
			s := eventfile.Scalar{Tag: names[i], Step: r.Step, Time: float64(r.Time.UnixNano()) / 1e9, Value: v}
			if err := w.Add(s); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, w.Close())
}
