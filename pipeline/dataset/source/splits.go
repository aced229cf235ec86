package source

import (
	"fmt"

	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/near"
	"athanor/pipeline/dataset/split"
)

// parted is the samples of each part.
type parted struct{ train, validation, test []int32 }

// split divides the samples: as the files say, by time, or by class and group,
// duplicates always on one side.
func (s *tableSource) split() (parted, error) {
	w := splitter{c: s.c, sides: s.samples.sides, times: s.samples.times, same: s.store}
	if !s.schema.Regression {
		w.labels = s.samples.names
	}
	byHash := map[uint64]int{}
	for i, g := range s.samples.groups {
		if first, ok := byHash[g]; ok {
			s.store.Join(first, i)
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
	c      Config
	sides  []folder.Side
	labels []int32 // nil for regression
	times  []float64
	same   *near.Union
}

func (w *splitter) split() (parted, error) {
	var p parted
	free := make([]int32, 0, len(w.sides))
	given := false
	for i, s := range w.sides {
		switch s {
		case folder.Test:
			p.test = append(p.test, int32(i))
		case folder.Validation:
			p.validation = append(p.validation, int32(i))
			given = true
		case folder.Whole, folder.Train:
			free = append(free, int32(i))
		}
	}
	var err error
	if len(p.test) == 0 && w.c.TestSplit > 0 {
		if free, p.test, err = w.part(free, w.c.TestSplit, w.c.Seed+1); err != nil {
			return p, fmt.Errorf("split off the test part: %w", err)
		}
	}
	p.train = free
	if !given {
		if p.train, p.validation, err = w.part(free, w.c.Validation, w.c.Seed); err != nil {
			return p, fmt.Errorf("split off the validation part: %w", err)
		}
	}
	if len(p.train) == 0 {
		return p, fmt.Errorf("%w: no sample is left to train on; hold out a smaller share", ErrEmpty)
	}
	return p, nil
}

func (w *splitter) part(rows []int32, share float64, seed uint64) (kept, held []int32, err error) {
	if w.times != nil {
		times := make([]float64, len(rows))
		for i, r := range rows {
			times[i] = w.times[r]
		}
		a, b, err := split.ByTime(times, share)
		return take(rows, a), take(rows, b), err
	}
	c := split.Config{Share: share, Seed: seed}
	if w.labels != nil {
		c.Label = func(i int) int { return int(w.labels[rows[i]]) }
	}
	if w.same != nil && w.same.Joined() > 0 {
		of := w.same.Groups(len(w.sides))
		c.Group = func(i int) int { return of(int(rows[i])) }
	}
	a, b, err := split.Rows(len(rows), c)
	return take(rows, a), take(rows, b), err
}
