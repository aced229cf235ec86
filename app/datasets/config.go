package datasets

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"athanor/inference/text"
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
		if c.Operations, err = operation.ReadExisting(d.Operations); err != nil {
			return c, err
		}
	}
	if r.Transfer != nil && c.Task == dataset.Text {
		c.Tokenizer, err = wordPieces(*r.Transfer, r.Model.Length)
	}
	return c, err
}

// ErrVocabulary: a network from a file reads texts, and its vocabulary was not found.
var ErrVocabulary = errors.New("no vocabulary lies beside the network")

// Vocabulary is the vocabulary that lies beside a network's file, "" where none does.
func Vocabulary(network string) string {
	for _, name := range []string{"tokenizer.json", "vocab.txt"} {
		path := filepath.Join(filepath.Dir(network), name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// wordPieces is the tokenizer of a network from a file.
func wordPieces(t train.Transfer, length int) (text.Tokenizer, error) {
	path := cmp.Or(t.Vocabulary, Vocabulary(t.Model))
	if path == "" {
		return nil, fmt.Errorf("%w %s: put its vocab.txt or tokenizer.json there, or name it with --vocab", ErrVocabulary, t.Model)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open vocabulary: %w", err)
	}
	definition, err := text.ReadVocabulary(file, length)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text.New(definition)
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
