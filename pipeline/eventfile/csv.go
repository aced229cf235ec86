package eventfile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ErrTable says that a table holds no metrics that can be told apart.
var ErrTable = errors.New("no metrics found: a table needs a header and a column of numbers")

// maxTableRows bounds what is read of one table.
const maxTableRows = 50_000_000

// ReadTable calls each for every value of a table of metrics, with the run it
// belongs to ("" when the table holds one). It knows
//
//   - a column for each metric with a step or epoch column, as Keras' CSVLogger
//     writes them;
//   - exports of W&B, whose columns are "RUN - METRIC" (their __MIN and __MAX
//     columns are left out);
//   - long tables with columns key, value, step and timestamp, as MLflow has
//     them, and TensorBoard's own (Wall time, Step, Value);
//   - JSON Lines of objects with numbers.
//
// Without a step column the row's number is the step. Empty cells are no values;
// NaN and infinities are.
func ReadTable(r io.Reader, each func(run string, s Scalar) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	if mark, _ := in.Peek(3); string(mark) == "\ufeff" {
		_, _ = in.Discard(3) // they are there
	}
	head, _ := in.Peek(4096) // a short file is fine
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) > 0 && head[0] == '{' {
		return readLines(in, each)
	}
	return readCSV(in, separator(head), each)
}

// separator is the most frequent of comma, semicolon and tab in the first line.
func separator(head []byte) rune {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, c := range ";\t" {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// columns says what each column of a table is.
type columns struct {
	step, time, key, value, run int // -1 when there is none
	metrics                     []metric
}

type metric struct {
	column    int
	run, name string
}

func readCSV(in io.Reader, comma rune, each func(string, Scalar) error) error {
	c := csv.NewReader(in)
	c.Comma, c.LazyQuotes, c.FieldsPerRecord, c.ReuseRecord = comma, true, -1, true
	header, err := c.Read()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTable, err)
	}
	cols := newColumns(header)
	found := 0
	for row := range maxTableRows {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read table: %w", err)
		}
		n, err := cols.row(record, row, each)
		if err != nil {
			return err
		}
		found += n
	}
	if found == 0 {
		return ErrTable
	}
	return nil
}

// newColumns understands a header.
func newColumns(header []string) columns {
	names := make([]string, len(header))
	for i, h := range header {
		names[i] = strings.ToLower(strings.TrimSpace(h))
	}
	find := func(options ...string) int {
		for _, o := range options {
			if i := slices.Index(names, o); i >= 0 {
				return i
			}
		}
		return -1
	}
	c := columns{
		step: find("step", "_step", "global_step", "trainer/global_step", "iteration", "iter", "epoch"),
		time: find("wall time", "wall_time", "timestamp", "_timestamp", "time"),
		key:  find("key", "metric", "tag"), value: find("value"), run: find("run_id", "run", "run_uuid"),
	}
	if c.value >= 0 {
		return c
	}
	c.key = -1
	for i, h := range header {
		if i == c.step || i == c.time || i == c.run || strings.HasSuffix(h, "__MIN") || strings.HasSuffix(h, "__MAX") || strings.TrimSpace(h) == "" {
			continue
		}
		run, name, ok := strings.Cut(h, " - ")
		if !ok {
			run, name = "", h
		}
		c.metrics = append(c.metrics, metric{i, strings.TrimSpace(run), strings.TrimSpace(name)})
	}
	return c
}

// row hands out the values of a row and returns how many there were.
func (c columns) row(record []string, number int, each func(string, Scalar) error) (int, error) {
	cell := func(i int) string {
		if i < 0 || i >= len(record) {
			return ""
		}
		return strings.TrimSpace(record[i])
	}
	s := Scalar{Step: int64(number)}
	if v, ok := parseNumber(cell(c.step)); ok && math.Abs(v) < 1<<53 {
		s.Step = int64(v)
	}
	if v, ok := parseNumber(cell(c.time)); ok && v-v == 0 {
		s.Time = seconds(v)
	}
	if c.value >= 0 {
		return c.long(cell, s, each)
	}
	n := 0
	for _, m := range c.metrics {
		v, ok := parseNumber(cell(m.column))
		if !ok {
			continue
		}
		s.Tag, s.Value = m.name, v
		if err := each(cmpOr(m.run, cell(c.run)), s); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (c columns) long(cell func(int) string, s Scalar, each func(string, Scalar) error) (int, error) {
	v, ok := parseNumber(cell(c.value))
	if !ok {
		return 0, nil
	}
	s.Tag, s.Value = cmpOr(cell(c.key), "value"), v
	return 1, each(cell(c.run), s)
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// seconds turns milliseconds since 1970, as MLflow writes them, into seconds.
func seconds(v float64) float64 {
	if v > 1e11 {
		return v / 1000
	}
	return v
}

// parseNumber reads a number as Python, JavaScript and Go write it.
func parseNumber(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return v, true
}

// readLines reads JSON Lines.
func readLines(in *bufio.Reader, each func(string, Scalar) error) error {
	s := bufio.NewScanner(in)
	s.Buffer(nil, 16<<20)
	found := 0
	for row := 0; s.Scan() && row < maxTableRows; row++ {
		var object map[string]any
		if json.Unmarshal(s.Bytes(), &object) != nil {
			continue // a torn last line, or one of another kind
		}
		n, err := object2row(object, row, each)
		if err != nil {
			return err
		}
		found += n
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("read table: %w", err)
	}
	if found == 0 {
		return ErrTable
	}
	return nil
}

// object2row takes one object as a row of a table.
func object2row(object map[string]any, number int, each func(string, Scalar) error) (int, error) {
	header := make([]string, 0, len(object))
	for k := range object {
		header = append(header, k)
	}
	slices.Sort(header)
	record := make([]string, len(header))
	for i, k := range header {
		switch v := object[k].(type) {
		case float64:
			record[i] = strconv.FormatFloat(v, 'g', -1, 64)
		case string:
			record[i] = v
		}
	}
	return newColumns(header).row(record, number, each)
}
