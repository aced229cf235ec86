package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"athanor/app/project"
	"athanor/app/store"
)

// newRuns is the command `athanor runs` with everything about runs that exist.
func newRuns() *cobra.Command {
	command := &cobra.Command{Use: "runs", Short: "List, compare, export and bring in training runs"}
	command.AddCommand(newRunsList(), newRunsShow(), newRunsDiff(), newRunsExport(), newRunsImport(), newRunsVerify(), newRunsSnapshots(), newRunsRewind(), newRunsParallel())
	return command
}

// runFolders are the folders of runs: that of the command line and those of all
// projects.
func runFolders() ([]string, error) {
	paths, err := project.DefaultPaths()
	if err != nil {
		return nil, err
	}
	return project.RunFolders(paths)
}

// findRun finds the run that an argument names.
func findRun(name string) (store.Info, error) {
	folders, err := runFolders()
	if err != nil {
		return store.Info{}, err
	}
	return store.FindRun(folders, name)
}

func newRunsList() *cobra.Command {
	var asJSON bool
	var sort string
	command := &cobra.Command{
		Use:   "list [FILTER]",
		Short: `List runs; a filter is like 'val_accuracy > 0.98 and optimizer = adam'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			infos, err := filtered(strings.Join(args, " "))
			if err != nil {
				return err
			}
			store.Sort(infos, sort)
			if asJSON {
				return listJSON(cmd.OutOrStdout(), infos)
			}
			return listTable(cmd.OutOrStdout(), infos)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	command.Flags().StringVar(&sort, "sort", "started", "started, name, or a metric, which puts its best value first")
	return command
}

func filtered(text string) ([]store.Info, error) {
	filter, err := store.ParseFilter(text)
	if err != nil {
		return nil, err
	}
	folders, err := runFolders()
	if err != nil {
		return nil, err
	}
	var out []store.Info
	for _, folder := range folders {
		infos, err := store.ListRuns(folder)
		if err != nil {
			return nil, err
		}
		out = append(out, slices.DeleteFunc(infos, func(i store.Info) bool { return !filter(i) })...)
	}
	return out, nil
}

func listTable(out io.Writer, infos []store.Info) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tSTATE\tEPOCH\tVAL ACCURACY\tVAL LOSS\tMODEL\tTAGS")
	for _, i := range infos {
		fmt.Fprintf(w, "%s\t%s\t%d/%d\t%s\t%s\t%s\t%s\n", i.ID(), i.Status.State, i.Status.Epoch, i.Status.Epochs,
			best(i, "val_accuracy"), best(i, "val_loss"), i.Recipe["model.name"], strings.Join(i.Notes.Tags, ", "))
	}
	if len(infos) == 0 {
		fmt.Fprintln(w, "no runs; train one with: athanor train")
	}
	return w.Flush()
}

// best is a metric's best value as a person reads it.
func best(i store.Info, metric string) string {
	v := i.Metric(metric)
	if math.IsNaN(v) {
		return "–"
	}
	return strconv.FormatFloat(v, 'g', 5, 64)
}

// jsonRun is a run as `list --json` prints it.
type jsonRun struct {
	Run     string            `json:"run"`
	Dir     string            `json:"dir"`
	State   store.State       `json:"state"`
	Started time.Time         `json:"started"`
	Step    int               `json:"step"`
	Epoch   int               `json:"epoch"`
	Best    map[string]any    `json:"best"`
	Tags    []string          `json:"tags,omitempty"`
	Recipe  map[string]string `json:"recipe"`
}

func listJSON(out io.Writer, infos []store.Info) error {
	enc := json.NewEncoder(out)
	for _, i := range infos {
		r := jsonRun{
			Run: i.ID(), Dir: i.Dir, State: i.Status.State, Started: i.Status.Started, Step: i.Status.Step,
			Epoch: i.Status.Epoch, Best: map[string]any{}, Tags: i.Notes.Tags, Recipe: i.Recipe,
		}
		for k, v := range i.Status.Best {
			if r.Best[k] = v; v-v != 0 {
				r.Best[k] = strconv.FormatFloat(v, 'g', -1, 64)
			}
		}
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("write list: %w", err)
		}
	}
	return nil
}

func newRunsShow() *cobra.Command {
	return &cobra.Command{
		Use: "show RUN", Short: "Show a run's state, best values and recipe", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := findRun(args[0])
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintf(w, "run\t%s\nfolder\t%s\nstate\t%s\n", i.ID(), i.Dir, i.Status.State)
			if i.Status.Error != "" {
				fmt.Fprintf(w, "error\t%s\n", i.Status.Error)
			}
			fmt.Fprintf(w, "started\t%s\nstep\t%d\nepoch\t%d of %d, best %d\n", i.Status.Started.Local().Format(time.DateTime), i.Status.Step, i.Status.Epoch, i.Status.Epochs, i.Status.BestEpoch)
			for _, k := range slices.Sorted(maps.Keys(i.Status.Best)) {
				fmt.Fprintf(w, "%s\tbest %.6g\tlast %.6g\n", k, i.Status.Best[k], i.Status.Last[k])
			}
			for _, k := range slices.Sorted(maps.Keys(i.Recipe)) {
				fmt.Fprintf(w, "%s\t%s\n", k, i.Recipe[k])
			}
			return w.Flush()
		},
	}
}

func newRunsDiff() *cobra.Command {
	return &cobra.Command{
		Use: "diff A B", Short: "Show where the recipes and results of two runs differ", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, errA := findRun(args[0])
			b, errB := findRun(args[1])
			if err := errors.Join(errA, errB); err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintf(w, "\t%s\t%s\n", a.ID(), b.ID())
			for _, d := range store.Compare(a, b) {
				fmt.Fprintf(w, "%s\t%s\t%s\n", d.Key, dash(d.A), dash(d.B))
			}
			return w.Flush()
		},
	}
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func newRunsImport() *cobra.Command {
	var to string
	command := &cobra.Command{
		Use:   "import PATH…",
		Short: "Bring in TensorBoard event files, Keras CSVLogger, W&B or MLflow tables, or JSON Lines",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if to == "" {
				to = filepath.Join(dataDir(), "runs")
			}
			for _, path := range args {
				got, err := store.ImportPath(cmd.Context(), to, path, time.Now())
				for _, i := range got {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %d points\n", i.Dir, i.Points)
					for _, d := range i.Damaged {
						fmt.Fprintf(cmd.ErrOrStderr(), "warning: %v; what came before the damage was taken\n", d)
					}
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	command.Flags().StringVar(&to, "to", "", "folder of runs; that of the command line by default")
	return command
}
