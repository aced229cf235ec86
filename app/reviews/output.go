package reviews

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"athanor/inference/sentiment"
)

// output takes scored rows.
type output interface {
	write(cells []string, v sentiment.Verdict) error
	flush() error
	// close ends the output: whole says that every row is there.
	close(whole bool) error
}

// resultNames are the columns added behind the originals.
func resultNames(columns []string) []string {
	names := slices.Clone(columns)
	for _, n := range []string{"sentiment", "sentiment_score", "sentiment_confidence", "sentiment_lang", "sentiment_method"} {
		for slices.Contains(columns, n) {
			n += "_2"
		}
		names = append(names, n)
	}
	return names
}

func results(v sentiment.Verdict) []string {
	return []string{
		string(v.Label), strconv.FormatFloat(v.Score, 'f', 4, 64), strconv.FormatFloat(v.Confidence, 'f', 4, 64), v.Lang, v.Method,
	}
}

// nowhere drops the rows: a job without Out wants the summary alone.
type nowhere struct{}

func (nowhere) write([]string, sentiment.Verdict) error { return nil }
func (nowhere) flush() error                            { return nil }
func (nowhere) close(bool) error                        { return nil }

// file writes rows into a file beside the output, which takes its name once
// every row is there.
type file struct {
	path string
	f    *os.File
	buf  *bufio.Writer
	csv  *csv.Writer // nil: JSON lines
	cols []string
}

func partName(out string) string { return out + ".part" }

// openOutput opens the output and returns how many rows it already holds.
func (r *runner) openOutput() (done int, err error) {
	if r.job.Out == "" {
		r.out = nowhere{}
		return 0, nil
	}
	comma, err := separator(r.job.Out)
	if err != nil {
		return 0, err
	}
	if same(r.job.In, r.job.Out) {
		return 0, fmt.Errorf("%w: %s is the input itself; choose another name", ErrOutput, r.job.Out)
	}
	o := &file{path: r.job.Out, cols: resultNames(r.in.columns)}
	if err := r.compare(o, comma); err != nil {
		return 0, err
	}
	flags := os.O_CREATE | os.O_RDWR | os.O_TRUNC
	if r.job.Resume {
		flags = os.O_RDWR
	}
	if o.f, err = os.OpenFile(partName(r.job.Out), flags, 0o644); err != nil {
		if errors.Is(err, os.ErrNotExist) && r.job.Resume {
			return 0, fmt.Errorf("%w: there is no %s; start without --resume", ErrResume, partName(r.job.Out))
		}
		return 0, fmt.Errorf("%w: %w", ErrOutput, err)
	}
	if r.job.Resume {
		if done, err = r.takeOver(o, comma); err != nil {
			return 0, errors.Join(err, o.f.Close())
		}
	}
	r.out = o
	return done, o.begin(comma, !r.job.Resume)
}

// compare looks at what an earlier job left, and notes what this one begins.
func (r *runner) compare(o *file, comma rune) error {
	now, err := r.beginning()
	if err != nil {
		return err
	}
	if r.job.Resume {
		if _, err := os.Stat(partName(r.job.Out)); errors.Is(err, os.ErrNotExist) {
			return nil // told where it is opened
		}
		return r.mayGoOn(now)
	}
	if err := r.mayBegin(o.headSize(comma)); err != nil {
		return err
	}
	if err := r.noteBeginning(now); err != nil {
		return fmt.Errorf("%w: %w", ErrOutput, err)
	}
	return nil
}

// headSize is the size of the line of names, in bytes.
func (o *file) headSize(comma rune) int {
	if comma == 0 {
		return 0
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = comma
	_ = w.Write(o.cols) // into memory
	w.Flush()
	return b.Len()
}

// begin makes ready to write, and writes the head where the form has one.
func (o *file) begin(comma rune, head bool) error {
	o.buf = bufio.NewWriterSize(o.f, 1<<16)
	if comma == 0 {
		return nil
	}
	o.csv = csv.NewWriter(o.buf)
	o.csv.Comma = comma
	if head {
		return o.csv.Write(o.cols)
	}
	return nil
}

// separator is the output's cell separator, 0 for JSON lines.
func separator(path string) (rune, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		return ',', nil
	case ".tsv":
		return '\t', nil
	case ".jsonl", ".ndjson":
		return 0, nil
	}
	return 0, fmt.Errorf("%w: %s; name it .csv, .tsv or .jsonl", ErrOutput, path)
}

