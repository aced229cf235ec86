// Package datasets keeps what a person decided about a data set: how it is read,
// what its columns are for, and the changes that clean it. The data itself is
// never written; what is kept lies in a folder of the studio, found again by the
// data's path.
package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"athanor/app/store"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
)

// Files in a data set's folder.
const (
	File           = "dataset.toml"    // the data's path and how it is read
	OperationsFile = "operations.json" // the changes that apply
	undoneFile     = "undone.json"     // the changes taken back, the last one first to return
)

// ErrNothing: there is nothing to undo or redo.
var ErrNothing = errors.New("nothing to take back")

// Choices are what a person said about a table instead of leaving it to be
// guessed; empty fields are guessed.
type Choices struct {
	Label     string            `toml:"label,omitempty"` // may end in ":number" or ":class"
	Text      string            `toml:"text,omitempty"`
	Group     string            `toml:"group,omitempty"`
	Time      string            `toml:"time,omitempty"`
	Separator string            `toml:"separator,omitempty"` // "tab" or one character
	Charset   string            `toml:"charset,omitempty"`
	Header    string            `toml:"header,omitempty"` // yes, no
	Quotes    string            `toml:"quotes,omitempty"` // yes, no
	Roles     map[string]string `toml:"roles,omitempty"`  // table.Role by column; "empty" leaves a column out
}

// document is dataset.toml.
type document struct {
	Path     string    `toml:"path"`
	Size     int64     `toml:"size,omitempty"` // of a single file when the first change was made
	Modified time.Time `toml:"modified,omitempty"`
	Choices  Choices   `toml:"choices,omitempty"`
}

// Kept is what is kept about one data set. It belongs to one goroutine. Each
// change is on disk when its method returns.
type Kept struct {
	dir          string
	doc          document
	done, undone operation.List
}

// Open returns what folder keeps about the data at path; nothing yet is no error,
// and nothing is written before the first change.
func Open(folder, path string) (*Kept, error) {
	whole := path
	if path != source.Digits {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("find %s: %w", path, err)
		}
		whole = abs
	}
	sum := sha256.Sum256([]byte(whole))
	k := &Kept{dir: filepath.Join(folder, store.SafeName(filepath.Base(whole))+"-"+hex.EncodeToString(sum[:5])), doc: document{Path: whole}}
	if err := store.ReadTOML(filepath.Join(k.dir, File), &k.doc); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open what is kept about %s: %w", path, err)
	}
	return k, k.read()
}

func (k *Kept) read() (err error) {
	if k.done, err = operation.Read(k.File()); err != nil {
		return err
	}
	k.undone, err = operation.Read(filepath.Join(k.dir, undoneFile))
	return err
}

// File is the file of the changes that apply; it may not exist yet.
func (k *Kept) File() string { return filepath.Join(k.dir, OperationsFile) }

// Operations is a copy of the changes in the order they are applied.
func (k *Kept) Operations() operation.List { return append(operation.List(nil), k.done...) }

// Undone is a copy of the changes that Redo brings back.
func (k *Kept) Undone() operation.List { return append(operation.List(nil), k.undone...) }

// Choices are how the data is read.
func (k *Kept) Choices() Choices { return k.doc.Choices }

// Changed tells that the data is one file which was written since the first
// change was made: the rows that changes name may be others now.
func (k *Kept) Changed() bool {
	if len(k.done) == 0 || k.doc.Modified.IsZero() {
		return false
	}
	info, err := os.Stat(k.doc.Path)
	return err == nil && (info.Size() != k.doc.Size || !info.ModTime().Equal(k.doc.Modified))
}

// Choose replaces how the data is read.
func (k *Kept) Choose(c Choices) error {
	if err := CheckChoices(c); err != nil {
		return err
	}
	k.doc.Choices = c
	return k.writeDocument()
}

// Add applies a step: one or more changes that are taken back together. What was
// undone before cannot be redone afterwards.
func (k *Kept) Add(step operation.List) error {
	if len(step) == 0 {
		return nil
	}
	if err := k.read(); err != nil { // another window may have added some
		return err
	}
	after := k.done.WithStep(step)
	if err := after.Validate(); err != nil {
		return err
	}
	if len(k.done) == 0 {
		k.sign()
	}
	return k.write(after, nil)
}

// sign notes the state of the file that the changes are about.
func (k *Kept) sign() {
	k.doc.Size, k.doc.Modified = 0, time.Time{}
	if info, err := os.Stat(k.doc.Path); err == nil && info.Mode().IsRegular() {
		k.doc.Size, k.doc.Modified = info.Size(), info.ModTime()
	}
}

// Undo takes the last step off and returns it.
func (k *Kept) Undo() (operation.List, error) {
	if err := k.read(); err != nil {
		return nil, err
	}
	rest, step := k.done.LastStep()
	if len(step) == 0 {
		return nil, fmt.Errorf("%w: no change is made to %s", ErrNothing, k.doc.Path)
	}
	return step, k.write(rest, append(k.undone, step...))
}

// Redo applies the step again that was undone last and returns it.
func (k *Kept) Redo() (operation.List, error) {
	if err := k.read(); err != nil {
		return nil, err
	}
	rest, step := k.undone.LastStep()
	if len(step) == 0 {
		return nil, fmt.Errorf("%w: nothing was undone on %s", ErrNothing, k.doc.Path)
	}
	return step, k.write(append(k.Operations(), step...), rest)
}

// write stores both lists, the one that counts first.
func (k *Kept) write(done, undone operation.List) error {
	if err := k.writeDocument(); err != nil {
		return err
	}
	if err := done.Write(k.File()); err != nil {
		return err
	}
	if err := undone.Write(filepath.Join(k.dir, undoneFile)); err != nil {
		return err
	}
	k.done, k.undone = done, undone
	return nil
}

func (k *Kept) writeDocument() error {
	if err := os.MkdirAll(k.dir, 0o755); err != nil {
		return fmt.Errorf("keep what was decided about %s: %w", k.doc.Path, err)
	}
	return store.WriteTOML(filepath.Join(k.dir, File), k.doc)
}
