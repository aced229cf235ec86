package text

import (
	"cmp"
	"iter"
	"math"
	"runtime"
	"slices"
	"sync"
)

// Labelled is a training text and its class, counted from 0.
type Labelled struct {
	Text  string
	Class int
}

// tells is how many standard errors an n-gram's log-count ratio must differ from
// zero to get an id: between 0.8 and 1.3 hardly anything changes on held-out
// reviews, and below lie n-grams seen three times or less.
const tells = 1

// weighChunk is how many texts are counted by one goroutine at a time.
const weighChunk = 256

// FitWeighed returns the definition of a tokenizer that has learnt from texts,
// the training texts alone, which n-grams tell the classes apart, and how much
// each does: the log-count ratio of Wang and Manning (2012),
//
//	ln((p+1)/(P+2)) − ln((q+1)/(Q+2))
//
// with p of the P texts of a class and q of the Q others holding the n-gram, to
// the power of Plan.Temper, its sign kept.
// Weights hold one number an id for two classes (for the second), else one a
// class, side by side; those of the padding are 0. The same texts in any order
// give the same result.
func FitWeighed(plan Plan, classes int, texts iter.Seq[Labelled]) (Definition, []float32, error) {
	d := planned(plan)
	every := d
	every.Unique = false // repeats are told apart by their keys here
	h, err := newHashed(every)
	if err != nil {
		return Definition{}, nil, err
	}
	counts := countClasses(h, classes, texts)
	found := counts.telling(d.Buckets - 1)
	if len(found) == 0 { // all n-grams are hashed, all weigh the same
		weights := make([]float32, d.Buckets*counts.columns())
		for i := counts.columns(); i < len(weights); i++ {
			weights[i] = 1
		}
		return d, weights, nil
	}
	temper := cmp.Or(plan.Temper, 1)
	keys, weights := make([]uint32, len(found)), make([]float32, counts.columns())
	for i, slot := range found {
		keys[i] = counts.slots[slot].key
		for k := range counts.columns() {
			ratio, _ := counts.ratio(slot, k)
			weights = append(weights, float32(math.Copysign(math.Pow(math.Abs(ratio), temper), ratio)))
		}
	}
	d.Keys, d.Buckets = pack(keys), len(keys)+1
	return d, weights, nil
}

