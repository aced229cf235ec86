package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"athanor/app/datasets"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/health"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/train"
)

// dataFlags are what the data commands share.
type dataFlags struct {
	readFlags

	operations, cache string
	json              bool
}

func (f *dataFlags) register(command *cobra.Command) {
	f.readFlags.register(command)
	flags := command.Flags()
	flags.StringVar(&f.operations, "operations", "", `file of operations to apply while reading, instead of those kept for the data set; "none" for nothing`)
	flags.StringVar(&f.cache, "cache", "", "folder for unpacked archives and what does not fit into memory")
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
}

// config is the data set with what is kept about it, overridden by flags.
func (f *dataFlags) config(path string) (source.Config, error) {
	d := train.Data{Path: path, Operations: f.operations}
	if err := f.into(&d); err != nil {
		return source.Config{}, err
	}
	kept, err := datasets.Open(datasetsDir(), path)
	if err != nil {
		return source.Config{}, err
	}
	kept.Into(&d)
	c, err := datasets.Config(train.Recipe{Data: d})
	if err != nil {
		return c, err
	}
	if c.Cache = f.cache; c.Cache == "" {
		c.Cache, err = cacheFolder()
	}
	return c, err
}

// check looks the data set over and shows how far it is.
func (f *dataFlags) check(command *cobra.Command, path string) (source.Config, *health.Report, error) {
	c, err := f.config(path)
	if err != nil {
		return c, nil, err
	}
	progress, done := dataProgress(command.ErrOrStderr())
	defer done()
	c.Progress = progress
	report, err := health.Check(command.Context(), c)
	return c, report, err
}

// dataMemory is from where memory is given back eagerly: what a data set of any
// size needs stays below it, and without it Go would let it grow to the double.
const dataMemory = 340 << 20

// boundMemory sets the bound unless the person set one.
func boundMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(dataMemory)
	}
}

// newData is the command `athanor data` with its subcommands.
func newData() *cobra.Command {
	command := &cobra.Command{
		Use:              "data",
		Short:            "Look a data set over, clean it and see how it is split",
		PersistentPreRun: func(*cobra.Command, []string) { boundMemory() },
	}
	command.AddCommand(newDataCheck(), newDataShow(), newDataColumns())
	command.AddCommand(dataChanges()...)
	return command
}

func newDataCheck() *cobra.Command {
	var f dataFlags
	var fix string
	var notes bool
	command := &cobra.Command{
		Use:   "check PATH",
		Short: "Report the health of a data set: what it is, what is wrong, and what mends it",
		Long: "Recognise what PATH holds (IDX files, class folders, tables, text folders, zip or\n" +
			"tar of those), read all of it once and report what is wrong. The data is never\n" +
			"changed. `athanor data fix` keeps operations that mend what was found; --fix writes\n" +
			"them to a file instead, to be given back with --operations.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, report, err := f.check(cmd, args[0])
			if err != nil {
				return err
			}
			if fix != "" {
				least := health.Warning
				if notes {
					least = health.Note
				}
				if err := append(c.Operations, report.Fixes(least)...).Write(fix); err != nil {
					return err
				}
			}
			return showReport(cmd.OutOrStdout(), report, f.json)
		},
	}
	f.register(command)
	command.Flags().StringVar(&fix, "fix", "", "write the operations that mend bad findings and warnings to this file")
	command.Flags().BoolVar(&notes, "fix-notes", false, "let --fix also fill missing cells and cap outliers")
	return command
}

// dataProgress shows how far the work is, on a terminal only.
func dataProgress(out io.Writer) (progress func(done, total int), done func()) {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil, func() {}
	}
	start, last := time.Now(), time.Time{}
	progress = func(done, total int) {
		if total <= 0 || time.Since(last) < 200*time.Millisecond {
			return
		}
		last = time.Now()
		share := float64(done) / float64(total)
		left := time.Duration(float64(time.Since(start)) * (1 - share) / max(share, 1e-3)).Round(time.Second)
		fmt.Fprintf(out, "\r%3.0f %%, %s left   ", 100*share, left)
	}
	return progress, func() { fmt.Fprint(out, "\r                          \r") }
}

