package chart

import (
	"math"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"

	"athanor/pipeline/curve"
)

// gathered is what a line has in the picture: per piece either its path or a
// summary for each column of pixels.
type gathered struct {
	Line
	shown  int
	pieces []stretch
	// lows and highs are a band's borders, one value a column.
	lows, highs []float64
}

// stretch is one piece of a line, as a path from point to point or as columns.
type stretch struct {
	path   path
	first  int // the column of columns[0]
	summed []curve.Column
}

// task fills a part of what one piece shows.
type task func()

// gather begins to ask the samples and returns at once.
func (r *raster) gather() *sync.WaitGroup {
	r.edges = r.pic.X.edges(r.edges, r.pic.Plot.Dx())
	for i := range r.spec.Lines {
		l := r.spec.line(i)
		r.pic.lines = append(r.pic.lines, l)
		g := &gathered{Line: l}
		if l.Samples != nil && l.Samples.Len() > 0 {
			c := curve.Line{Samples: l.Samples}
			g.shown = c.Count(r.pic.X.Min, r.pic.X.Max)
			r.pic.Shown += g.shown
			r.pic.Total += c.Len()
		}
		r.lines = append(r.lines, g)
	}
	var tasks []task
	for _, g := range r.lines {
		tasks = append(tasks, r.tasks(g)...)
	}
	return work(tasks)
}

// work spreads tasks over the processors.
func work(tasks []task) *sync.WaitGroup {
	var next atomic.Int64
	done := &sync.WaitGroup{}
	for range min(runtime.GOMAXPROCS(0), len(tasks)) {
		done.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(tasks); i = next.Add(1) - 1 {
				tasks[i]()
			}
		})
	}
	return done
}

// tasks are what is to be asked of one line.
func (r *raster) tasks(g *gathered) []task {
	if g.Samples == nil || g.Samples.Len() == 0 {
		return nil
	}
	width := r.pic.Plot.Dx()
	if g.Upper != nil {
		return []task{
			func() {
				g.lows = outline(curve.Line{Samples: g.Samples}, r.edges, func(c curve.Column) float64 { return c.Min })
			},
			func() {
				g.highs = outline(curve.Line{Samples: g.Upper}, r.edges, func(c curve.Column) float64 { return c.Max })
			},
		}
	}
	var out []task
	c := curve.Line{Samples: g.Samples}
	g.pieces = make([]stretch, len(c.Pieces()))
	if g.shown <= pointsPerPixel*width {
		room := r.vertices.take(g.shown + 3*len(g.pieces))
		return []task{func() { r.trace(g, room) }}
	}
	for i, piece := range c.Pieces() {
		part := &g.pieces[i]
		from, to := r.reach(c, piece)
		part.first, part.summed = from, r.columns.take(to-from)
		parts := max(1, min(columnParts, (to-from)/minStrip))
		for k := range parts {
			a, b := from+k*(to-from)/parts, from+(k+1)*(to-from)/parts
			out = append(out, func() { c.Columns(piece, r.edges[a:b+1], part.summed[a-from:b-from]) })
		}
	}
	return out
}

// reach is the columns from..to that a piece can have values in.
func (r *raster) reach(c curve.Line, piece curve.Span) (from, to int) {
	n := len(r.edges) - 1
	a, b := c.X(piece.From), c.X(piece.To-1)
	from = min(sort.Search(n, func(i int) bool { return r.edges[i+1] > a }), n-1)
	to = sort.Search(n, func(i int) bool { return r.edges[i] > b })
	return from, max(from, to)
}

const (
	// pointsPerPixel is up to how many points a pixel a line is drawn from point
	// to point.
	pointsPerPixel = 1
	// columnParts is into how many tasks a line's columns are cut.
	columnParts = 4
)

// outline is one value a pixel column, interpolated over empty ones; NaN before
// the first and after the last.
func outline(l curve.Line, edges []float64, of func(curve.Column) float64) []float64 {
	out := make([]float64, len(edges)-1)
	for i := range out {
		out[i] = math.NaN()
	}
	columns := make([]curve.Column, len(out))
	for _, piece := range l.Pieces() {
		l.Columns(piece, edges, columns)
		last := -1
		for x, c := range columns {
			if c.N == 0 {
				continue
			}
			out[x] = of(c)
			for k := last + 1; last >= 0 && k < x; k++ {
				f := float64(k-last) / float64(x-last)
				out[k] = out[last]*(1-f) + out[x]*f
			}
			last = x
		}
	}
	return out
}
