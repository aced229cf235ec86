// Package choose is the dialog that finds a file or a folder: places, a path to type,
// and what lies there, all of it by keyboard too.
package choose

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Kind is what is looked for.
type Kind int

// Kinds.
const (
	File   Kind = iota // a file there is
	Folder             // a folder there is
	Save               // a file to write
)

// Entry is a file or a folder of a folder.
type Entry struct {
	Name    string
	Folder  bool
	Size    int64
	Changed time.Time
	// Fits says that it can be chosen; folders can be gone into in any case.
	Fits bool
}

// Wish is which entries fit.
type Wish struct {
	Kind       Kind
	Extensions []string // endings of files that fit, with their dots; empty is all
	Hidden     bool     // show names that begin with a dot
}

// fits reports whether a name can be chosen.
func (w Wish) fits(name string, folder bool) bool {
	if folder || w.Kind == Folder {
		return folder && w.Kind == Folder
	}
	if len(w.Extensions) == 0 {
		return true
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc(w.Extensions, func(e string) bool { return strings.HasSuffix(name, strings.ToLower(e)) })
}

// List reads a folder: folders first, then files, by name. Where only some files
// fit, others are left out; a folder is looked for among files that do not fit.
func List(ctx context.Context, dir string, w Wish) ([]Entry, error) {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	var list []Entry
	for _, f := range found {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if e, ok := entry(dir, f, w); ok {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b Entry) int {
		if a.Folder != b.Folder {
			return map[bool]int{true: -1, false: 1}[a.Folder]
		}
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

// entry describes one of a folder's files; ok is false for what is not shown. A link
// is what it points to.
func entry(dir string, f os.DirEntry, w Wish) (e Entry, ok bool) {
	if !w.Hidden && strings.HasPrefix(f.Name(), ".") {
		return e, false
	}
	info, err := os.Stat(filepath.Join(dir, f.Name()))
	if err != nil {
		return e, false // a link to nothing, or a file that has gone since
	}
	e = Entry{Name: f.Name(), Folder: info.IsDir(), Size: info.Size(), Changed: info.ModTime()}
	e.Fits = w.fits(e.Name, e.Folder)
	return e, e.Folder || e.Fits || w.Kind == Folder
}

// Place is a folder to begin from; Key names it in the translations.
type Place struct{ Key, Icon, Path string }

// Places are the usual folders that there are, home first; data is the program's own.
func Places(home, data string) []Place {
	all := []Place{
		{"choose.home", "home", home},
		{"choose.desktop", "image", filepath.Join(home, "Desktop")},
		{"choose.documents", "file", filepath.Join(home, "Documents")},
		{"choose.downloads", "download", filepath.Join(home, "Downloads")},
		{"choose.pictures", "image", filepath.Join(home, "Pictures")},
		{"choose.data", "train", data},
		{"choose.computer", "cpu", string(filepath.Separator)},
	}
	return slices.DeleteFunc(all, func(p Place) bool {
		info, err := os.Stat(p.Path)
		return p.Path == "" || err != nil || !info.IsDir()
	})
}
