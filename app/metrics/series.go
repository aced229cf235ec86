package metrics

import (
	"sort"
	"sync/atomic"

	"athanor/pipeline/curve"
)

// Series is one metric of a View against an axis; it implements curve.Samples.
type Series struct {
	v      *View
	column int
	axis   Axis
	start  int64          // the first row's time
	sums   []curve.Column // of the sealed buckets
	tail   []curve.Column
	pieces []curve.Span
	checks []*atomic.Uint32
}

var (
	_ curve.Samples    = (*Series)(nil)
	_ curve.Locator    = (*Series)(nil)
	_ curve.Positioner = (*Series)(nil)
)

// Len is the number of rows.
func (s *Series) Len() int { return s.v.Len() }

// BucketRows is the number of rows in a bucket.
func (s *Series) BucketRows() int { return s.v.l.bucket }

// Bucket returns the summary of a bucket.
func (s *Series) Bucket(i int) curve.Column {
	if i < len(s.sums) {
		return s.sums[i]
	}
	return s.tail[i-len(s.sums)]
}

// X returns a row's position on the series' axis.
func (s *Series) X(row int) float64 { return s.place(s.v.int(s.part(), row)) }

// part is the part of the rows that an axis is made of.
func (s *Series) part() int {
	switch s.axis {
	case Wall, Elapsed:
		return 1
	case Active:
		return 2
	case Step, Epoch:
		return 0
	}
	return 0
}

// place turns a value of that part into a position.
func (s *Series) place(v int64) float64 {
	switch s.axis {
	case Wall, Active:
		return float64(v) / 1e9
	case Elapsed:
		return float64(v-s.start) / 1e9
	case Epoch:
		return s.v.epochMap().at(v)
	case Step:
	}
	return float64(v)
}

// Find implements curve.Finder.
func (s *Series) Find(from, to int, x float64) int {
	return s.v.find(s.part(), from, to, func(v int64) bool { return s.place(v) >= x })
}

// Y copies values from a row on.
func (s *Series) Y(from int, dst []float64) { s.v.floats(s.column, s.checks, from, dst) }

// Pieces returns the stretches in which the axis does not fall.
func (s *Series) Pieces() []curve.Span { return s.pieces }

// Step returns the step and epoch of a row.
func (s *Series) Step(row int) (step int64, epoch int) {
	return s.v.int(0, row), int(s.v.int(3, row))
}

// piecesOf finds the stretches for an axis; they are kept.
func (v *View) piecesOf(axis Axis) []curve.Span {
	falls := uint32(stepFalls)
	if axis == Wall || axis == Elapsed {
		falls |= timeFalls
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if p, ok := v.pieces[falls]; ok {
		return p
	}
	c := cutter{v: v, falls: falls}
	for i, m := range v.metas {
		c.bucket(i, m)
	}
	for row := max(v.sealed(), 1); row < v.Len(); row++ {
		c.row(row)
	}
	c.end(v.Len())
	v.pieces[falls] = c.out
	return c.out
}

// maxPieces bounds how many stretches are told apart; a file that goes back more
// often is drawn with its last rows as one.
const maxPieces = 10_000

// cutter gathers pieces row by row.
type cutter struct {
	v     *View
	falls uint32
	from  int
	out   []curve.Span
}

func (c *cutter) bucket(i int, m bucketMeta) {
	first := i * c.v.l.bucket
	switch {
	case m.flags&damagedBucket != 0:
		c.end(first)
		c.from = first + c.v.l.bucket
	case m.flags&c.falls != 0:
		for row := max(first, 1); row < first+c.v.l.bucket; row++ {
			c.row(row)
		}
	}
}

// row ends a piece before a row that goes back.
func (c *cutter) row(row int) {
	if row <= c.from {
		return
	}
	falls := c.falls&stepFalls != 0 && c.v.int(0, row) < c.v.int(0, row-1) ||
		c.falls&timeFalls != 0 && c.v.int(1, row) < c.v.int(1, row-1)
	if falls && len(c.out) < maxPieces {
		c.end(row)
		c.from = row
	}
}

func (c *cutter) end(row int) {
	if c.from < row {
		c.out = append(c.out, curve.Span{From: c.from, To: row})
	}
}

// epochMap places steps on the axis of epochs: the step that closes epoch 3 is
// at 3.0.
type epochMap struct {
	first []int64 // first step of each stretch of one epoch
	epoch []int
	rows  int
}

func (v *View) epochMap() *epochMap {
	v.once.Do(func() {
		v.epochs = epochMap{rows: v.Len()}
		for i, m := range v.metas {
			if m.flags&damagedBucket == 0 {
				v.epochs.addBucket(v, i, m)
			}
		}
		for row := v.sealed(); row < v.Len(); row++ {
			v.epochs.add(v.int(0, row), int(v.int(3, row)))
		}
	})
	return &v.epochs
}

func (e *epochMap) addBucket(v *View, i int, m bucketMeta) {
	e.add(m.step, int(m.epoch))
	if m.epoch == m.lastEpoch {
		return
	}
	for row := i * v.l.bucket; row < (i+1)*v.l.bucket; row++ {
		e.add(v.int(0, row), int(v.int(3, row)))
	}
}

// add notes a step; where steps go back, what came later is forgotten.
func (e *epochMap) add(step int64, epoch int) {
	n := len(e.first)
	for n > 0 && e.first[n-1] > step {
		n--
	}
	e.first, e.epoch = e.first[:n], e.epoch[:n]
	if n == 0 || e.epoch[n-1] != epoch {
		e.first = append(e.first, step)
		e.epoch = append(e.epoch, epoch)
	}
}

func (e *epochMap) at(step int64) float64 {
	i := sort.Search(len(e.first), func(i int) bool { return e.first[i] > step }) - 1
	if i < 0 {
		return 0
	}
	if len(e.first) == 1 && e.epoch[0] == 0 {
		return float64(step) // an imported run that knows no epochs
	}
	if e.rows <= len(e.first) { // one row an epoch: it is the epoch's end
		return float64(e.epoch[i])
	}
	return float64(e.epoch[i]-1) + float64(step-e.first[i]+1)/float64(e.steps(i, step))
}

// steps is how many steps a stretch has; the last one is taken to be as long as
// the one before it, or longer.
func (e *epochMap) steps(i int, step int64) int64 {
	if i+1 < len(e.first) {
		return e.first[i+1] - e.first[i]
	}
	n := step - e.first[i] + 1
	if i > 0 {
		n = max(n, e.first[i]-e.first[i-1])
	}
	return n
}