func same(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// takeOver counts the whole rows of a part file, adds them to the sums, and
// cuts off what a crash left of the last one.
func (r *runner) takeOver(o *file, comma rune) (rows int, err error) {
	whole := int64(0)
	if comma == 0 {
		rows, whole, err = r.takeLines(o.f)
	} else {
		rows, whole, err = r.takeCSV(o, comma)
	}
	if err != nil {
		return 0, err
	}
	if err := o.f.Truncate(whole); err != nil {
		return 0, err
	}
	_, err = o.f.Seek(whole, io.SeekStart)
	return rows, err
}

func (r *runner) takeCSV(o *file, comma rune) (rows int, whole int64, err error) {
	in := csv.NewReader(o.f)
	in.Comma, in.ReuseRecord = comma, true
	header, err := in.Read()
	if err != nil || !slices.Equal(header, o.cols) {
		return 0, 0, fmt.Errorf("%w: %s was made from another file; delete it", ErrResume, o.f.Name())
	}
	whole = in.InputOffset()
	for {
		cells, err := in.Read()
		if err != nil || !endsLine(o.f, in.InputOffset()) {
			return rows, whole, nil // a cut row: it is scored again
		}
		rows, whole = rows+1, in.InputOffset()
		n := len(r.in.columns)
		r.sums.add(cells[:n], verdictOf(cells[n:]))
	}
}

// endsLine reports that the byte before offset ends a line.
func endsLine(f *os.File, offset int64) bool {
	var b [1]byte
	_, err := f.ReadAt(b[:], offset-1)
	return err == nil && b[0] == '\n'
}

func (r *runner) takeLines(f *os.File) (rows int, whole int64, err error) {
	in := bufio.NewReader(f)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return rows, whole, nil
		}
		var m map[string]json.RawMessage
		if json.Unmarshal(line, &m) != nil {
			return 0, 0, fmt.Errorf("%w: %s is damaged; delete it", ErrResume, f.Name())
		}
		rows, whole = rows+1, whole+int64(len(line))
		names := resultNames(r.in.columns)
		cells := make([]string, len(names))
		for i, n := range names {
			if json.Unmarshal(m[n], &cells[i]) != nil {
				cells[i] = string(m[n])
			}
		}
		n := len(r.in.columns)
		r.sums.add(cells[:n], verdictOf(cells[n:]))
	}
}

func verdictOf(cells []string) sentiment.Verdict {
	v := sentiment.Verdict{Label: sentiment.Label(cells[0]), Lang: cells[3], Method: cells[4]}
	v.Score, _ = strconv.ParseFloat(cells[1], 64)
	v.Confidence, _ = strconv.ParseFloat(cells[2], 64)
	return v
}

func (o *file) write(cells []string, v sentiment.Verdict) error {
	if o.csv != nil {
		return o.csv.Write(append(slices.Clip(cells), results(v)...))
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for i, name := range o.cols {
		b.WriteByte("{,"[min(i, 1)])
		var value any
		switch n := len(cells); {
		case i < n:
			value = cells[i]
		case i == n+1:
			value = v.Score
		case i == n+2:
			value = v.Confidence
		default:
			value = results(v)[i-n]
		}
		if err := errors.Join(encoder.Encode(name), cutLine(&b, ':'), encoder.Encode(value), cutLine(&b, 0)); err != nil {
			return err
		}
	}
	b.WriteString("}\n")
	_, err := o.buf.Write(b.Bytes())
	return err
}

// cutLine replaces the encoder's line end by c.
func cutLine(b *bytes.Buffer, c byte) error {
	b.Truncate(b.Len() - 1)
	if c == 0 {
		return nil
	}
	return b.WriteByte(c)
}

func (o *file) flush() error {
	if o.csv != nil {
		o.csv.Flush()
		if err := o.csv.Error(); err != nil {
			return err
		}
	}
	return o.buf.Flush()
}

func (o *file) close(whole bool) error {
	err := errors.Join(o.flush(), o.f.Sync(), o.f.Close())
	if err != nil || !whole {
		return err
	}
	if err := os.Rename(partName(o.path), o.path); err != nil {
		return err
	}
	_ = os.Remove(begunName(o.path)) // left over it only says what was true
	return nil
}
