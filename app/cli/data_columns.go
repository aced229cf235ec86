package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"athanor/app/datasets"
	"athanor/app/project"
	"athanor/pipeline/train"
)

// readFlags say how a table is read where the guess is wrong.
type readFlags struct {
	label, text, group, time, separator, charset string
	header, noHeader, noQuotes                   bool
	roles                                        []string
}

func (f *readFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.label, "label", "", `column that holds the label; "NAME:number" or "NAME:class" says how it is meant`)
	flags.StringVar(&f.text, "text", "", "column that holds the text")
	flags.StringVar(&f.group, "group", "", "column whose equal values stay on one side of a split")
	flags.StringVar(&f.time, "time", "", "column of dates or times: the latest rows are held out")
	flags.StringVar(&f.separator, "separator", "", `separator of a table's cells, or "tab"; guessed by default`)
	flags.StringVar(&f.charset, "charset", "", "UTF-8, UTF-16 LE, UTF-16 BE, GB18030 or Windows-1252; guessed by default")
	flags.BoolVar(&f.header, "header", false, "the table's first row names the columns")
	flags.BoolVar(&f.noHeader, "no-header", false, "the table's first row is data")
	flags.BoolVar(&f.noQuotes, "no-quotes", false, "quotes are characters like others")
	flags.StringArrayVar(&f.roles, "role", nil, "COLUMN=ROLE: number, category, text, date, group, identifier, or empty to leave the column out; may be repeated")
	command.MarkFlagsMutuallyExclusive("header", "no-header")
}

// ErrRole says that a role was not given as COLUMN=ROLE.
var ErrRole = errors.New("a role is given as COLUMN=ROLE")

// into overrides a recipe's data by the flags that were given.
func (f *readFlags) into(d *train.Data) error {
	header, quotes := "", ""
	switch {
	case f.header:
		header = "yes"
	case f.noHeader:
		header = "no"
	}
	if f.noQuotes {
		quotes = "no"
	}
	for field, value := range map[*string]string{
		&d.Label: f.label, &d.Text: f.text, &d.Group: f.group, &d.Time: f.time, &d.Separator: f.separator, &d.Charset: f.charset,
		&d.Header: header, &d.Quotes: quotes,
	} {
		if value != "" {
			*field = value
		}
	}
	for _, item := range f.roles {
		at := strings.LastIndexByte(item, '=')
		if at < 1 {
			return fmt.Errorf("%w: %q", ErrRole, item)
		}
		if d.Roles == nil {
			d.Roles = map[string]string{}
		}
		d.Roles[item[:at]] = item[at+1:]
	}
	return nil
}

// newDataColumns is the command `athanor data columns`.
func newDataColumns() *cobra.Command {
	var f readFlags
	var reset bool
	command := &cobra.Command{
		Use:   "columns PATH",
		Short: "Keep how a table is read and what its columns are for",
		Long: "Keep the given choices for the table at PATH: every later check, look and training\n" +
			"uses them unless told otherwise. --reset forgets all of them.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kept, err := datasets.Open(datasetsDir(), args[0])
			if err != nil {
				return err
			}
			if reset {
				return kept.Choose(datasets.Choices{})
			}
			var d train.Data
			if err := f.into(&d); err != nil {
				return err
			}
			given := datasets.Choices{
				Label: d.Label, Text: d.Text, Group: d.Group, Time: d.Time, Separator: d.Separator, Charset: d.Charset,
				Header: d.Header, Quotes: d.Quotes, Roles: d.Roles,
			}
			return kept.Choose(given.Over(kept.Choices()))
		},
	}
	f.register(command)
	command.Flags().BoolVar(&reset, "reset", false, "forget all choices and guess again")
	return command
}

// datasetsDir is where decisions about data sets are kept.
func datasetsDir() string { return project.Paths{Data: dataDir()}.Datasets() }

// cacheFolder is the person's cache folder, made where it is missing.
func cacheFolder() (string, error) {
	paths, err := project.DefaultPaths()
	if err != nil { // no home at all: a container's bare user
		paths.Cache = filepath.Join(os.TempDir(), "athanor")
	}
	if err := os.MkdirAll(paths.Cache, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w; name another with --cache", err)
	}
	return paths.Cache, nil
}
