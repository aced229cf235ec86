// Package operation holds the changes a person makes to a data set: a list that
// is applied while samples are read, so that the source is never written and
// every change can be taken back.
package operation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Kind says what an operation does.
type Kind string

// Kinds.
const (
	Drop       Kind = "drop"        // leave Samples out
	DropColumn Kind = "drop-column" // leave Column out
	Relabel    Kind = "relabel"     // give Samples the label To; with From only those that have that label
	Rename     Kind = "rename"      // turn the label From into To; onto another label it merges the two
	Fill       Kind = "fill"        // put To where Column is missing
	Convert    Kind = "convert"     // replace the value From by To in Column; empty To makes it missing
	Cap        Kind = "cap"         // bound the numbers of Column to Low … High
)

// ErrInvalid: an operation cannot be understood.
var ErrInvalid = errors.New("operation cannot be applied")

// Operation is one change.
type Operation struct {
	Kind    Kind     `json:"op"`
	Samples []string `json:"samples,omitempty"` // names of samples: the row's number, or the file's path within the source
	Column  string   `json:"column,omitempty"`
	From    string   `json:"from,omitempty"`
	To      string   `json:"to,omitempty"`
	Low     *float64 `json:"low,omitempty"`
	High    *float64 `json:"high,omitempty"`
	// Why is the finding it answers, for people.
	Why string `json:"why,omitempty"`
	// Step numbers the changes that were made together and are taken back together.
	Step int `json:"step,omitempty"`
}

// List is the changes in the order they are applied. Taking the last one off is
// undoing it.
type List []Operation

// Validate checks that each operation has what its kind needs.
func (l List) Validate() error {
	for i, o := range l {
		if what := o.lacks(); what != "" {
			return fmt.Errorf("%w: number %d (%s) needs %s", ErrInvalid, i+1, o.Kind, what)
		}
	}
	return nil
}

func (o *Operation) lacks() string {
	needs := map[Kind]struct {
		ok   bool
		what string
	}{
		Drop:       {len(o.Samples) > 0, "samples"},
		DropColumn: {o.Column != "", "a column"},
		Relabel:    {len(o.Samples) > 0 && o.To != "", "samples and a label"},
		Rename:     {o.From != "" && o.To != "", "two labels"},
		Fill:       {o.Column != "" && o.To != "", "a column and a value"},
		Convert:    {o.Column != "", "a column"},
		Cap:        {o.Column != "" && (o.Low != nil || o.High != nil), "a column and a bound"},
	}
	n, known := needs[o.Kind]
	switch {
	case !known:
		return "a kind that is known"
	case !n.ok:
		return n.what
	case o.Low != nil && o.High != nil && *o.Low > *o.High:
		return "a low bound below the high one"
	}
	return ""
}

// WithStep is the list with more changes behind it that count as one step.
func (l List) WithStep(changes List) List {
	step := 1
	for _, o := range l {
		step = max(step, o.Step+1)
	}
	out := slices.Clone(l)
	for _, o := range changes {
		o.Step = step
		out = append(out, o)
	}
	return out
}

// LastStep cuts the list before the changes that were made last.
func (l List) LastStep() (rest, step List) {
	at := len(l)
	for at > 0 && (at == len(l) || l[at-1].Step != 0 && l[at-1].Step == l[at].Step) {
		at--
	}
	return slices.Clone(l[:at]), slices.Clone(l[at:])
}

// ReadExisting is Read for a file that must be there.
func ReadExisting(path string) (List, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("read operations: %w", err)
	}
	return Read(path)
}

// Read reads a list from a file; a file that does not exist is an empty list.
func Read(path string) (List, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read operations: %w", err)
	}
	l, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("read operations %s: %w", path, err)
	}
	return l, nil
}

// Parse reads a list from JSON.
func Parse(b []byte) (List, error) {
	var l List
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return l, l.Validate()
}

// Write stores the list at path, atomically.
func (l List) Write(path string) error {
	b, err := json.MarshalIndent(slices.Concat(List{}, l), "", "  ")
	if err != nil {
		return fmt.Errorf("store operations: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".operations-*")
	if err != nil {
		return fmt.Errorf("store operations: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(b, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("store operations %s: %w", path, err)
	}
	return nil
}

// String is what the list does as one line of JSON: the same for lists that do
// the same, whatever they were made for and in which steps.
func (l List) String() string {
	plain := slices.Clone(l)
	for i := range plain {
		plain[i].Why, plain[i].Step = "", 0
	}
	b, err := json.Marshal(plain)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
