package source

import (
	"fmt"
	"slices"

	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/near"
	"athanor/pipeline/dataset/split"
)

// parted is the samples of each part.
type parted struct{ train, validation, test []int32 }

// split divides the samples: as the files say, by time, or by class and group,
// duplicates always on one side.
func (s *tableSource) split() (parted, error) {
	w := splitter{c: s.c, sides: s.samples.sides, times: s.samples.times, same: s.store, copies: s.copies, note: s.note}
	if !s.schema.Regression {
		w.label = s.samples.names.At
	}
	byHash := map[uint64]int{}
	for i, g := range s.samples.groups {
		if first, ok := byHash[g]; ok {
			s.store.Join(first, i)
			if s.copies != nil {
				s.copies.Join(first, i)
			}
		} else {
			byHash[g] = i
		}
	}
	if n := s.store.Joined(); n > 0 {
		s.note(fmt.Sprintf("%d samples repeat others, exactly, nearly or by group, and stay with them on one side of the split", n))
	}
	return w.split()
}

// splitter divides samples of any kind.
type splitter struct {
	c     Config
	sides []folder.Side
	label func(i int) int // class of a sample; nil for regression
	times []float64
	same  *near.Union
	// copies are the samples of same that are equal, or of one group of the
	// person's; nil where same holds no others.
	copies *near.Union
	note   func(text string)
}

func (w *splitter) split() (parted, error) {
	p, free, given := w.given()
	var err error
	if len(p.test) == 0 && w.c.TestSplit > 0 {
		if free, p.test, err = w.part(free, w.c.TestSplit, w.c.Seed+1); err != nil {
			return p, fmt.Errorf("split off the test part: %w", err)
		}
	}
	if given {
		p.train = free.list(len(w.sides))
	} else {
		kept, held, err := w.part(free, w.c.Validation, w.c.Seed)
		if err != nil {
			return p, fmt.Errorf("split off the validation part: %w", err)
		}
		p.train, p.validation = kept.list(len(w.sides)), held
	}
	if len(p.train) == 0 {
		return p, fmt.Errorf("%w: no sample is left to train on; hold out a smaller share", ErrEmpty)
	}
	return p, nil
}

// rowSet is some of the samples; all of them take no memory.
type rowSet struct {
	all  bool
	rows []int32
}

func (s rowSet) list(n int) []int32 {
	if !s.all {
		return s.rows
	}
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

func (s rowSet) at(i int) int {
	if s.all {
		return i
	}
	return int(s.rows[i])
}

func (s rowSet) take(rows []int32) []int32 {
	if s.all {
		return rows
	}
	return take(s.rows, rows)
}

// given takes the parts that the files name; free is the samples left to divide.
func (w *splitter) given() (p parted, free rowSet, validation bool) {
	if !slices.ContainsFunc(w.sides, func(s folder.Side) bool { return s == folder.Test || s == folder.Validation }) {
		return p, rowSet{all: true}, false
	}
	for i, s := range w.sides {
		switch s {
		case folder.Test:
			p.test = append(p.test, int32(i))
		case folder.Validation:
			p.validation = append(p.validation, int32(i))
		case folder.Whole, folder.Train:
			free.rows = append(free.rows, int32(i))
		}
	}
	return p, free, len(p.validation) > 0
}

func (w *splitter) part(from rowSet, share float64, seed uint64) (kept rowSet, held []int32, err error) {
	n := len(from.rows)
	if from.all {
		n = len(w.sides)
	}
	if w.times != nil {
		times := make([]float64, n)
		for i := range times {
			times[i] = w.times[from.at(i)]
		}
		a, b, err := split.ByTime(times, share)
		return rowSet{rows: from.take(a)}, from.take(b), err
	}
	c := split.Config{Share: share, Seed: seed}
	if w.label != nil {
		c.Label = func(i int) int { return w.label(from.at(i)) }
	}
	if w.same != nil && w.same.Joined() > 0 {
		of := w.same.Groups(len(w.sides))
		c.Group = func(i int) int { return of(from.at(i)) }
		w.loosen(&c, from)
	}
	a, b, err := split.Rows(n, c)
	return rowSet{rows: from.take(a)}, from.take(b), err
}

// loosen lets a class whose texts or pictures are nearly all alike be divided,
// copies staying together, instead of leaving a part without it.
func (w *splitter) loosen(c *split.Config, from rowSet) {
	if w.copies == nil || w.copies.Joined() == w.same.Joined() {
		return
	}
	copies := w.copies.Groups(len(w.sides))
	c.Copies = func(i int) int { return copies(from.at(i)) }
	c.Divided = func(_, samples int) {
		w.note(fmt.Sprintf("%d samples of a class are nearly the same, as from one template, and are divided all the same, only equal ones staying together; the score flatters where little else differs", samples))
	}
}
