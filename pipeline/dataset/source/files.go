package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/feed"
	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/near"
	"athanor/pipeline/dataset/table"
)

// fileSource is a data set of one file a sample.
type fileSource struct {
	c       Config
	kind    folder.Kind
	files   []labelled
	classes []string
	print   *print
	notes   []string
	broken  []string
	same    *near.Union
	copies  *near.Union // those of same that are equal
}

// labelled is a file with its place on disk and its label.
type labelled struct {
	folder.File
	path  string
	label string
	class int
}

// openFolder opens a folder of pictures or texts.
func openFolder(ctx context.Context, c Config, root string) (*dataset.Set, error) {
	s, err := labelledFiles(ctx, c, root)
	if err != nil {
		return nil, err
	}
	if s.kind == folder.Texts {
		return s.texts(ctx)
	}
	return s.pictures(ctx)
}

// labelledFiles lists the files of a folder and of the test set kept apart, each
// with its label.
func labelledFiles(ctx context.Context, c Config, root string) (*fileSource, error) {
	s := &fileSource{c: c, print: newPrint("folder").text(c.Operations.String())}
	if err := s.list(ctx, root, folder.Whole); err != nil {
		return nil, err
	}
	if c.Test != "" {
		dir, err := unpacked(ctx, c, c.Test)
		if err != nil {
			return nil, fmt.Errorf("open test set: %w", err)
		}
		s.files = slices.DeleteFunc(s.files, func(f labelled) bool { return f.Side == folder.Test })
		if err := s.list(ctx, dir, folder.Test); err != nil {
			return nil, fmt.Errorf("open test set: %w", err)
		}
	}
	if err := s.fits(); err != nil {
		return nil, err
	}
	return s, s.label()
}

// list adds the files below root; a side other than Whole is given to all.
func (s *fileSource) list(ctx context.Context, root string, as folder.Side) error {
	l, err := folder.List(ctx, root)
	if err != nil {
		return err
	}
	for reason, n := range l.Skipped {
		s.note("%d entries passed over: %s", n, reason)
	}
	if s.kind == "" {
		s.kind = l.Kind()
	}
	given, err := s.tableOfLabels(ctx, l)
	if err != nil {
		return err
	}
	for _, f := range l.Files {
		if as != folder.Whole {
			f.Side = as
		}
		label := f.Class
		if given != nil {
			var ok bool
			if label, ok = labelOf(given, f.Name); !ok && given[""] == f.Name {
				continue
			}
		}
		s.files = append(s.files, labelled{File: f, path: l.Path(f), label: label})
	}
	return nil
}

func (s *fileSource) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// tableOfLabels finds a table beside unsorted files whose one column names them,
// and returns label by file name; the empty name holds the table's own. Nil
// where files lie in class folders or there is no such table.
func (s *fileSource) tableOfLabels(ctx context.Context, l *folder.Listing) (map[string]string, error) {
	files := map[string]bool{}
	for _, f := range l.Files {
		files[f.Name], files[path.Base(f.Name)], files[stem(f.Name)] = true, true, true
	}
	for _, f := range l.Files {
		if strings.Contains(f.Name, "/") || !tableName(f.Name) || !isTable(l.Path(f)) {
			continue
		}
		profiles, _, _, err := table.Profiles(ctx, l.Path(f), s.c.Read)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(profiles, func(p *table.Profile) bool { return naming(p, files) })
		if at < 0 {
			continue
		}
		return s.readLabels(ctx, l.Path(f), f.Name, profiles, at)
	}
	return nil, nil
}

func stem(name string) string {
	base := path.Base(name)
	return strings.TrimSuffix(base, path.Ext(base))
}

// naming tells whether most values of a column are names of files.
func naming(p *table.Profile, files map[string]bool) bool {
	hits, all := 0, 0
	for _, v := range p.Values() {
		all++
		if files[v] || files[strings.TrimPrefix(v, "./")] {
			hits++
		}
	}
	return all > 1 && hits*10 >= all*8
}

func (s *fileSource) readLabels(ctx context.Context, file, name string, profiles []*table.Profile, at int) (map[string]string, error) {
	wish := table.Wish{Label: s.c.Label, Roles: map[string]table.Role{profiles[at].Name: table.Identifier}}
	if s.c.Label == "" && len(profiles) == 2 {
		wish.Label = profiles[1-at].Name
	}
	schema, err := table.Guess(profiles, wish)
	if err != nil {
		return nil, err
	}
	if schema.Label < 0 {
		return nil, fmt.Errorf("%w: %s names the files but no column looks like a label; name one with --label", ErrTask, name)
	}
	labels := map[string]string{"": name}
	_, _, err = table.Scan(ctx, file, s.c.Read, nil, func(_ []string, row *table.Row) error {
		key := strings.TrimPrefix(strings.TrimSpace(row.Cells[at].String()), "./")
		if key != "" {
			labels[key] = strings.TrimSpace(row.Cells[schema.Label].String())
		}
		return nil
	})
	s.note("labels are column %q of %s, by file name in %q", profiles[schema.Label].Name, name, profiles[at].Name)
	return labels, err
}

func labelOf(given map[string]string, name string) (string, bool) {
	for _, key := range []string{name, path.Base(name), stem(name)} {
		if l, ok := given[key]; ok && key != "" && name != given[""] {
			return l, true
		}
	}
	return "", false
}

func (s *fileSource) fits() error {
	switch {
	case s.kind == folder.Other || len(s.files) == 0:
		return fmt.Errorf("%w: the folder holds %d files, and most are neither pictures nor texts", ErrUnknown, len(s.files))
	case s.kind == folder.Pictures && s.c.Task != "" && s.c.Task != dataset.Image:
		return fmt.Errorf("%w: it holds pictures, the task is %s; use --task image", ErrTask, s.c.Task)
	case s.kind == folder.Texts && s.c.Task != "" && s.c.Task != dataset.Text:
		return fmt.Errorf("%w: it holds texts, the task is %s; use --task text", ErrTask, s.c.Task)
	}
	return nil
}

