package curve

// Span is the rows From ≤ row < To.
type Span struct{ From, To int }

// Samples is a series by row number with a summary of every bucket of rows, so
// that a picture of any stretch costs its width and not its length. Bucket i
// holds the rows from i·BucketRows; the last one may be shorter. An
// implementation is safe for several readers at once.
type Samples interface {
	// Len is the number of rows.
	Len() int
	// BucketRows is the number of rows a bucket holds.
	BucketRows() int
	// Bucket returns the summary of the values of bucket i.
	Bucket(i int) Column
	// X returns the position of one row; it never falls within a piece.
	X(row int) float64
	// Y copies the values of the rows from.. into dst.
	Y(from int, dst []float64)
	// Pieces returns the stretches in which x never falls, in order. Rows
	// outside of all pieces are damaged. The slice belongs to the callee.
	Pieces() []Span
}

// Points is a series in memory. It is built once and then read only.
type Points struct {
	x, y    []float64
	buckets []Column
	pieces  []Span
}

const pointsBucket = 256

// NewPoints wraps x and y, which must be of the same length and stay unchanged;
// a nil x stands for 0, 1, 2, …. Where x falls, a new piece begins.
func NewPoints(x, y []float64) *Points {
	if x == nil {
		x = make([]float64, len(y))
		for i := range x {
			x[i] = float64(i)
		}
	}
	n := min(len(x), len(y))
	p := &Points{x: x[:n], y: y[:n]}
	for i := 0; i < n; i += pointsBucket {
		var c Column
		c.AddAll(p.y[i:min(i+pointsBucket, n)])
		p.buckets = append(p.buckets, c)
	}
	p.pieces = splitPieces(p.x)
	return p
}

// splitPieces cuts the rows where x falls.
func splitPieces(x []float64) []Span {
	var out []Span
	from := 0
	for i := 1; i < len(x); i++ {
		if x[i] < x[i-1] {
			out = append(out, Span{from, i})
			from = i
		}
	}
	if from < len(x) {
		out = append(out, Span{from, len(x)})
	}
	return out
}

// Len is the number of rows.
func (p *Points) Len() int { return len(p.x) }

// BucketRows is the number of rows in a bucket.
func (p *Points) BucketRows() int { return pointsBucket }

// Bucket returns the summary of bucket i.
func (p *Points) Bucket(i int) Column { return p.buckets[i] }

// X returns the position of a row.
func (p *Points) X(row int) float64 { return p.x[row] }

// Y copies values from a row on.
func (p *Points) Y(from int, dst []float64) { copy(dst, p.y[from:]) }

// Pieces returns the stretches in which x never falls.
func (p *Points) Pieces() []Span { return p.pieces }