// countClasses counts on all processors.
func countClasses(h *hashed, classes int, texts iter.Seq[Labelled]) *classCounts {
	chunks := make(chan []Labelled)
	parts := make([]*classCounts, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range parts {
		parts[i] = newClassCounts(classes)
		wg.Go(func() {
			s := new(hashScratch)
			for chunk := range chunks {
				for _, t := range chunk {
					parts[i].add(h, s, t)
				}
			}
		})
	}
	var chunk []Labelled
	for t := range texts {
		if chunk = append(chunk, t); len(chunk) == weighChunk {
			chunks <- chunk
			chunk = nil
		}
	}
	chunks <- chunk
	close(chunks)
	wg.Wait()
	for _, p := range parts[1:] {
		parts[0].merge(p)
	}
	return parts[0]
}

// classCounts counts in how many texts of each class an n-gram is: open
// addressing, at most half full.
type classCounts struct {
	classes int
	texts   []uint32 // of each class
	slots   []classSlot
	counts  []uint32 // by slot and class
	used    int
	call    uint32 // texts added
}

type classSlot struct{ key, last uint32 } // last: the text that was counted last; 0: free

func newClassCounts(classes int) *classCounts {
	c := &classCounts{classes: classes, texts: make([]uint32, classes)}
	c.resize(1<<16, 0)
	return c
}

// columns is how many numbers weigh an n-gram.
func (c *classCounts) columns() int {
	if c.classes == 2 {
		return 1
	}
	return c.classes
}

func (c *classCounts) add(h *hashed, s *hashScratch, t Labelled) {
	part, _ := prefix(t.Text, h.d.Length)
	h.run(s, part, math.MaxInt32)
	c.texts[t.Class]++
	c.call++
	for _, g := range s.grams {
		slot := c.slot(g.key)
		if c.slots[slot].last != c.call {
			c.slots[slot].last = c.call
			c.counts[slot*c.classes+t.Class]++
		}
	}
}

func (c *classCounts) merge(other *classCounts) {
	for k, n := range other.texts {
		c.texts[k] += n
	}
	for i, s := range other.slots {
		if s.last > 0 {
			slot := c.slot(s.key)
			c.slots[slot].last = max(1, c.slots[slot].last)
			for k := range c.classes {
				c.counts[slot*c.classes+k] += other.counts[i*c.classes+k]
			}
		}
	}
}

// slot is where key is counted; its last is 0 where it is new.
func (c *classCounts) slot(key uint32) int {
	slot := c.find(key)
	if c.slots[slot].last > 0 {
		return slot
	}
	if 2*(c.used+1) > len(c.slots) {
		c.grow()
		slot = c.find(key)
	}
	c.slots[slot].key = key
	c.used++
	return slot
}

func (c *classCounts) find(key uint32) int {
	mask := uint32(len(c.slots) - 1)
	at := key & mask
	for c.slots[at].last > 0 && c.slots[at].key != key {
		at = (at + 1) & mask
	}
	return int(at)
}

// grow doubles the table, or in a crowd forgets the n-grams seen once.
func (c *classCounts) grow() {
	if c.used*c.classes < 2*crowded {
		c.resize(2*len(c.slots), 1)
		return
	}
	before := c.used
	if c.resize(len(c.slots), 2); 2*c.used > before {
		c.resize(2*len(c.slots), 1)
	}
}

// resize moves what was counted at least so often to a table of another size.
func (c *classCounts) resize(size int, least uint32) {
	slots, counts := c.slots, c.counts
	c.slots, c.counts, c.used = make([]classSlot, size), make([]uint32, size*c.classes), 0
	for i, s := range slots {
		row := counts[i*c.classes : (i+1)*c.classes]
		if s.last == 0 || total(row) < least {
			continue
		}
		slot := c.find(s.key)
		c.slots[slot] = s
		copy(c.counts[slot*c.classes:], row)
		c.used++
	}
}

func total(counts []uint32) uint32 {
	sum := uint32(0)
	for _, n := range counts {
		sum += n
	}
	return sum
}

// ratio is the log-count ratio of a column, and its distance from zero in
// standard errors.
func (c *classCounts) ratio(slot, column int) (ratio, distance float64) {
	if c.classes == 2 {
		column = 1
	}
	row := c.counts[slot*c.classes : (slot+1)*c.classes]
	p, of := float64(row[column]), float64(c.texts[column])
	q, others := float64(total(row))-p, float64(total(c.texts))-of
	ratio = math.Log((p+1)/(of+2)) - math.Log((q+1)/(others+2))
	return ratio, math.Abs(ratio) / math.Sqrt(1/(p+0.5)+1/(q+0.5))
}

// telling returns the slots of the at most size n-grams that tell most, by
// rising key.
func (c *classCounts) telling(size int) []int {
	type entry struct {
		slot     int
		distance float64
	}
	var found []entry
	for slot, s := range c.slots {
		if s.last == 0 {
			continue
		}
		most := 0.0
		for k := range c.columns() {
			_, distance := c.ratio(slot, k)
			most = max(most, distance)
		}
		if most > tells {
			found = append(found, entry{slot, most})
		}
	}
	byKey := func(a, b entry) int { return cmp.Compare(c.slots[a.slot].key, c.slots[b.slot].key) }
	if len(found) > size {
		slices.SortFunc(found, func(a, b entry) int { return cmp.Or(cmp.Compare(b.distance, a.distance), byKey(a, b)) })
		found = found[:size]
	}
	slices.SortFunc(found, byKey)
	out := make([]int, len(found))
	for i, e := range found {
		out[i] = e.slot
	}
	return out
}
