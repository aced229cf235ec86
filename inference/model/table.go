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

// columnSuffix follows the name of an input whose column is called like one of
// the network's own values.
const columnSuffix = " (column)"

// Column is one column a table model reads.
type Column struct {
	Name    string
	Numeric bool // else text
}

// Columns are the columns a table model reads: each is an input of its own,
// float32[N,1] for numbers (NaN where missing) or string[N,1].
func (m *Model) Columns() ([]Column, error) {
	if err := m.need(Table); err != nil {
		return nil, err
	}
	list := make([]Column, len(m.info.Inputs))
	for i, p := range m.info.Inputs {
		known := p.Type == onnx.Float || p.Type == onnx.String
		if !known || len(p.Shape) != 2 || p.Shape[1].Size() != 1 {
			return nil, fmt.Errorf("%w: columns enter as float32[N,1] or string[N,1], input %q is %s", ErrForeign, p.Name, p.Text)
		}
		list[i] = Column{strings.TrimSuffix(p.Name, columnSuffix), p.Type == onnx.Float}
	}
	return list, nil
}

// isMissing tells whether a cell's text says that there is no value.
func isMissing(cell string) bool {
	return slices.Contains([]string{
		"", "?", "na", "n/a", "nan", "null", "none", "nil", `\n`, "#n/a", "<na>", "-", "--", ".", "n.a.",
	}, strings.ToLower(cell))
}

// number reads a cell of a numeric column.
func (c Column) number(cell string) (float32, error) {
	cell = strings.TrimSpace(cell)
	if isMissing(cell) {
		return float32(math.NaN()), nil
	}
	v, err := strconv.ParseFloat(cell, 32)
	if err != nil || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%w: column %q: %q is no number", ErrInput, c.Name, cell)
	}
	return float32(v), nil
}

// Rows predicts table rows, each given as cells by column name; a cell that is
// not there is missing, cells of other columns are not looked at. The answers
// are in the order of the rows.
func (m *Model) Rows(ctx context.Context, rows ...map[string]string) ([]Prediction, error) {
	columns, err := m.Columns()
	if err != nil {
		return nil, err
	}
	return batched(m.info.Inputs[0], rows, tableBatch, func(part []map[string]string, n int) ([]Prediction, error) {
		in := make([]*runtime.Tensor, len(columns))
		for i, c := range columns {
			if in[i], err = c.tensor(part); err != nil {
				closeAll(in)
				return nil, err
			}
		}
		return m.classify(ctx, n, in...)
	})
}

func (c Column) tensor(rows []map[string]string) (*runtime.Tensor, error) {
	shape := []int64{int64(len(rows)), 1}
	if !c.Numeric {
		cells := make([]string, len(rows))
		for i, row := range rows {
			cells[i] = strings.TrimSpace(row[c.Name])
		}
		return runtime.NewStrings(shape, cells)
	}
	values := make([]float32, len(rows))
	for i, row := range rows {
		var err error
		if values[i], err = c.number(row[c.Name]); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
	}
	return runtime.NewTensor(shape, values)
}

// EncodeRow prepares one row as Rows does: one sample for each input.
func (m *Model) EncodeRow(cells map[string]string) ([]Sample, error) {
	columns, err := m.Columns()
	if err != nil {
		return nil, err
	}
	list := make([]Sample, len(columns))
	for i, c := range columns {
		list[i] = Sample{Input: m.info.Inputs[i].Name, Type: m.info.Inputs[i].Type, Shape: []int64{1}}
		if !c.Numeric {
			list[i].Texts = []string{strings.TrimSpace(cells[c.Name])}
			continue
		}
		v, err := c.number(cells[c.Name])
		if err != nil {
			return nil, err
		}
		list[i].Data = onnx.FloatTensor("", nil, []float32{v}).Raw
	}
	return list, nil
}