// label applies the person's changes, leaves out files without a label and
// numbers the classes.
func (s *fileSource) label() error {
	changes := s.c.Operations.Labels()
	index := map[string]bool{}
	kept := s.files[:0]
	unlabelled := 0
	for _, f := range s.files {
		name, keep := changes.Apply(f.Name, f.label)
		if !keep {
			continue
		}
		if name == "" {
			unlabelled++
			continue
		}
		f.label = name
		index[name] = true
		kept = append(kept, f)
	}
	s.files = kept
	if unlabelled > 0 {
		s.note("%d files without a label are left out: they lie in no class folder", unlabelled)
	}
	switch {
	case len(s.files) == 0:
		return fmt.Errorf("%w: %d files have no label; put them into one folder a class, or label them", ErrEmpty, unlabelled)
	case len(index) > MaxClasses:
		return fmt.Errorf("%w: %d folders, at most %d are told apart", ErrClasses, len(index), MaxClasses)
	case len(index) == 1:
		return fmt.Errorf("%w: all %d files are %q; add a folder of another class", ErrOneClass, len(s.files), s.files[0].label)
	}
	s.classes = sortedClasses(index)
	number := map[string]int{}
	for i, c := range s.classes {
		number[c] = i
	}
	for i := range s.files {
		s.files[i].class = number[s.files[i].label]
	}
	return nil
}

// leaveOut removes files that could not be read.
func (s *fileSource) leaveOut(failed map[int]error) {
	if len(failed) == 0 {
		return
	}
	rows := make([]int, 0, len(failed))
	for i := range failed {
		rows = append(rows, i)
	}
	slices.Sort(rows)
	for _, i := range rows {
		s.broken = append(s.broken, fmt.Sprintf("%s: %v", s.files[i].Name, failed[i]))
	}
	s.note("%d files cannot be read and are left out: %s", len(rows), strings.Join(s.broken[:min(5, len(s.broken))], "; "))
}

// finish splits the samples and fills in what all kinds of files share. rows
// holds the file of each sample.
func (s *fileSource) finish(set *dataset.Set, rows []int, build func(a *feed.Answers) (maker, error)) (*dataset.Set, error) {
	a := &feed.Answers{Numbers: make([]int32, len(rows)), Classes: make([]int32, len(rows))}
	set.SampleName = func(number int) string { return s.files[number].Name }
	w := splitter{c: s.c, same: s.same, copies: s.copies, note: func(text string) { s.note("%s", text) }, label: func(i int) int { return int(a.Classes[i]) }, sides: make([]folder.Side, len(rows))}
	seen := map[int]bool{}
	for i, r := range rows {
		f := &s.files[r]
		a.Numbers[i], a.Classes[i] = int32(r), int32(f.class)
		seen[f.class] = true
		w.sides[i] = f.Side
		s.print.text(f.Name).text(f.label)
	}
	if len(seen) < 2 {
		return nil, fmt.Errorf("%w: %d readable files, all of one class", ErrOneClass, len(rows))
	}
	if n := s.same.Joined(); n > 0 {
		s.note("%d samples repeat others, exactly or nearly, and stay with them on one side of the split", n)
	}
	parts, err := w.split()
	if err != nil {
		return nil, err
	}
	feedOf, err := build(a)
	if err != nil {
		return nil, err
	}
	set.Name, set.Classes = filepath.Base(s.c.Path), s.classes
	set.Train, set.Validation = feedOf(parts.train, true), feedOf(parts.validation, false)
	if len(parts.test) > 0 {
		set.Test = feedOf(parts.test, false)
	}
	set.Fingerprint = s.print.rows(parts.train).rows(parts.validation).rows(parts.test).sum()
	set.Notes = s.notes
	return set, nil
}

func (s *fileSource) texts(ctx context.Context) (*dataset.Set, error) {
	t, err := tokens(s.c)
	if err != nil {
		return nil, err
	}
	w, err := newTokenWriter(t, s.c)
	if err != nil {
		return nil, err
	}
	finder := near.NewTexts(s.c.Cache)
	defer finder.Close()
	failed := map[int]error{}
	var rows []int
	for i, f := range s.files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		text, err := readText(f.path)
		if err != nil {
			failed[i] = err
			continue
		}
		if err := cmp.Or(w.add(text), finder.Add([]byte(text))); err != nil {
			return nil, err
		}
		s.print.text(text)
		rows = append(rows, i)
		s.progress(i)
	}
	s.leaveOut(failed)
	if err := w.flush(); err != nil {
		return nil, err
	}
	if s.copies, s.same, err = finder.Find(ctx); err != nil {
		return nil, err
	}
	set := &dataset.Set{Task: dataset.Text}
	return s.finish(set, rows, func(a *feed.Answers) (maker, error) { return w.finish(s.c, set, a) })
}

func (s *fileSource) progress(done int) {
	if s.c.Progress != nil && done%64 == 0 {
		s.c.Progress(done, len(s.files))
	}
}

// maxText is how much of one text file is read: far more than any tokenizer
// takes.
const maxText = 4 << 20

var errEmptyText = errors.New("the text is empty")

// readText reads a text file in its own character set.
func readText(file string) (string, error) {
	b, err := readUpTo(file, maxText)
	if err != nil {
		return "", err
	}
	text, err := table.DetectCharset(b).Text(b)
	if err != nil {
		return "", err
	}
	if strings.TrimSpace(text) == "" {
		return "", errEmptyText
	}
	return text, nil
}

func readUpTo(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return b, nil
}
