package evaluation

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"athanor/app/training"
	"athanor/inference/model"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/evaluate"
)

// Samples are the samples of one part of a data set, as they were before any
// preparation, with their true classes in a model's own numbering.
type Samples struct {
	Part string
	// Labels are classes of the model; nil for a regression. Targets are values.
	Labels  []int
	Targets []float32
	Unseen  map[string]int
	Notes   []Note

	data  string
	set   *dataset.Set
	raw   *source.Raw
	at    []place
	truth []int // class in the data's own numbering
	names []string
}

// place is where a sample lies.
type place struct {
	feed dataset.Feed
	row  int
}

// Len is the number of samples.
func (s *Samples) Len() int { return len(s.at) }

// Number is sample i's number in the source.
func (s *Samples) Number(i int) int { return s.at[i].feed.Row(s.at[i].row) }

// Name is what operations call sample i.
func (s *Samples) Name(i int) string { return s.raw.Name(s.Number(i)) }

// Text is sample i's text, or its row in words.
func (s *Samples) Text(i int) string {
	if t := s.raw.TextOf(s.Number(i)); t != "" {
		return t
	}
	row, text := s.raw.Row(s.Number(i)), ""
	for _, c := range s.raw.Columns {
		if v, ok := row[c]; ok {
			text += c + " " + v + "  "
		}
	}
	return text
}

// Row is sample i's cells by column; nil where samples are no rows.
func (s *Samples) Row(i int) map[string]string { return s.raw.Row(s.Number(i)) }

// OpenSamples opens the data a model is measured on.
func OpenSamples(ctx context.Context, m *model.Model, q Request, progress func(done, total int)) (*Samples, error) {
	recipe, err := recipeOf(m, q)
	if err != nil {
		return nil, err
	}
	config, err := training.Source(recipe, progress)
	if err != nil {
		return nil, err
	}
	set, err := source.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	s := &Samples{data: recipe.Data.Path, set: set, Unseen: map[string]int{}, names: set.Classes}
	if q.Part == "" && q.Data == "" && (set.Test == nil || set.Test.Len() == 0) {
		q.Part = "validation" // what it was trained on says nothing about how good it is
	}
	feeds, err := s.parts(q.Part)
	if err != nil {
		return nil, err
	}
	wanted := map[int]bool{}
	for _, f := range feeds {
		for row := range f.Len() {
			s.at = append(s.at, place{f, row})
			s.truth = append(s.truth, f.Class(row))
			wanted[f.Row(row)] = true
		}
	}
	if s.raw, err = source.ReadRaw(ctx, config, func(n int) bool { return wanted[n] }); err != nil {
		return nil, err
	}
	return s.forLabels(m.Info().Labels)
}

// forLabels gives the samples of classes a model knows their numbers there.
func (s *Samples) forLabels(labels []string) (*Samples, error) {
	out := *s
	if (len(s.names) == 0) != (len(labels) == 0) {
		return nil, fmt.Errorf("%w: one of them is about classes, the other about a quantity", ErrMismatch)
	}
	out.at, out.truth, out.Labels, out.Targets, out.Unseen, out.Notes = nil, nil, nil, nil, map[string]int{}, nil
	number := make([]int, len(s.names))
	for i, name := range s.names {
		number[i] = slices.Index(labels, name)
	}
	for i, at := range s.at {
		if len(labels) == 0 {
			out.Targets = append(out.Targets, at.feed.Target(at.row))
		} else if k := number[s.truth[i]]; k >= 0 {
			out.Labels = append(out.Labels, k)
		} else {
			out.Unseen[s.names[s.truth[i]]]++
			continue
		}
		out.at, out.truth = append(out.at, at), append(out.truth, s.truth[i])
	}
	if len(out.at) == 0 && len(s.at) > 0 {
		return nil, fmt.Errorf("%w: the data's classes are %q, the model knows %q", ErrMismatch, s.names, labels)
	}
	if len(out.at) == 0 {
		return nil, fmt.Errorf("%w: part %s of %s", evaluate.ErrNothing, s.Part, s.data)
	}
	for _, name := range slices.Sorted(maps.Keys(out.Unseen)) {
		out.Notes = append(out.Notes, Note{unseenNote, []any{out.Unseen[name], name}})
	}
	return &out, nil
}

// learning is the part that a person may change: all but the test part.
const learning = "learning"

// parts picks the feeds to measure.
func (s *Samples) parts(part string) ([]dataset.Feed, error) {
	set := s.set
	hasTest := set.Test != nil && set.Test.Len() > 0
	if part == "" && hasTest {
		part = "test"
	}
	s.Part = part
	switch {
	case part == "test" && hasTest:
		return []dataset.Feed{set.Test}, nil
	case part == "validation":
		return []dataset.Feed{set.Validation}, nil
	case part == "train":
		return []dataset.Feed{set.Train}, nil
	case part == learning:
		return []dataset.Feed{set.Train, set.Validation}, nil
	case part == "" || part == "all":
		s.Part = "all"
		feeds := []dataset.Feed{set.Train, set.Validation}
		if hasTest {
			feeds = append(feeds, set.Test)
		}
		return feeds, nil
	}
	return nil, fmt.Errorf("%w: the data has no part %q; choose test, validation, train or all", ErrMismatch, part)
}
