package datasets

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/dataset/table"
	"athanor/pipeline/train"
)

// ErrChoice: a choice of how a table is read cannot be understood.
var ErrChoice = errors.New("choice cannot be used")

// CheckChoices tells what is wrong with choices, or nil.
func CheckChoices(c Choices) error {
	_, err := readOptions(train.Data{Separator: c.Separator, Charset: c.Charset, Header: c.Header, Quotes: c.Quotes})
	if err == nil {
		_, err = roles(c.Roles)
	}
	return err
}

// Over is these choices, and another's where they leave something open.
func (c Choices) Over(other Choices) Choices {
	d := train.Data{
		Label: c.Label, Text: c.Text, Group: c.Group, Time: c.Time, Separator: c.Separator, Charset: c.Charset,
		Header: c.Header, Quotes: c.Quotes,
	}
	(&Kept{doc: document{Choices: other}}).Into(&d)
	roles := maps.Clone(other.Roles)
	if roles == nil {
		roles = map[string]string{}
	}
	maps.Copy(roles, c.Roles)
	return Choices{
		Label: d.Label, Text: d.Text, Group: d.Group, Time: d.Time, Separator: d.Separator, Charset: d.Charset,
		Header: d.Header, Quotes: d.Quotes, Roles: roles,
	}
}

// Into fills what a recipe leaves open about its data with what is kept.
func (k *Kept) Into(d *train.Data) {
	c := k.doc.Choices
	for _, f := range []struct {
		field *string
		kept  string
	}{
		{&d.Label, c.Label},
		{&d.Text, c.Text},
		{&d.Group, c.Group},
		{&d.Time, c.Time},
		{&d.Separator, c.Separator},
		{&d.Charset, c.Charset},
		{&d.Header, c.Header},
		{&d.Quotes, c.Quotes},
	} {
		if *f.field == "" {
			*f.field = f.kept
		}
	}
	if len(d.Roles) == 0 {
		d.Roles = c.Roles
	}
	if d.Operations == "" && len(k.done) > 0 {
		d.Operations = k.File()
	}
}

// Config is the data set as it is opened or checked with what is kept: the path,
// the choices and the changes.
func (k *Kept) Config() (source.Config, error) {
	d := train.Data{Path: k.doc.Path}
	k.Into(&d)
	return Config(train.Recipe{Data: d})
}

// Config is what a recipe says about its data, its operations read. Cache and
// Progress are left to the caller.
func Config(r train.Recipe) (source.Config, error) {
	d := r.Data
	c := source.Config{
		Path: d.Path, Test: d.Test, Validation: d.Validation, TestSplit: d.TestSplit, Seed: r.Seed, Task: dataset.Task(r.Task),
		Label: d.Label, Text: d.Text, Group: d.Group, Time: d.Time, Size: d.Size, Augment: d.Augment,
		Length: r.Model.Length, Buckets: r.Model.Buckets, Temper: r.Model.Temper, Model: r.Model.Name,
	}
	var err error
	if c.Read, err = readOptions(d); err != nil {
		return c, err
	}
	if c.Roles, err = roles(d.Roles); err != nil {
		return c, err
	}
	if d.Operations != "" && d.Operations != train.NoOperations {
		c.Operations, err = operation.ReadExisting(d.Operations)
	}
	return c, err
}

func readOptions(d train.Data) (o table.Options, err error) {
	o.Charset = table.Charset(d.Charset)
	if d.Charset != "" && !slices.Contains(table.Charsets(), o.Charset) {
		return o, fmt.Errorf("%w: the character set %q; known are %q", ErrChoice, d.Charset, table.Charsets())
	}
	separator := d.Separator
	if separator == "tab" || separator == `\t` {
		separator = "\t"
	}
	switch len(separator) {
	case 0:
	case 1:
		o.Separator = &[]byte(separator)[0]
	default:
		return o, fmt.Errorf(`%w: the separator %q; it is one character, or "tab"`, ErrChoice, separator)
	}
	if o.Header, err = yesOrNo("header", d.Header); err == nil {
		o.Quote, err = yesOrNo("quotes", d.Quotes)
	}
	return o, err
}

func yesOrNo(name, value string) (*bool, error) {
	switch value {
	case "":
		return nil, nil
	case "yes", "no":
		yes := value == "yes"
		return &yes, nil
	}
	return nil, fmt.Errorf("%w: %s = %q; it is yes or no", ErrChoice, name, value)
}

func roles(given map[string]string) (map[string]table.Role, error) {
	out := make(map[string]table.Role, len(given))
	for column, role := range given {
		r := table.Role(role)
		if !slices.Contains(table.Choosable(), r) {
			return nil, fmt.Errorf("%w: the role %q of column %q; known are %q", ErrChoice, role, column, table.Choosable())
		}
		out[column] = r
	}
	return out, nil
}
