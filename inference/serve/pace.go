package serve

import (
	"math/bits"
	"math/rand/v2"
	"time"
)

// pace learns how many rows a model runs best at once: small networks gain from
// every row, while the activations of large ones soon leave the cache and each
// further row costs more. It belongs to the batcher's goroutine.
type pace struct {
	cost  [maxPace]float64 // seconds a row, by the power of two that holds the rows
	runs  [maxPace]int
	last  [maxPace]int // the batch it was tried in
	total int
}

const (
	maxPace    = 16
	paceFresh  = 0.1  // weight of the newest run
	paceAfresh = 0.5  // the same after a while without one
	paceRuns   = 2    // runs before a size is believed
	paceGain   = 0.97 // a smaller batch must be this much cheaper a row
	paceWander = 8    // every so many batches another size is tried
)

func paceOf(rows int64) int { return min(bits.Len64(uint64(max(rows, 1)-1)), maxPace-1) }

func (p *pace) note(rows int64, spent time.Duration) {
	k, cost := paceOf(rows), spent.Seconds()/float64(rows)
	weight := paceFresh
	switch {
	case p.runs[k] == 0:
		weight = 1
	case p.total-p.last[k] >= paceWander: // what it cost then may be true no more
		weight = paceAfresh
	}
	p.cost[k] += weight * (cost - p.cost[k])
	p.runs[k]++
	p.total++
	p.last[k] = p.total
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
		case p.runs[k] < paceRuns:
		case highest < 0:
			best, highest = k, k
		case p.cost[k] < paceGain*p.cost[best]:
			best = k
		}
	}
	return best, highest
}
