package curve

import (
	"math"
	"sort"
)

// Point is one value of a series.
type Point struct {
	X, Y float64
	Row  int
}

// Line answers a chart's questions about Samples. It holds no state and is safe
// for use by several goroutines when its Samples are.
type Line struct{ Samples }

// Bounds returns the smallest and largest x and whether there are any rows.
func (l Line) Bounds() (x0, x1 float64, ok bool) {
	x0, x1 = math.Inf(1), math.Inf(-1)
	for _, p := range l.Pieces() {
		x0 = min(x0, l.X(p.From))
		x1 = max(x1, l.X(p.To-1))
		ok = true
	}
	return x0, x1, ok
}

// Count returns how many rows have x0 ≤ x ≤ x1.
func (l Line) Count(x0, x1 float64) int {
	n := 0
	for _, p := range l.Pieces() {
		n += l.after(p, x1) - l.at(p, p.From, x0)
	}
	return n
}

// Summary summarises the values with x0 ≤ x ≤ x1 over all pieces.
func (l Line) Summary(x0, x1 float64) Column {
	var c Column
	buf := make([]float64, pointsBucket)
	for _, p := range l.Pieces() {
		l.reduce(l.at(p, p.From, x0), l.after(p, x1), &c, buf)
	}
	return c
}

// AppendPoints appends the points of one piece with x0 ≤ x ≤ x1 and one more on
// either side, so that lines can leave the picture. Absent rows are left out.
func (l Line) AppendPoints(dst []Point, piece Span, x0, x1 float64) []Point {
	from := l.stepBack(piece, l.at(piece, piece.From, x0))
	to := l.stepOn(piece, l.after(piece, x1))
	if from >= to {
		return dst
	}
	var xs, ys [pointsBucket]float64
	for from < to {
		n := min(to-from, len(ys))
		l.Y(from, ys[:n])
		l.positions(from, xs[:n])
		for i, y := range ys[:n] {
			if !IsAbsent(y) {
				dst = append(dst, Point{xs[i], y, from + i})
			}
		}
		from += n
	}
	return dst
}

// Positioner is implemented by Samples that tell many positions faster than by
// asking for each.
type Positioner interface {
	// Xs copies the positions of the rows from.. into dst.
	Xs(from int, dst []float64)
}

// positions fills dst with the X of the rows from...
func (l Line) positions(from int, dst []float64) {
	if p, ok := l.Samples.(Positioner); ok {
		p.Xs(from, dst)
		return
	}
	for i := range dst {
		dst[i] = l.X(from + i)
	}
}

// neighbours limits how far a line looks past absent rows for its next point.
const neighbours = 4096

func (l Line) stepBack(p Span, row int) int {
	for i := 0; i < neighbours && row > p.From; i++ {
		row--
		if !l.absent(row) {
			break
		}
	}
	return row
}

func (l Line) stepOn(p Span, row int) int {
	for i := 0; i < neighbours && row < p.To; i++ {
		row++
		if !l.absent(row - 1) {
			break
		}
	}
	return row
}

func (l Line) absent(row int) bool { return IsAbsent(l.Value(row)) }

// Value returns the value of one row.
func (l Line) Value(row int) float64 {
	var y [1]float64
	l.Y(row, y[:])
	return y[0]
}

// Nearest returns the point whose x is nearest; of several pieces that hold it,
// the latest counts. It is false for an empty series.
func (l Line) Nearest(x float64) (Point, bool) {
	best, found := Point{}, false
	for _, p := range l.Pieces() {
		q, ok := l.nearestIn(p, x)
		if ok && (!found || math.Abs(q.X-x) <= math.Abs(best.X-x)) {
			best, found = q, true
		}
	}
	return best, found
}

func (l Line) nearestIn(p Span, x float64) (Point, bool) {
	row := l.at(p, p.From, x)
	best, found := Point{}, false
	for _, r := range []int{l.stepBack(p, row), l.stepOn(p, row) - 1} {
		if r < p.From || r >= p.To {
			continue
		}
		q := Point{l.X(r), l.Value(r), r}
		if !IsAbsent(q.Y) && (!found || math.Abs(q.X-x) < math.Abs(best.X-x)) {
			best, found = q, true
		}
	}
	return best, found
}

// Finder is implemented by Samples that find rows faster than by asking for X.
type Finder interface {
	// Find returns the first row of from.. up to to with X ≥ x, or to. X does
	// not fall between from and to.
	Find(from, to int, x float64) int
}

// at returns the first row of p, not before from, with X ≥ x.
func (l Line) at(p Span, from int, x float64) int {
	if f, ok := l.Samples.(Finder); ok {
		return f.Find(from, p.To, x)
	}
	return from + sort.Search(p.To-from, func(i int) bool { return l.X(from+i) >= x })
}

// after returns the first row of p with X > x.
func (l Line) after(p Span, x float64) int {
	if f, ok := l.Samples.(Finder); ok {
		return f.Find(p.From, p.To, math.Nextafter(x, math.Inf(1)))
	}
	return p.From + sort.Search(p.To-p.From, func(i int) bool { return l.X(p.From+i) > x })
}

// reduce merges the rows from..to into c, by whole buckets where it can; buf is
// room for values.
func (l Line) reduce(from, to int, c *Column, buf []float64) {
	b := l.BucketRows()
	for from < to {
		if from%b == 0 && (from+b <= to || to == l.Len()) {
			c.Merge(l.Bucket(from / b))
			from += b
			continue
		}
		n := min(to-from, b-from%b, len(buf))
		l.Y(from, buf[:n])
		c.AddAll(buf[:n])
		from += n
	}
}
