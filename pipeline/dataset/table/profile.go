package table

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"unicode/utf8"
)

// MaxValues is how many different values of a column are counted one by one.
const MaxValues = 4096

// sampleValues is how many numbers are kept for medians and outliers.
const sampleValues = 4096

// Profile is what is known of a column after its cells went by.
type Profile struct {
	Name     string
	Rows     int
	Missing  int
	Marks    map[string]int // missing cells by their text
	Numbers  int            // cells that are numbers
	Integers int            // of Numbers
	Dates    int
	Texts    int // cells that are neither
	Spaced   int // cells with spaces around their value
	Damaged  int // cells with NUL or bytes that are no UTF-8
	Min, Max float64
	// Many says that there were more than MaxValues different values, and their
	// counts stopped being complete.
	Many  bool
	Bytes int // of all texts

	mean, m2 float64
	sketch   registers
	sample   []float64 // a uniform sample of the numbers
	pick     int       // the number, counted from 1, that goes into the sample next
	weight   float64
	random   *rand.Rand
	values   tally
	key      []byte
	sorted   bool
}

// NewProfile starts an empty profile.
func NewProfile(name string) *Profile {
	return &Profile{
		Name: name, Min: math.Inf(1), Max: math.Inf(-1), Marks: map[string]int{},
		random: rand.New(rand.NewPCG(1, 2)),
	}
}

// Add takes one cell.
func (p *Profile) Add(c Cell) {
	p.Rows++
	switch {
	case c.Null:
		p.lack("")
	case c.Typed && math.IsNaN(c.Number):
		p.lack("NaN")
	case c.Typed:
		p.addNumber(c.Number)
		p.key = c.Append(p.key[:0])
		p.count(p.key)
	default:
		p.Rows--
		p.AddText(c.Text)
	}
}

func (p *Profile) lack(mark string) {
	p.Missing++
	p.Marks[mark]++
}

// AddText takes one cell of a text file.
func (p *Profile) AddText(raw []byte) {
	p.Rows++
	text := raw
	if n := len(raw); n > 0 && (raw[0] <= ' ' || raw[n-1] <= ' ') {
		text = bytes.TrimSpace(raw)
		p.Spaced++
	}
	if missing(text) {
		p.lack(string(text))
		return
	}
	p.Bytes += len(text)
	if v, ok := plainNumber(text); ok {
		p.addNumber(v)
	} else if p.couldBeDates() && isMoment(text) {
		p.Dates++
	} else {
		p.Texts++
		if damaged(text) {
			p.Damaged++
		}
	}
	p.count(text)
}

// couldBeDates stops trying after many cells that were none.
func (p *Profile) couldBeDates() bool { return p.Texts < 100 || p.Texts < p.Dates }

// damaged tells text with NUL or with bytes that are no UTF-8.
func damaged(text []byte) bool {
	rest := text
	for ; len(rest) >= 8; rest = rest[8:] {
		x := binary.LittleEndian.Uint64(rest)
		if (x|(x-0x0101010101010101))&0x8080808080808080 != 0 {
			return !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0
		}
	}
	for _, c := range rest {
		if c == 0 || c >= utf8.RuneSelf {
			return !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0
		}
	}
	return false
}

func isMoment(text []byte) bool {
	_, ok := moment(text)
	return ok
}

func (p *Profile) addNumber(v float64) {
	p.Numbers++
	if v == math.Trunc(v) {
		p.Integers++
	}
	p.Min, p.Max = min(p.Min, v), max(p.Max, v)
	d := v - p.mean
	p.mean += d / float64(p.Numbers)
	p.m2 += d * (v - p.mean)
	if len(p.sample) < sampleValues {
		p.sample = append(p.sample, v)
		p.sorted = false
		p.skip()
	} else if p.Numbers == p.pick {
		p.sample[p.random.IntN(sampleValues)] = v
		p.sorted = false
		p.skip()
	}
}