func showReport(out io.Writer, r *health.Report, asJSON bool) error {
	lang := language(os.Getenv)
	if asJSON {
		return dataJSON(out, r, lang)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %d samples", r.Path, r.Kind, r.Samples)
	if len(r.Classes) > 0 {
		fmt.Fprintf(&b, ", %d classes", len(r.Classes))
	}
	fmt.Fprintf(&b, " (%.0f samples/s)\n", r.Rate)
	for _, line := range r.Format {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	for i, c := range r.Columns {
		if i == 40 {
			fmt.Fprintf(&b, "  … %d more columns\n", len(r.Columns)-i)
			break
		}
		fmt.Fprintf(&b, "  %-24s %-11s %s\n", c.Name, c.Role, c.Reason)
	}
	for i, c := range r.Classes {
		if i == 20 {
			fmt.Fprintf(&b, "  … %d more classes\n", len(r.Classes)-i)
			break
		}
		fmt.Fprintf(&b, "  %-24s %d\n", c.Name, c.Samples)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%-7s %s: %s\n", f.Severity, f.Title(lang), f.Message(lang))
		if n := min(3, len(f.Samples)); n > 0 {
			fmt.Fprintf(&b, "        %s\n", strings.Join(f.Samples[:n], ", "))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// dataJSON prints the report as one object, each finding with its sentence.
func dataJSON(out io.Writer, r *health.Report, lang string) error {
	type finding struct {
		health.Finding
		Title   string `json:"title"`
		Message string `json:"message"`
	}
	list := make([]finding, 0, len(r.Findings))
	for _, f := range r.Findings {
		for i := range f.Fix {
			f.Fix[i].Samples = f.Fix[i].Samples[:min(len(f.Fix[i].Samples), 100)]
		}
		list = append(list, finding{f, f.Title(lang), f.Message(lang)})
	}
	return json.NewEncoder(out).Encode(struct {
		*health.Report
		Findings []finding `json:"findings"`
	}{r, list})
}

func newDataShow() *cobra.Command {
	var f dataFlags
	var validation, test float64
	var seed uint64
	command := &cobra.Command{
		Use:   "show PATH",
		Short: "Say what training would see: task, inputs, classes, parts and fingerprint",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.config(args[0])
			if err != nil {
				return err
			}
			c.Validation, c.TestSplit, c.Seed = validation, test, seed
			progress, done := dataProgress(cmd.ErrOrStderr())
			c.Progress = progress
			set, err := source.Open(cmd.Context(), c)
			done()
			if err != nil {
				return err
			}
			return showSet(cmd.OutOrStdout(), set, f.json)
		},
	}
	f.register(command)
	command.Flags().Float64Var(&validation, "validation", 0.1, "share held out for validation")
	command.Flags().Float64Var(&test, "test-split", 0, "share held out for testing")
	command.Flags().Uint64Var(&seed, "seed", 1, "seed of the split")
	return command
}

// shownSet is what `data show` tells.
type shownSet struct {
	Name        string           `json:"name"`
	Task        dataset.Task     `json:"task"`
	Classes     []string         `json:"classes,omitempty"`
	Inputs      []dataset.Column `json:"inputs"`
	Train       int              `json:"train"`
	Validation  int              `json:"validation"`
	Test        int              `json:"test"`
	Fingerprint string           `json:"fingerprint"`
	Notes       []string         `json:"notes,omitempty"`
}

func showSet(out io.Writer, set *dataset.Set, asJSON bool) error {
	s := shownSet{
		Name: set.Name, Task: set.Task, Classes: set.Classes, Inputs: set.Train.Columns(), Train: set.Train.Len(),
		Validation: set.Validation.Len(), Fingerprint: set.Fingerprint, Notes: set.Notes,
	}
	if set.Test != nil {
		s.Test = set.Test.Len()
	}
	if asJSON {
		return json.NewEncoder(out).Encode(s)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s task\n", s.Name, s.Task)
	if len(s.Classes) > 0 {
		fmt.Fprintf(&b, "  classes      %s\n", strings.Join(s.Classes[:min(20, len(s.Classes))], ", "))
	} else {
		b.WriteString("  answer       a number\n")
	}
	for _, c := range s.Inputs {
		fmt.Fprintf(&b, "  input        %s %s %v\n", c.Name, c.Type, c.Shape)
	}
	fmt.Fprintf(&b, "  train        %d\n  validation   %d\n  test         %d\n  fingerprint  %s\n", s.Train, s.Validation, s.Test, s.Fingerprint)
	for _, n := range s.Notes {
		fmt.Fprintf(&b, "  note         %s\n", n)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
