package chart

import (
	"math"
	"sort"

	"athanor/pipeline/curve"
)

// path is a line from point to point in pixels of the plot.
type path struct {
	at   []vertex
	odd  []curve.Point // values that are no numbers the axis has
	dots int           // how many points there are, odd ones too
}

// vertex is a point of a path. x never falls, but for a first one that joins the
// path to another line.
type vertex struct {
	x, y   float64
	along  float64 // where the pattern of dashes is there
	joined bool    // to the vertex before it
	joint  bool    // it belongs to another line
}

// dense reports whether there are so many points that dashes run along x, as they
// do in columns, and not along the line: it goes up and down too much for them.
func (p path) dense(width int) bool { return p.dots > width/densePart }

// densePart is from which part of a point a pixel on a path is dense.
const densePart = 4

// trace turns the pieces of a line, of which at most a point a pixel is shown,
// into paths; room is for all their vertices.
func (r *raster) trace(g *gathered, room []vertex) {
	points, _ := r.points.Get().(*[]curve.Point)
	if points == nil {
		points = new([]curve.Point)
	}
	c := curve.Line{Samples: g.Samples}
	for i, piece := range c.Pieces() {
		*points = c.AppendPoints((*points)[:0], piece, r.pic.X.Min, r.pic.X.Max)
		p := r.path(g.Line, *points, room)
		g.pieces[i].path = p
		room = room[len(p.at):]
	}
	r.points.Put(points)
}

// path turns points into a path within room; it is broken at values that are no
// numbers.
func (r *raster) path(l Line, points []curve.Point, room []vertex) path {
	p := path{at: room[: 0 : len(points)+1], dots: len(points)}
	joined := false
	if j := l.Joint; j != nil && len(points) > 0 && points[0].Row == j.Row && j.Y-j.Y == 0 {
		x, y := r.at(j.X, j.Y)
		p.at = append(p.at, vertex{x: x, y: y, joint: true})
		joined = true
	}
	for _, q := range points {
		if q.Y-q.Y != 0 || r.pic.Y.Log && q.Y <= 0 {
			p.odd = append(p.odd, q)
			joined = false
			continue
		}
		x, y := r.at(q.X, q.Y)
		p.at = append(p.at, vertex{x: x, y: y, joined: joined})
		joined = true
	}
	if len(l.Dash) > 0 && !p.dense(r.pic.Plot.Dx()) {
		r.measure(&p, l)
	}
	return p
}

// measure works out where the pattern of dashes is at each vertex.
func (r *raster) measure(p *path, l Line) {
	area := mask{h: r.pic.Plot.Dy()}
	along := 0.0
	for i := range p.at {
		v := &p.at[i]
		if v.joined {
			before := p.at[i-1]
			a, b, c, d, ok := area.clip(before.x, before.y, v.x, v.y, l.Width*r.scale/2+2, 0, float64(r.pic.Plot.Dx()))
			if ok {
				along += math.Hypot(c-a, d-b)
			}
		}
		v.along = along
	}
}

// follow draws the part of a path that reaches into the brush's columns.
func (b *brush) follow(l Line, p path) {
	d := newDasher(&b.m, b.half(l), l.Dash, b.scale)
	if p.dense(b.m.width) {
		d.pattern = nil
	}
	margin := d.half + 2
	from := sort.Search(len(p.at), func(i int) bool { return p.at[i].x >= float64(b.m.from)-margin && !p.at[i].joint })
	for i := from; i < len(p.at); i++ {
		v := p.at[i]
		switch {
		case v.joined:
			d.join(p.at[i-1], v)
		case !v.joint:
			b.m.stamp(v.x, v.y, d.half)
		}
		if v.x > float64(b.m.to)+margin {
			break
		}
	}
	if p.dense(b.m.width) {
		b.gaps(l)
	}
	for _, q := range p.odd {
		b.special(q.X, q.Y)
	}
	if p.dots <= b.m.width/12 && !l.Faint {
		b.knots(p)
	}
}

// gaps makes what lies between dashes pale where they run along x: were it empty,
// values would be lost.
func (b *brush) gaps(l Line) {
	d := newDasher(&b.m, 0, l.Dash, b.scale)
	for x := b.m.from; x < b.m.to && len(d.pattern) > 0; x++ {
		if stroke, _ := d.on(float64(x)); !stroke {
			b.m.fade(x)
		}
	}
}

// knots shows each point while there is room between them.
func (b *brush) knots(p path) {
	for _, v := range p.at {
		if !v.joint {
			b.m.disc(v.x, v.y, 2.2*b.scale)
		}
	}
}
