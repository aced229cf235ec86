package curve

import "sort"

// snapBuckets is how many buckets a column must hold before its borders move to
// the nearest border of a bucket: by at most 1/16 of a pixel, and no value has to
// be read.
const snapBuckets = 8

// Columns fills dst[i] with the summary of the values of one piece that have
// edges[i] ≤ x < edges[i+1]; the last column takes its upper edge in. Edges rise
// and number one more than dst.
func (l Line) Columns(piece Span, edges []float64, dst []Column) {
	clear(dst)
	if len(dst) == 0 || piece.From >= piece.To {
		return
	}
	if skip := sort.Search(len(dst)-1, func(i int) bool { return edges[i+1] > l.X(piece.From) }); skip > 0 {
		edges, dst = edges[skip:], dst[skip:]
	}
	var rows [columnsAtOnce + 1]int
	rows[0] = l.at(piece, piece.From, edges[0])
	end := l.after(piece, edges[len(dst)])
	f := folder{l: l, bucket: -1}
	for len(dst) > 0 && rows[0] < end {
		n := min(len(dst), columnsAtOnce)
		l.borders(piece, edges[1:n+1], rows[:n+1], end)
		if n == len(dst) {
			rows[n] = end
		}
		for i := range n {
			f.fold(rows[i], rows[i+1], &dst[i])
		}
		edges, dst, rows[0] = edges[n:], dst[n:], rows[n]
	}
}

// columnsAtOnce is for how many columns borders are found together.
const columnsAtOnce = 128

// borders finds, for every edge, the first row not before it, up to end; rows[0]
// is where the first column begins, rows[i+1] belongs to edges[i].
func (l Line) borders(p Span, edges []float64, rows []int, end int) {
	var open inBuckets
	b := l.BucketRows()
	last := rows[0]
	for i, x := range edges {
		bucket := l.bucketOf(last, end, x)
		first := bucket * b
		if first-last > snapBuckets*b { // far on: the bucket's own border will do
			rows[i+1] = min(first+b, end)
			last = rows[i+1]
			continue
		}
		last = max(first, last)
		open.add(i+1, Span{max(first, p.From), min(first+b, end)}, x)
	}
	open.find(l, rows)
	for i := range edges { // a border that moved on takes those behind it along
		rows[i+1] = max(rows[i+1], rows[i])
	}
}

// bucketOf is the bucket in which the first row ≥ from with X ≥ x lies or after
// which it begins: the last one up to end whose first row lies before x.
func (l Line) bucketOf(from, end int, x float64) int {
	b := l.BucketRows()
	lo := from / b
	before := func(bucket int) bool { return bucket*b < end && l.X(bucket*b) < x }
	step := 1
	for before(lo + step) {
		lo += step
		step *= 2
	}
	return lo + sort.Search(step-1, func(i int) bool { return !before(lo + 1 + i) })
}

// Locator is implemented by Samples that find many rows faster than one after the
// other.
type Locator interface {
	// Locate sets rows[i] to the first row of in[i] with X ≥ xs[i], or to in[i].To.
	// Each span lies in one bucket and X does not fall in it.
	Locate(in []Span, xs []float64, rows []int)
}

// inBuckets gathers borders that are to be found in one bucket each.
type inBuckets struct {
	n     int
	which [columnsAtOnce]int
	in    [columnsAtOnce]Span
	xs    [columnsAtOnce]float64
	found [columnsAtOnce]int
}

func (b *inBuckets) add(which int, in Span, x float64) {
	b.which[b.n], b.in[b.n], b.xs[b.n] = which, in, x
	b.n++
}

func (b *inBuckets) find(l Line, rows []int) {
	found := b.found[:b.n]
	l.locate(b.in[:b.n], b.xs[:b.n], found)
	for i, row := range found {
		rows[b.which[i]] = row
	}
}

// locate is Locator for all Samples.
func (l Line) locate(in []Span, xs []float64, rows []int) {
	if f, ok := l.Samples.(Locator); ok {
		f.Locate(in, xs, rows)
		return
	}
	for i, s := range in {
		rows[i] = s.From + sort.Search(s.To-s.From, func(k int) bool { return l.X(s.From+k) >= xs[i] })
	}
}

// folder summarises stretches that follow one another; a bucket that several of
// them share is read once.
type folder struct {
	l      Line
	bucket int // of ys, -1 for none
	ys     [pointsBucket]float64
	n      int
}

// fold merges the rows from..to into c, by whole buckets where it can.
func (f *folder) fold(from, to int, c *Column) {
	b := f.l.BucketRows()
	for from < to {
		bucket := from / b
		first := bucket * b
		if from == first && (first+b <= to || to == f.l.Len()) {
			c.Merge(f.l.Bucket(bucket))
			from += b
			continue
		}
		if b > len(f.ys) {
			n := min(to-from, b-(from-first), len(f.ys))
			f.l.Y(from, f.ys[:n])
			c.AddAll(f.ys[:n])
			from, f.bucket = from+n, -1
			continue
		}
		if bucket != f.bucket {
			f.bucket, f.n = bucket, min(b, f.l.Len()-first)
			f.l.Y(first, f.ys[:f.n])
		}
		n := min(to, first+b)
		c.AddAll(f.ys[from-first : n-first])
		from = n
	}
}
