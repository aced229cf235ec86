package model

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
)

// tableBatch is how many rows are run at once.
const tableBatch = 1024

// Kinds of table columns.
const (
	Number   = "number"
	Category = "category"
)

// Schema says how the columns of a table enter a table model: as one float32
// matrix [N, columns]. A number enters as itself, a category as its place in
// Values, what is missing or unknown as NaN.
type Schema struct {
	Columns []SchemaColumn `json:"columns"`
	Label   string         `json:"label,omitempty"` // the column the model predicts
}

// SchemaColumn is one column of a table.
type SchemaColumn struct {
	Name   string   `json:"name"`
	Kind   string   `json:"kind"`             // number or category
	Values []string `json:"values,omitempty"` // of a category
}

// Row turns the cells of one row, by column name, into what the model takes.
// Cells of other columns are not looked at. A number that cannot be read is an
// error.
func (s *Schema) Row(cells map[string]string) ([]float32, error) {
	row := make([]float32, len(s.Columns))
	for i, c := range s.Columns {
		v, err := c.value(strings.TrimSpace(cells[c.Name]))
		if err != nil {
			return nil, fmt.Errorf("%w: column %q: %w", ErrInput, c.Name, err)
		}
		row[i] = v
	}
	return row, nil
}

func (c SchemaColumn) value(cell string) (float32, error) {
	nan := float32(math.NaN())
	if c.Kind == Category {
		if i := slices.Index(c.Values, cell); i >= 0 {
			return float32(i), nil
		}
		return nan, nil
	}
	switch strings.ToLower(cell) {
	case "", "?", "na", "n/a", "nan", "null":
		return nan, nil
	}
	v, err := strconv.ParseFloat(cell, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", cell)
	}
	return float32(v), nil
}

// Rows predicts table rows, each given as cells by column name. The answers
// are in the order of the rows.
func (m *Model) Rows(ctx context.Context, rows ...map[string]string) ([]Prediction, error) {
	in, s, err := m.tableInput()
	if err != nil {
		return nil, err
	}
	return batched(in, rows, tableBatch, func(part []map[string]string, n int) ([]Prediction, error) {
		var values []float32
		for i, cells := range part {
			row, err := s.Row(cells)
			if err != nil {
				return nil, fmt.Errorf("row %d: %w", i, err)
			}
			values = append(values, row...)
		}
		t, err := runtime.NewTensor([]int64{int64(n), int64(len(s.Columns))}, values)
		if err != nil {
			return nil, err
		}
		return m.classify(ctx, n, t)
	})
}

func firstDim(p Port) int64 {
	if len(p.Shape) > 0 && p.Shape[0].Known {
		return p.Shape[0].Value
	}
	return 1
}

// EncodeRow prepares one row as Rows does.
func (m *Model) EncodeRow(cells map[string]string) (Sample, error) {
	in, s, err := m.tableInput()
	if err != nil {
		return Sample{}, err
	}
	row, err := s.Row(cells)
	if err != nil {
		return Sample{}, err
	}
	t := onnx.FloatTensor("", nil, row)
	return Sample{Input: in.Name, Type: onnx.Float, Shape: []int64{int64(len(row))}, Data: t.Raw}, nil
}

func (m *Model) tableInput() (Port, *Schema, error) {
	if err := m.need(Table); err != nil {
		return Port{}, nil, err
	}
	in, err := m.single()
	if err != nil {
		return in, nil, err
	}
	s := m.info.Schema
	if s == nil || len(s.Columns) == 0 {
		return in, nil, fmt.Errorf("%w: the file does not name its columns (%s)", ErrForeign, KeySchema)
	}
	return in, s, in.Accepts(onnx.Float, []int64{firstDim(in), int64(len(s.Columns))})
}
