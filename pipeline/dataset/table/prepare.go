package table

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// MetadataKey is the key of a model's metadata under which the preparation of
// its columns is stored as JSON.
const MetadataKey = "athanor.table"

// clip bounds a scaled number, so that one wild value cannot upset a network.
const clip = 8

// MaxCategories is how many values of one column get an input of their own.
const MaxCategories = 64

// Feature is how one column becomes numbers.
type Feature struct {
	Column string `json:"column"`
	// Of numbers: (log(1+max(x,0)) or x, minus Mean) times Scale, within ±8; a
	// missing one is Fill.
	Numeric bool    `json:"numeric,omitempty"`
	Log     bool    `json:"log,omitempty"`
	Mean    float32 `json:"mean,omitempty"`
	Scale   float32 `json:"scale,omitempty"`
	Fill    float32 `json:"fill,omitempty"`
	// Of categories: one input for each value; others are zero everywhere.
	Values []string `json:"values,omitempty"`
	// Indicator adds an input that is 1 where the value is missing.
	Indicator bool `json:"indicator,omitempty"`

	codes map[string]int
}

// Preparation is how a row becomes the inputs of a network. It is learnt from
// training rows only. It may be read from many goroutines.
type Preparation struct {
	Features []Feature `json:"features"`
}

// Width is the number of inputs.
func (p *Preparation) Width() int {
	n := 0
	for i := range p.Features {
		n += p.Features[i].width()
	}
	return n
}

func (f *Feature) width() int {
	n := len(f.Values)
	if f.Numeric {
		n = 1
	}
	if f.Indicator {
		n++
	}
	return n
}

// Categories are the inputs of each category: the first and how many, that of
// missing cells among them.
func (p *Preparation) Categories() [][2]int {
	var out [][2]int
	at := 0
	for i := range p.Features {
		n := p.Features[i].width()
		if !p.Features[i].Numeric {
			out = append(out, [2]int{at, n})
		}
		at += n
	}
	return out
}

// Names names the inputs, for explanations: "age", "sex = male", "age missing".
func (p *Preparation) Names() []string {
	var out []string
	for _, f := range p.Features {
		if f.Numeric {
			out = append(out, f.Column)
		}
		for _, v := range f.Values {
			out = append(out, f.Column+" = "+v)
		}
		if f.Indicator {
			out = append(out, f.Column+" missing")
		}
	}
	return out
}

// JSON is the preparation as stored in a model's metadata.
func (p *Preparation) JSON() (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("store the table's preparation: %w", err)
	}
	return string(b), nil
}

// Row writes the inputs of a row into dst, which has Width elements; at holds
// for each feature the place of its column in cells.
func (p *Preparation) Row(dst []float32, cells []Cell, at []int) {
	for i := range p.Features {
		f := &p.Features[i]
		n := f.width()
		f.fill(dst[:n], cells[at[i]])
		dst = dst[n:]
	}
}

func (f *Feature) fill(dst []float32, c Cell) {
	clear(dst)
	if f.Numeric {
		v, ok := c.value()
		if !ok && f.Indicator {
			dst[1] = 1
		}
		dst[0] = f.scaled(v, ok)
		return
	}
	key := categoryKey(c)
	if IsMissing(key) {
		if f.Indicator {
			dst[len(f.Values)] = 1
		}
		return
	}
	if i, ok := f.codes[key]; ok {
		dst[i] = 1
	}
}

// scaled computes in float32, in the order of the graph that Graph makes.
func (f *Feature) scaled(v float64, ok bool) float32 {
	x := float32(v)
	if !ok {
		x = f.Fill
	}
	if f.Log {
		x = float32(math.Log(float64(max(x, 0) + 1)))
	}
	x -= f.Mean
	x *= f.Scale
	return max(-clip, min(clip, x))
}

// value is the cell as a number; ok is false where it is missing or none.
func (c Cell) value() (v float64, ok bool) {
	if c.Null {
		return 0, false
	}
	if c.Typed {
		return c.Number, !math.IsNaN(c.Number) && !math.IsInf(c.Number, 0)
	}
	return number(c.Text)
}

// categoryKey is the text a category is known by: without spaces around it.
func categoryKey(c Cell) string {
	if c.Typed || c.Null {
		return c.String()
	}
	return string(trimmed(c.Text))
}

func trimmed(b []byte) []byte {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] <= ' ' {
		b = b[:len(b)-1]
	}
	return b
}

