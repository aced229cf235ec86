package serve

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"
)

// pace learns how many rows a model runs best at once: small networks gain from
// every row, while the activations of large ones soon leave the cache and each
// further row costs more. Costs are medians of the newest runs: a run that other
// programs interrupted takes a hundred times as long and says nothing. It belongs
// to the batcher's goroutine.
type pace struct {
	sizes [maxPace]paceSize // by the power of two that holds the rows
	total int
}

// paceSize is what is known of one size of batch.
type paceSize struct {
	recent [paceKept]float64 // seconds a row of the newest runs, one after the other
	runs   int               // that recent holds, and where the next one goes
	cost   float64           // their median
	last   int               // the batch it was tried in
}

const (
	maxPace    = 16
	paceKept   = 7    // runs that a median is of
	paceRuns   = 2    // runs before a size is believed
	paceGain   = 0.97 // a smaller batch must be this much cheaper a row
	paceWander = 8    // every so many batches another size is tried
	paceStale  = 1000 // batches after which what a size cost may be true no more
)

func paceOf(rows int64) int { return min(bits.Len64(uint64(max(rows, 1)-1)), maxPace-1) }

func (p *pace) note(rows int64, spent time.Duration) {
	p.total++
	p.sizes[paceOf(rows)].note(spent.Seconds()/float64(rows), p.total)
}

func (s *paceSize) note(cost float64, batch int) {
	if batch-s.last > paceStale {
		s.runs = 0
	}
	s.recent[s.runs%paceKept] = cost
	s.runs++
	s.last = batch
	known := s.recent // a copy
	list := known[:min(s.runs, paceKept)]
	slices.Sort(list)
	s.cost = list[(len(list)-1)/2]
}

// usual is how long a run of a size took lately, 0 before any.
func (p *pace) usual(rows int64) time.Duration {
	return time.Duration(p.sizes[paceOf(rows)].cost * float64(rows) * float64(time.Second))
}

// most is how many rows the next batch may have, at most limit.
func (p *pace) most(limit int) int {
	top := paceOf(int64(limit))
	best, highest := p.best(top)
	switch {
	case p.total%paceWander == paceWander-1 && highest >= 0:
		best += 1 - 2*rand.IntN(2) // look at a neighbour
	case best == highest:
		best = top // nothing speaks against more
	}
	return min(limit, 1<<min(max(best, 0), top))
}

// best is the cheapest size that was tried, the larger of equals, and the
// highest that was tried; top and -1 before any was.
func (p *pace) best(top int) (best, highest int) {
	best, highest = top, -1
	for k := top; k >= 0; k-- {
		switch {
		case p.sizes[k].runs < paceRuns:
		case highest < 0:
			best, highest = k, k
		case p.sizes[k].cost < paceGain*p.sizes[best].cost:
			best = k
		}
	}
	return best, highest
}