// skip draws which number is the next to take the place of another in the sample
// (K.-H. Li, Reservoir-sampling algorithms, 1994, algorithm L).
func (p *Profile) skip() {
	if len(p.sample) < sampleValues {
		return
	}
	if p.pick == 0 {
		p.pick, p.weight = p.Numbers, 1
	}
	p.weight *= math.Exp(math.Log(1-p.random.Float64()) / sampleValues)
	p.pick += 1 + int(min(math.Log(1-p.random.Float64())/math.Log(1-p.weight), 1e15))
}

func (p *Profile) count(text []byte) {
	h := hash(text)
	if p.Many {
		p.sketch.add(h)
		return
	}
	if len(text) > 256 {
		p.key = append(p.key[:0], text[:248]...)
		p.key = binary.LittleEndian.AppendUint64(p.key, h)
		text = p.key
	}
	if p.values.add(text, h, MaxValues) {
		return
	}
	p.Many = true
	p.values.each(func(c *counted) { p.sketch.add(c.hash) })
	p.sketch.add(h)
}

// Present is the number of cells with a value.
func (p *Profile) Present() int { return p.Rows - p.Missing }

// Distinct is the number of different values; beyond MaxValues an estimate
// within about two percent.
func (p *Profile) Distinct() int {
	if !p.Many {
		return p.values.used
	}
	return min(p.Present(), max(MaxValues, p.sketch.estimate()))
}

// Mean is the mean of the numbers.
func (p *Profile) Mean() float64 { return p.mean }

// Deviation is the standard deviation of the numbers.
func (p *Profile) Deviation() float64 {
	if p.Numbers == 0 {
		return 0
	}
	return math.Sqrt(p.m2 / float64(p.Numbers))
}

// Quantile estimates the value below which the share q of the numbers lies; it
// is exact up to 4,096 numbers. NaN where there is none.
func (p *Profile) Quantile(q float64) float64 {
	if len(p.sample) == 0 {
		return math.NaN()
	}
	if !p.sorted {
		slices.Sort(p.sample)
		p.sorted = true
	}
	at := q * float64(len(p.sample)-1)
	i := int(at)
	next := min(i+1, len(p.sample)-1)
	return p.sample[i] + (at-float64(i))*(p.sample[next]-p.sample[i])
}

// Outside estimates the shares of the numbers below low and above high; exact
// up to 4,096 numbers.
func (p *Profile) Outside(low, high float64) (below, above float64) {
	for _, v := range p.sample {
		if v < low {
			below++
		}
		if v > high {
			above++
		}
	}
	n := float64(max(1, len(p.sample)))
	return below / n, above / n
}

// MeanBytes is the mean length of a value as text.
func (p *Profile) MeanBytes() float64 { return float64(p.Bytes) / float64(max(1, p.Present())) }

// Values are the different values, in no order; beyond MaxValues only the first
// of them.
func (p *Profile) Values() []string {
	out := make([]string, 0, p.values.used)
	p.values.each(func(c *counted) { out = append(out, c.value) })
	return out
}

// Top returns the n most frequent values, ties by the value.
func (p *Profile) Top(n int) []string {
	all := make([]counted, 0, p.values.used)
	p.values.each(func(c *counted) { all = append(all, *c) })
	slices.SortFunc(all, func(a, b counted) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.value, b.value))
	})
	out := make([]string, min(n, len(all)))
	for i := range out {
		out[i] = all[i].value
	}
	return out
}

// registers is a HyperLogLog counter (P. Flajolet et al., 2007) of 4,096 bytes.
type registers []uint8

func (r *registers) add(h uint64) {
	if *r == nil {
		*r = make([]uint8, 4096)
	}
	rank := uint8(1 + min(52, bits.LeadingZeros64(h<<12)))
	at := h >> 52
	(*r)[at] = max((*r)[at], rank)
}

func (r registers) estimate() int {
	m := float64(len(r))
	var sum float64
	empty := 0
	for _, v := range r {
		sum += math.Exp2(-float64(v))
		if v == 0 {
			empty++
		}
	}
	e := 0.7213 / (1 + 1.079/m) * m * m / sum
	if e < 2.5*m && empty > 0 {
		e = m * math.Log(m/float64(empty))
	}
	return int(e)
}
