package source

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"athanor/inference/onnx"
	"athanor/inference/text"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/feed"
	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/table"
)

// Defaults of text tasks.
const (
	defaultLength  = 64
	defaultBuckets = 1 << 15
)

func openTable(ctx context.Context, c Config, parts []part) (*dataset.Set, error) {
	s := &tableSource{c: c, parts: parts, labels: c.Operations.Labels(), print: newPrint("table").text(c.Operations.String())}
	if err := s.addTest(); err != nil {
		return nil, err
	}
	if err := s.describe(ctx); err != nil {
		return nil, err
	}
	if err := s.gather(ctx); err != nil {
		return nil, err
	}
	if !s.schema.Regression {
		if err := errors.Join(checkNamed(s.samples.names.Len(), s.classes), s.checkTaught()); err != nil {
			return nil, err
		}
	} else if len(s.samples.values) < 2 {
		return nil, fmt.Errorf("%w: %d usable rows; give a table with rows that have a label", ErrEmpty, len(s.samples.values))
	}
	return s.set(ctx)
}

// addTest puts a test set kept apart behind the other files.
func (s *tableSource) addTest() error {
	if s.c.Test == "" {
		return nil
	}
	info, err := os.Stat(s.c.Test)
	if err != nil {
		return fmt.Errorf("open test set: %w", err)
	}
	given := tableParts(s.c.Test, info)
	if len(given) == 0 {
		return fmt.Errorf("%w in the test set %s: expected a table like the training set", ErrUnknown, s.c.Test)
	}
	s.parts = slices.DeleteFunc(slices.Clone(s.parts), func(p part) bool { return p.side == folder.Test })
	for _, p := range given {
		if len(given) == 1 || p.side == folder.Test {
			s.parts = append(s.parts, part{p.path, folder.Test})
		}
	}
	return nil
}

