package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Dialect is how a text table is written.
type Dialect struct {
	Charset   Charset
	Separator byte // 0: one column
	Quote     bool // fields may be quoted with "
	Header    bool // the first row names the columns
	// Reasons says in words why each guess was made, in the order of the fields.
	Reasons []string
}

// Options override guesses; nil fields are guessed.
type Options struct {
	Charset   Charset // "" guesses
	Separator *byte
	Quote     *bool
	Header    *bool
}

// Sniff guesses the dialect from a sample of the file's first bytes.
func Sniff(sample []byte, o Options) Dialect {
	d := Dialect{Charset: o.Charset}
	if d.Charset == "" {
		d.Charset = DetectCharset(sample)
		d.because("characters are %s", d.Charset)
	}
	text := decodeSample(sample, d.Charset)
	d.guessShape(text, o)
	if o.Header != nil {
		d.Header = *o.Header
		return d
	}
	rows, _ := sampleRows(text, d)
	var why string
	d.Header, why = guessHeader(rows)
	d.because("%s", why)
	return d
}

func (d *Dialect) because(format string, args ...any) {
	d.Reasons = append(d.Reasons, fmt.Sprintf(format, args...))
}

func decodeSample(sample []byte, c Charset) []byte {
	text, err := io.ReadAll(c.Decode(bytes.NewReader(sample)))
	if err != nil && len(text) == 0 {
		text = sample
	}
	if bytes.IndexByte(text, '\n') < 0 {
		text = bytes.ReplaceAll(text, []byte{'\r'}, []byte{'\n'})
	}
	return text
}

// guessShape chooses separator and quoting: the pair that cuts most rows into
// the same number of cells, at least two.
func (d *Dialect) guessShape(text []byte, o Options) {
	best, cells := 0.0, 1
	try := []byte{'\t', ',', ';', '|'}
	if o.Separator != nil {
		try = []byte{*o.Separator}
		d.Separator = *o.Separator
	}
	quotes := []bool{true, false}
	if o.Quote != nil {
		quotes = []bool{*o.Quote}
		d.Quote = *o.Quote
	}
	for _, sep := range try {
		for _, q := range quotes {
			if q && o.Quote == nil && !bytes.Contains(text, []byte{quote}) {
				continue
			}
			score, n := score(text, sep, q, o.Quote != nil)
			if score > best+1e-9 {
				best, cells = score, n
				d.Separator, d.Quote = sep, q
			}
		}
	}
	if cells <= 1 && o.Separator == nil {
		d.Separator, d.Quote = 0, false
	}
	d.because("%d columns, separated by %q, quotes %v: %.0f %% of the first rows fit", cells, string(d.Separator), d.Quote, 100*best)
}

// score is the share of rows that have the most common number of cells, if that
// is above one. Quoting that leaves a quote open counts only when it was asked for.
func score(text []byte, sep byte, q, asked bool) (score float64, cells int) {
	rows, closed := sampleRows(text, Dialect{Separator: sep, Quote: q})
	if len(rows) == 0 || q && !closed && !asked {
		return 0, 1
	}
	counts := map[int]int{}
	for _, r := range rows {
		counts[len(r)]++
	}
	for n, c := range counts {
		if n > 1 && c > counts[cells] {
			cells = n
		}
	}
	if cells < 2 {
		return 0, 1
	}
	return float64(counts[cells]) / float64(len(rows)), cells
}

// sampleRows parses up to 200 rows of a sample, without a last, cut one. closed
// is false where a quote stayed open.
func sampleRows(text []byte, d Dialect) (rows [][]string, closed bool) {
	s := newSeparated(bytes.NewReader(text), d)
	for len(rows) < 200 {
		row, err := s.next()
		if err != nil {
			break
		}
		if s.end && s.from == s.to && len(rows) > 0 && !bytes.HasSuffix(text, []byte{'\n'}) {
			break
		}
		cells := make([]string, len(row.Cells))
		for i, c := range row.Cells {
			cells[i] = string(c.Text)
		}
		rows = append(rows, cells)
	}
	return rows, s.problems.Count[OpenQuote] == 0
}

// guessHeader decides whether the first row names the columns.
func guessHeader(rows [][]string) (header bool, why string) {
	if len(rows) < 2 {
		return false, "no header: there is only one row"
	}
	first := rows[0]
	seen := map[string]bool{}
	for _, c := range first {
		c = strings.TrimSpace(c)
		if _, ok := number([]byte(c)); ok || IsMissing(c) && c != "" {
			return false, fmt.Sprintf("no header: the first row holds the value %q", c)
		}
		if c != "" && seen[c] {
			return false, fmt.Sprintf("no header: %q stands twice in the first row", c)
		}
		seen[c] = true
	}
	if at := numericBelow(rows); at >= 0 {
		return true, fmt.Sprintf("header: %q stands above numbers", first[at])
	}
	for at, c := range first {
		if len(c) > 60 || repeated(rows, at) {
			return false, "no header: the first row looks like the others"
		}
	}
	return true, "header: short, different names that appear in no other row"
}

// numericBelow finds a column that is a number everywhere but in the first row.
func numericBelow(rows [][]string) int {
	for at, c := range rows[0] {
		if strings.TrimSpace(c) == "" {
			continue
		}
		numbers, others := 0, 0
		for _, r := range rows[1:] {
			if at >= len(r) || IsMissing(strings.TrimSpace(r[at])) {
				continue
			}
			if _, ok := number([]byte(r[at])); ok {
				numbers++
			} else {
				others++
			}
		}
		if numbers > 0 && numbers >= 9*others {
			return at
		}
	}
	return -1
}

func repeated(rows [][]string, at int) bool {
	for _, r := range rows[1:] {
		if at < len(r) && r[at] == rows[0][at] {
			return true
		}
	}
	return false
}

// sampleSize is how much of a file is looked at to guess.
const sampleSize = 256 << 10

// readSample reads up to sampleSize bytes and returns a reader of the whole.
func readSample(r io.Reader) (sample []byte, whole io.Reader, err error) {
	sample = make([]byte, sampleSize)
	n, err := io.ReadFull(r, sample)
	sample = sample[:n]
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil, err
	}
	return sample, io.MultiReader(bytes.NewReader(sample), r), nil
}
