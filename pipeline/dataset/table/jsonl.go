package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// jsonLines reads JSON objects, one a line, or one array of objects. The
// columns are the keys of the first objects, in order of appearance.
type jsonLines struct {
	lines    *separated
	columns  []string
	index    map[string]int
	ahead    []map[string]json.RawMessage
	aheadAt  []int // their lines
	row      Row
	count    int
	problems Problems
}

// headRecords is how many records are read ahead to learn the keys.
const headRecords = 200

func newJSONLines(lines *separated) (*jsonLines, error) {
	j := &jsonLines{lines: lines, index: map[string]int{}}
	for len(j.ahead) < headRecords {
		record, line, err := j.record()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		keys, err := orderedKeys(lines.row.Cells[0].Text)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrFormat, line, err)
		}
		for _, k := range keys {
			j.learn(k)
		}
		j.ahead, j.aheadAt = append(j.ahead, record), append(j.aheadAt, line)
	}
	if len(j.ahead) == 0 {
		return nil, fmt.Errorf("%w: there is not one JSON object", ErrEmpty)
	}
	if len(j.columns) > MaxColumns {
		return nil, fmt.Errorf("%w: %d columns, at most %d are read", ErrFormat, len(j.columns), MaxColumns)
	}
	return j, nil
}

func (j *jsonLines) learn(key string) {
	if _, ok := j.index[key]; !ok {
		j.index[key] = len(j.columns)
		j.columns = append(j.columns, key)
	}
}

// orderedKeys returns an object's keys in the order of the text.
func orderedKeys(text []byte) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var keys []string
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		keys = append(keys, fmt.Sprint(t))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// record decodes the next object; lines that are none are counted.
func (j *jsonLines) record() (map[string]json.RawMessage, int, error) {
	for {
		row, err := j.lines.next()
		if err != nil {
			return nil, 0, err
		}
		text := bytes.TrimSpace(row.Cells[0].Text)
		if text = bytes.TrimSuffix(text, []byte{','}); len(text) == 0 || len(text) == 1 && bytes.ContainsAny(text, "[]") {
			continue
		}
		row.Cells[0].Text = text
		var record map[string]json.RawMessage
		if err := json.Unmarshal(text, &record); err != nil || record == nil {
			j.problems.add(BadRecord, row.Line, fmt.Sprintf("no JSON object: %v", err))
			continue
		}
		return record, row.Line, nil
	}
}

// Read implements Reader.
func (j *jsonLines) Read() (*Row, error) {
	var record map[string]json.RawMessage
	if len(j.ahead) > 0 {
		record, j.row.Line = j.ahead[0], j.aheadAt[0]
		j.ahead, j.aheadAt = j.ahead[1:], j.aheadAt[1:]
	} else {
		var err error
		if record, j.row.Line, err = j.record(); err != nil {
			return nil, err
		}
	}
	j.row.Number, j.row.Typed = j.count, true
	j.count++
	j.row.Cells = slices.Grow(j.row.Cells[:0], len(j.columns))[:len(j.columns)]
	for i := range j.row.Cells {
		j.row.Cells[i] = Cell{Null: true}
	}
	for key, raw := range record {
		at, ok := j.index[key]
		if !ok {
			j.problems.add(UnknownKey, j.row.Line, fmt.Sprintf("key %q is in none of the first %d records", key, headRecords))
			continue
		}
		j.row.Cells[at] = j.cell(raw)
	}
	return &j.row, nil
}

func (j *jsonLines) cell(raw json.RawMessage) Cell {
	if len(raw) == 0 {
		return Cell{Null: true}
	}
	switch raw[0] {
	case 'n':
		return Cell{Null: true}
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return Cell{Text: raw}
		}
		return Cell{Text: []byte(s)}
	case '{', '[':
		j.problems.add(NestedValue, j.row.Line, "an object or list is kept as its JSON text")
		return Cell{Text: raw}
	}
	if v, ok := number(raw); ok {
		return Cell{Number: v, Typed: true}
	}
	return Cell{Text: raw}
}

// Columns implements Reader.
func (j *jsonLines) Columns() []string { return j.columns }

// Problems implements Reader.
func (j *jsonLines) Problems() *Problems {
	for kind, n := range j.lines.problems.Count {
		if j.problems.Count == nil {
			j.problems.Count = map[string]int{}
		}
		j.problems.Count[kind] = n
	}
	return &j.problems
}

// Offset implements Reader.
func (j *jsonLines) Offset() int64 { return j.lines.Offset() }

// Close implements Reader.
func (j *jsonLines) Close() error { return j.lines.Close() }
