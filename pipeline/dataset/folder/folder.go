// Package folder lists what people keep in folders: one folder a class, maybe
// below folders for training, validation and test, or flat beside a table of
// labels. Links are not followed; what is passed over is said.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"athanor/inference/vision"
	"athanor/pipeline/dataset/table"
)

// ErrEmpty: a folder holds no file that could be a sample.
var ErrEmpty = errors.New("the folder holds no samples")

// Side is which part of a split a folder or file was made for.
type Side uint8

// Sides.
const (
	Whole Side = iota // to be divided
	Train
	Validation
	Test
)

// SideOf reads the part from a name: "train.tsv", "val", "测试集".
func SideOf(name string) Side {
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	for _, part := range []struct {
		side  Side
		names []string
	}{
		{Train, []string{"train", "training", "训练", "训练集"}},
		{Validation, []string{"val", "valid", "validation", "dev", "验证", "验证集"}},
		{Test, []string{"test", "testing", "eval", "测试", "测试集"}},
	} {
		for _, n := range part.names {
			if stem == n || strings.HasPrefix(stem, n+"_") || strings.HasSuffix(stem, "_"+n) ||
				strings.HasPrefix(stem, n+"-") || strings.HasSuffix(stem, "-"+n) {
				return part.side
			}
		}
	}
	return Whole
}

// File is one sample's file.
type File struct {
	Name  string // path below the root, with slashes
	Class string // name of its class folder; empty where there is none
	Side  Side
	Size  int64
}

// Listing is a folder's files in a fixed order: by name.
type Listing struct {
	Root  string
	Files []File
	// Skipped counts what was passed over, by reason, with examples.
	Skipped  map[string]int
	Examples []string
}

// Reasons to pass over.
const (
	Link       = "link"
	Special    = "neither file nor folder"
	Hidden     = "hidden file"
	Unreadable = "no permission to read"
)

// Path is a file's full path.
func (l *Listing) Path(f File) string { return filepath.Join(l.Root, filepath.FromSlash(f.Name)) }

func (l *Listing) skip(reason, name string) {
	l.Skipped[reason]++
	if l.Skipped[reason] <= 20 {
		l.Examples = append(l.Examples, name+": "+reason)
	}
}

// List walks root. A folder that holds nothing but one other folder is passed
// through, as archives often wrap their content so.
func List(ctx context.Context, root string) (*Listing, error) {
	root = Unwrap(root)
	l := &Listing{Root: root, Skipped: map[string]int{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		name := l.relative(path)
		if err != nil {
			if path == root {
				return err
			}
			l.skip(Unreadable, name)
			return nil
		}
		return l.visit(name, d)
	})
	if err != nil {
		return nil, fmt.Errorf("list folder %s: %w", root, err)
	}
	return l, nil
}

func (l *Listing) relative(path string) string {
	name, err := filepath.Rel(l.Root, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(name)
}

func (l *Listing) visit(name string, d fs.DirEntry) error {
	hidden := strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "Thumbs.db" || d.Name() == "__MACOSX"
	switch {
	case d.IsDir() && hidden:
		l.skip(Hidden, name)
		return fs.SkipDir
	case d.IsDir():
		return nil
	case hidden:
		l.skip(Hidden, name)
		return nil
	case d.Type()&fs.ModeSymlink != 0:
		l.skip(Link, name)
		return nil
	case !d.Type().IsRegular():
		l.skip(Special, name)
		return nil
	}
	info, err := d.Info()
	if err != nil {
		l.skip(Unreadable, name)
		return nil
	}
	f := File{Name: name, Size: info.Size()}
	f.place()
	l.Files = append(l.Files, f)
	return nil
}

// place reads side and class from the folders of a name.
func (f *File) place() {
	folders := strings.Split(f.Name, "/")
	folders = folders[:len(folders)-1]
	if len(folders) > 0 {
		if f.Side = SideOf(folders[0]); f.Side != Whole {
			folders = folders[1:]
		}
	}
	if len(folders) > 0 {
		f.Class = strings.TrimSpace(folders[0])
	}
}

// Unwrap goes down while a folder holds one folder, which holds folders.
func Unwrap(root string) string {
	for range 8 {
		inner, only := onlyFolder(root)
		if !only || SideOf(filepath.Base(inner)) != Whole {
			return root
		}
		entries, err := os.ReadDir(inner)
		if err != nil || !slices.ContainsFunc(entries, fs.DirEntry.IsDir) {
			return root
		}
		root = inner
	}
	return root
}

func onlyFolder(root string) (path string, only bool) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return "", false
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || e.Name() == "__MACOSX" {
			continue
		}
		if !e.IsDir() || path != "" {
			return "", false
		}
		path = filepath.Join(root, e.Name())
	}
	return path, path != ""
}

// Kind is what most files of a folder are.
type Kind string

// Kinds.
const (
	Pictures Kind = "pictures"
	Texts    Kind = "texts"
	Other    Kind = "other"
)

// looked is how many files are opened to tell a folder's kind.
const looked = 60

// Kind tells what most files are by opening some of them, spread evenly.
func (l *Listing) Kind() Kind {
	counts := map[Kind]int{}
	step := max(1, len(l.Files)/looked)
	for i := 0; i < len(l.Files); i += step {
		counts[KindOf(l.Path(l.Files[i]))]++
	}
	switch {
	case counts[Pictures] > 0 && counts[Pictures] >= counts[Texts]:
		return Pictures
	case counts[Texts] > counts[Other]:
		return Texts
	}
	return Other
}

// KindOf tells what a file is by its first bytes.
func KindOf(path string) Kind {
	f, err := os.Open(path)
	if err != nil {
		return Other
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if n == 0 || err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Other
	}
	head = head[:n]
	if info, err := vision.Probe(head); err == nil && info.Format != "" {
		return Pictures
	}
	if looksText(head) {
		return Texts
	}
	return Other
}

func looksText(head []byte) bool {
	text, err := io.ReadAll(table.DetectCharset(head).Decode(strings.NewReader(string(head))))
	if err != nil && len(text) == 0 {
		return false
	}
	control := 0
	for _, r := range string(text) {
		if r < 0x20 && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r == utf8.RuneError {
			control++
		}
	}
	return control*50 <= len(text)
}
