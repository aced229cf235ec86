package datasets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"athanor/pipeline/dataset/source"
	"athanor/pipeline/dataset/table"
	"athanor/pipeline/train"
)

// Glance is the beginning of a table, read as choices say: what its columns
// would be for, and its first rows.
type Glance struct {
	Format  string // the kind of file
	Dialect table.Dialect
	Columns []string
	Rows    [][]string
	Schema  table.Schema
	// Trouble is why the roles do not fit together, nil where they do.
	Trouble error
}

// What a glance reads and keeps.
const (
	glanceRows = 2000
	glanceKept = 100
	glanceCell = 200 // characters
)

var errEnough = errors.New("enough rows")

// Look glances at the data at path; ok is false where it is no table.
func Look(ctx context.Context, path string, c Choices) (g Glance, ok bool, err error) {
	found, err := source.Locate(ctx, source.Config{Path: path})
	if err != nil || found.Kind != source.Table || len(found.Parts) == 0 {
		return g, false, err
	}
	options, err := readOptions(train.Data{Separator: c.Separator, Charset: c.Charset, Header: c.Header, Quotes: c.Quotes})
	if err != nil {
		return g, true, err
	}
	var profiles []*table.Profile
	src, _, err := table.Scan(ctx, found.Parts[0].Path, options, nil, func(columns []string, row *table.Row) error {
		if profiles == nil {
			g.Columns = slices.Clone(columns)
			for _, name := range columns {
				profiles = append(profiles, table.NewProfile(name))
			}
		}
		return g.take(row, profiles)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return g, true, fmt.Errorf("look at %s: %w", path, err)
	}
	g.Format, g.Dialect = string(src.Format), src.Dialect
	chosen, err := roles(c.Roles)
	if err != nil {
		return g, true, err
	}
	g.Schema, g.Trouble = table.Guess(profiles, table.Wish{Label: c.Label, Text: c.Text, Group: c.Group, Time: c.Time, Roles: chosen})
	return g, true, nil
}

func (g *Glance) take(row *table.Row, profiles []*table.Profile) error {
	var cells []string
	for i, c := range row.Cells {
		if i < len(profiles) {
			profiles[i].Add(c)
		}
		if len(g.Rows) < glanceKept {
			cells = append(cells, oneLine(c.String()))
		}
	}
	if len(g.Rows) < glanceKept {
		g.Rows = append(g.Rows, cells)
	}
	if row.Number >= glanceRows {
		return errEnough
	}
	return nil
}

// oneLine makes a cell fit into a line of a table.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > glanceCell {
		return string(runes[:glanceCell]) + "…"
	}
	return s
}

// Use is a choice of what a column is for.
type Use string

// The uses beside a role.
const (
	AsLabel Use = "label"
	AsGuess Use = "" // what the guess says
)

// Uses lists what a column can be used for.
func Uses() []Use {
	out := []Use{AsGuess, AsLabel}
	for _, r := range table.Choosable() {
		out = append(out, Use(r))
	}
	return out
}

// WithUse is these choices with a column used for something else: there is one
// label, one group and one text at most.
func (c Choices) WithUse(column string, use Use) Choices {
	roles := map[string]string{}
	for name, r := range c.Roles {
		if name != column {
			roles[name] = r
		}
	}
	for _, field := range []*string{&c.Label, &c.Text, &c.Group, &c.Time} {
		if *field == column {
			*field = ""
		}
	}
	switch use {
	case AsGuess:
	case AsLabel:
		c.Label = column
	case Use(table.Text):
		c.Text = column
	case Use(table.Group):
		c.Group = column
	default:
		roles[column] = string(use)
	}
	c.Roles = nil
	if len(roles) > 0 {
		c.Roles = roles
	}
	return c
}

// UseOf is what a column is used for by choice, AsGuess where nothing was said.
func (c Choices) UseOf(column string) Use {
	switch column {
	case strings.TrimSuffix(strings.TrimSuffix(c.Label, ":number"), ":class"):
		return AsLabel
	case c.Text:
		return Use(table.Text)
	case c.Group:
		return Use(table.Group)
	}
	return Use(c.Roles[column])
}