// Places finds the columns of the features.
func (p *Preparation) Places(columns []string) ([]int, error) {
	out := make([]int, len(p.Features))
	for i, f := range p.Features {
		at, err := columnIndex(columns, f.Column)
		if err != nil {
			return nil, err
		}
		out[i] = at
	}
	return out, nil
}

// Fitter learns a Preparation from training rows.
type Fitter struct {
	columns []fitted
	rows    int
}

type fitted struct {
	at            int
	name          string
	numeric       bool
	profile       *Profile
	logSum, logSq float64
	counts        map[string]int
	missing       int
}

// maxCounted bounds how many different values of a category are counted.
const maxCounted = 1 << 16

// NewFitter starts learning the columns that a schema uses as inputs: numbers
// and categories.
func NewFitter(s Schema) *Fitter {
	f := &Fitter{}
	for i, c := range s.Columns {
		if c.Role == Number || c.Role == Category {
			f.columns = append(f.columns, fitted{
				at: i, name: c.Name, numeric: c.Role == Number, profile: NewProfile(c.Name), counts: map[string]int{},
			})
		}
	}
	return f
}

// Add learns from one training row.
func (f *Fitter) Add(cells []Cell) {
	f.rows++
	for i := range f.columns {
		f.columns[i].add(cells[f.columns[i].at])
	}
}

func (c *fitted) add(cell Cell) {
	if !c.numeric {
		c.addCategory(cell)
		return
	}
	v, ok := cell.value()
	if !ok {
		c.missing++
		return
	}
	c.profile.addNumber(v)
	l := math.Log(max(v, 0) + 1)
	c.logSum += l
	c.logSq += l * l
}

func (c *fitted) addCategory(cell Cell) {
	key := categoryKey(cell)
	if IsMissing(key) {
		c.missing++
		return
	}
	if _, ok := c.counts[key]; ok || len(c.counts) < maxCounted {
		c.counts[key]++
	}
}

// Done returns what was learnt. Columns that are the same in all training rows
// give no input.
func (f *Fitter) Done() (*Preparation, error) {
	p := &Preparation{}
	for i := range f.columns {
		c := &f.columns[i]
		feature := c.category(f.rows)
		if c.numeric {
			feature = c.number()
		}
		if feature.width() > 0 {
			p.Features = append(p.Features, feature)
		}
	}
	if len(p.Features) == 0 {
		return nil, fmt.Errorf("%w: no column is left to learn from", ErrFormat)
	}
	return p, nil
}

// skewed is the third standardised moment from which numbers are taken by their
// logarithm.
const skewed = 2

func (c *fitted) number() Feature {
	p := c.profile
	f := Feature{Column: c.name, Numeric: true, Indicator: c.missing > 0}
	if p.Numbers == 0 {
		return Feature{Column: c.name}
	}
	f.Fill = float32(p.Quantile(0.5))
	mean, deviation := p.Mean(), p.Deviation()
	if p.Min >= 0 && skew(p.sample, mean) > skewed {
		f.Log = true
		n := float64(p.Numbers)
		mean = c.logSum / n
		deviation = math.Sqrt(max(0, c.logSq/n-mean*mean))
	}
	f.Mean, f.Scale = float32(mean), 1
	if deviation > 1e-12*math.Abs(mean) {
		f.Scale = float32(1 / deviation)
	}
	return f
}

func skew(sample []float64, mean float64) float64 {
	var m2, m3 float64
	for _, v := range sample {
		d := v - mean
		m2 += d * d
		m3 += d * d * d
	}
	n := float64(len(sample))
	if m2 == 0 {
		return 0
	}
	return m3 / n / math.Pow(m2/n, 1.5)
}

// category keeps the values seen in at least half a percent of the rows and
// three of them, most frequent first.
func (c *fitted) category(rows int) Feature {
	least := max(3, rows/200)
	f := Feature{Column: c.name, Indicator: c.missing > 0}
	for v, n := range c.counts {
		if n >= least {
			f.Values = append(f.Values, v)
		}
	}
	slices.SortFunc(f.Values, func(a, b string) int {
		return cmp.Or(cmp.Compare(c.counts[b], c.counts[a]), cmp.Compare(a, b))
	})
	f.Values = f.Values[:min(len(f.Values), MaxCategories)]
	f.index()
	return f
}

func (f *Feature) index() {
	f.codes = make(map[string]int, len(f.Values))
	for i, v := range f.Values {
		f.codes[v] = i
	}
}