// describe profiles the columns and decides what they are used for.
func (s *tableSource) describe(ctx context.Context) error {
	var profiles []*table.Profile
	changed := len(s.c.Operations) > 0
	err := s.scan(ctx, func(_ folder.Side, number int, row *table.Row) error {
		if profiles == nil {
			for _, c := range s.columns {
				profiles = append(profiles, table.NewProfile(c))
			}
		}
		if changed {
			if _, keep := s.labels.Apply(strconv.Itoa(number), ""); !keep {
				return nil
			}
		}
		for i, c := range row.Cells {
			profiles[i].Add(c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if profiles == nil {
		return fmt.Errorf("%w: no row can be read", ErrEmpty)
	}
	s.schema, err = table.Guess(profiles, table.Wish{
		Label: s.c.Label, Text: s.c.Text, Group: s.c.Group, Time: s.c.Time, Roles: s.roles(), NeedText: s.c.Task == dataset.Text,
	})
	if err != nil {
		return err
	}
	return s.decideTask()
}

func (s *tableSource) roles() map[string]table.Role {
	out := map[string]table.Role{}
	for i, c := range s.columns {
		if s.edits.Dropped(i) {
			out[c] = table.Empty
		}
	}
	maps.Copy(out, s.c.Roles)
	return out
}

func (s *tableSource) decideTask() error {
	if s.schema.Label < 0 {
		return fmt.Errorf("%w: no column looks like a label; name one with --label", ErrTask)
	}
	s.task = s.c.Task
	switch {
	case s.task == "" && s.schema.Text >= 0:
		s.task = dataset.Text
	case s.task == "":
		s.task = dataset.Table
	case s.task == dataset.Image:
		return fmt.Errorf("%w: it is a table without pictures; use --task table or --task text", ErrTask)
	case s.task == dataset.Text && s.schema.Text < 0:
		return fmt.Errorf("%w: no column looks like text; name one with --text", ErrTask)
	}
	if s.task == dataset.Text && s.schema.Regression {
		s.schema.Regression = false
		s.note("the label is taken as classes, as texts are classified")
	}
	for i, c := range s.schema.Columns {
		if i == s.schema.Label || i == s.schema.Text || c.Role == table.Label {
			s.note(fmt.Sprintf("column %q is the %s: %s", c.Name, c.Role, c.Reason))
		}
	}
	return nil
}

// set splits, fills the store and puts the parts together.
func (s *tableSource) set(ctx context.Context) (*dataset.Set, error) {
	split, err := s.split()
	if err != nil {
		return nil, err
	}
	s.samples.sides, s.store, s.copies = nil, nil, nil
	set := &dataset.Set{Task: s.task, Name: filepath.Base(s.c.Path), Classes: s.classes}
	answers := &feed.Answers{Numbers: s.samples.numbers.list, Values: s.samples.values}
	if !s.schema.Regression {
		answers.Codes = &s.samples.names
	}
	build, err := s.fill(ctx, set, answers, split.train)
	if err != nil {
		return nil, err
	}
	set.Train = build(split.train, true)
	set.Validation = build(split.validation, false)
	if len(split.test) > 0 {
		set.Test = build(split.test, false)
	}
	s.print.rows(split.train).rows(split.validation).rows(split.test)
	for i := range s.samples.numbers.n {
		s.print.number(uint64(s.samples.numbers.at(i)))
	}
	for _, name := range s.classes {
		s.print.text(name)
	}
	for i := range s.samples.names.Len() {
		s.print.number(uint64(s.samples.names.At(i)))
	}
	for _, v := range answers.Values {
		s.print.number(uint64(math.Float32bits(v)))
	}
	set.Fingerprint = s.print.sum()
	set.Notes = s.notes
	return set, nil
}

type maker func(rows []int32, training bool) dataset.Feed

func (s *tableSource) fill(ctx context.Context, set *dataset.Set, a *feed.Answers, train []int32) (maker, error) {
	if s.task == dataset.Text {
		return s.fillTokens(ctx, set, a, train)
	}
	return s.fillFeatures(ctx, set, a, train)
}

// eachSample calls visit with the rows of the samples, in their order.
func (s *tableSource) eachSample(ctx context.Context, visit func(sample int, row *table.Row) error) error {
	next := 0
	err := s.scan(ctx, func(_ folder.Side, number int, row *table.Row) error {
		if next == s.samples.numbers.n || s.samples.numbers.at(next) != number {
			return nil
		}
		next++
		return visit(next-1, row)
	})
	if err == nil && next != s.samples.numbers.n {
		return fmt.Errorf("%s changed while it was read; start again", s.c.Path)
	}
	return err
}

func (s *tableSource) fillFeatures(ctx context.Context, set *dataset.Set, a *feed.Answers, train []int32) (maker, error) {
	learning := make([]bool, s.samples.numbers.n)
	for _, i := range train {
		learning[i] = true
	}
	fitter := table.NewFitter(s.schema)
	err := s.eachSample(ctx, func(i int, row *table.Row) error {
		if learning[i] {
			fitter.Add(row.Cells)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	prepared, err := fitter.Done()
	if err != nil {
		return nil, err
	}
	places, err := prepared.Places(s.columns)
	if err != nil {
		return nil, err
	}
	width := prepared.Width()
	store := feed.NewStore(4*width, s.c.Cache, 0)
	values, raw := make([]float32, width), make([]byte, 4*width)
	err = s.eachSample(ctx, func(_ int, row *table.Row) error {
		prepared.Row(values, row.Cells, places)
		for i, v := range values {
			binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(v))
		}
		return store.Append(raw)
	})
	if err = errors.Join(err, store.Flush()); err != nil {
		return nil, err
	}
	definition, err := prepared.JSON()
	if err != nil {
		return nil, err
	}
	set.Preprocess, set.Categories = prepared.Graph("features"), prepared.Categories()
	set.Metadata = []onnx.Pair{{Key: table.MetadataKey, Value: definition}}
	return func(rows []int32, _ bool) dataset.Feed { return feed.NewFeatures(store, a, rows) }, nil
}

func (s *tableSource) fillTokens(ctx context.Context, set *dataset.Set, a *feed.Answers, train []int32) (maker, error) {
	t, weights, err := s.fittedTokens(ctx, train)
	if err != nil {
		return nil, err
	}
	set.Weights = weights
	w, err := newTokenWriter(t, s.c)
	if err != nil {
		return nil, err
	}
	err = s.eachSample(ctx, func(_ int, row *table.Row) error {
		return w.add(row.Cells[s.schema.Text].String())
	})
	if err = errors.Join(err, w.flush()); err != nil {
		return nil, err
	}
	return w.finish(s.c, set, a)
}

// tokens returns the tokenizer asked for, or hashed n-grams.
func tokens(c Config) (text.Tokenizer, error) {
	if c.Tokenizer != nil {
		return c.Tokenizer, nil
	}
	length, buckets := c.Length, c.Buckets
	if length <= 0 {
		length = defaultLength
	}
	if buckets <= 0 {
		buckets = defaultBuckets
	}
	t, err := text.New(text.NGrams(buckets, length))
	if err != nil {
		return nil, fmt.Errorf("make the tokenizer: %w", err)
	}
	return t, nil
}

func checkNamed(samples int, classes []string) error {
	switch {
	case samples == 0:
		return fmt.Errorf("%w: no row has a label and an input; name the label with --label", ErrEmpty)
	case len(classes) == 1:
		return fmt.Errorf("%w: all %d samples are %q; add samples of another class or name another label", ErrOneClass, samples, classes[0])
	}
	return nil
}
