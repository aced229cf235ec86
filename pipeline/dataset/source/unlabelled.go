package source

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/table"
)

// Unlabelled is a sample without a label: the name operations know it by, and the
// picture's file or the text.
type Unlabelled struct {
	Name string
	Path string // of a picture
	Text string
}

// EachUnlabelled calls visit with every sample of c that has no label after the
// person's changes: pictures and texts outside class folders, and texts of a table
// whose label is missing. Texts that are empty or cannot be read are passed over.
func EachUnlabelled(ctx context.Context, c Config, visit func(Unlabelled) error) error {
	found, err := Locate(ctx, c)
	if err != nil {
		return err
	}
	switch found.Kind {
	case Pictures, Texts:
		return eachUnlabelledFile(ctx, c, found, visit)
	case Table:
		return eachUnlabelledRow(ctx, c, found.Parts, visit)
	case Embedded, IDX:
	}
	return fmt.Errorf("%w: all samples of %s have labels", ErrTask, c.Path)
}

func eachUnlabelledFile(ctx context.Context, c Config, found Found, visit func(Unlabelled) error) error {
	changes := c.Operations.Labels()
	for _, f := range found.Listing.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if label, keep := changes.Apply(f.Name, f.Class); label != "" || !keep {
			continue
		}
		path := found.Listing.Path(f)
		u := Unlabelled{Name: f.Name, Path: path}
		if kind := folder.KindOf(path); kind != folder.Pictures && found.Kind == Pictures {
			continue
		}
		if found.Kind == Texts {
			var err error
			if u.Text, err = readText(path); err != nil {
				continue //nolint:nilerr // health names what cannot be read
			}
		}
		if err := visit(u); err != nil {
			return err
		}
	}
	return nil
}

func eachUnlabelledRow(ctx context.Context, c Config, parts []Part, visit func(Unlabelled) error) error {
	profiles, _, _, err := table.Profiles(ctx, parts[0].Path, c.Read)
	if err != nil {
		return err
	}
	schema, err := table.Guess(profiles, table.Wish{Label: c.Label, Text: c.Text, Group: c.Group, Time: c.Time, Roles: c.Roles, NeedText: true})
	if err != nil {
		return err
	}
	if schema.Label < 0 || schema.Text < 0 {
		return fmt.Errorf("%w: a column of labels and one of texts are needed; name them with --label and --text", ErrTask)
	}
	u := unlabelledRows{c: c, changes: c.Operations.Labels(), schema: schema, visit: visit}
	for _, p := range parts {
		if err := u.scan(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// unlabelledRows visits the rows of a table's files.
type unlabelledRows struct {
	c       Config
	changes *operation.Labels
	schema  table.Schema
	visit   func(Unlabelled) error
	base    int // rows of the files before
}

func (u *unlabelledRows) scan(ctx context.Context, p Part) error {
	rows := 0
	_, _, err := table.Scan(ctx, p.Path, u.c.Read, nil, func(_ []string, row *table.Row) error {
		rows = row.Number + 1
		name := strconv.Itoa(u.base + row.Number)
		label, keep := u.changes.Apply(name, strings.TrimSpace(row.Cells[u.schema.Label].String()))
		text := row.Cells[u.schema.Text].String()
		if !keep || !table.IsMissing(label) || strings.TrimSpace(text) == "" {
			return nil
		}
		return u.visit(Unlabelled{Name: name, Text: text})
	})
	u.base += rows
	return err
}
