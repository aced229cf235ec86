package serve

import (
	"testing"
	"time"
)

// run lets a model of a known cost a row go through many batches with a full
// queue and counts the batches of each size.
func (p *pace) run(limit int, cost func(rows int) time.Duration) map[int]int {
	sizes := map[int]int{}
	for range 2000 {
		rows := p.most(limit)
		sizes[rows]++
		p.note(int64(rows), time.Duration(rows)*cost(rows))
	}
	return sizes
}

func TestPaceFindsTheBestSize(t *testing.T) {
	for name, c := range map[string]struct {
		want int
		cost func(rows int) time.Duration
	}{
		"every row gains": {64, func(rows int) time.Duration { return time.Millisecond / time.Duration(rows) }},
		"cache is left": {16, func(rows int) time.Duration {
			return time.Duration(100+10*max(16-rows, (rows-16)/4)) * time.Microsecond
		}},
		"no gain, no cost": {64, func(int) time.Duration { return time.Millisecond }},
		"one by one":       {1, func(rows int) time.Duration { return time.Duration(rows) * time.Millisecond }},
	} {
		var p pace
		sizes := p.run(64, c.cost)
		if sizes[c.want] < 1400 {
			t.Errorf("%s: batches by size %v, wanted most of %d", name, sizes, c.want)
		}
	}
}

func TestPaceFollowsChange(t *testing.T) {
	var p pace
	p.run(32, func(rows int) time.Duration { return time.Duration(rows) * time.Millisecond })
	sizes := p.run(32, func(rows int) time.Duration { return time.Millisecond / time.Duration(rows) })
	if sizes[32] < sizes[1] {
		t.Errorf("still one by one: %v", sizes)
	}
}

func TestPaceIsNotMisledByInterruptions(t *testing.T) {
	var p pace
	runs := 0
	sizes := p.run(64, func(rows int) time.Duration {
		if runs++; runs%4 == 0 {
			return 10 * time.Millisecond // another program had the processor
		}
		return time.Millisecond / time.Duration(rows)
	})
	if sizes[64] < 1400 {
		t.Errorf("batches by size %v, wanted most of 64", sizes)
	}
}

func TestPaceKeepsTheLimit(t *testing.T) {
	var p pace
	for range 500 {
		if n := p.most(24); n < 1 || n > 24 {
			t.Fatalf("%d rows of at most 24", n)
		}
		p.note(3, time.Millisecond)
	}
}
