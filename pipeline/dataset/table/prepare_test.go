package table_test

import (
	"errors"
	"io"
	"math"
	"slices"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset/table"
)

// fit learns a preparation from the rows of a file that train accepts.
func fit(t *testing.T, path string, train func(row int) bool) (*table.Preparation, table.Schema) {
	t.Helper()
	s := schema(t, path, table.Wish{})
	f := table.NewFitter(s)
	_, _, err := table.Scan(t.Context(), path, table.Options{}, nil, func(_ []string, row *table.Row) error {
		if train(row.Number) {
			f.Add(row.Cells)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Done()
	if err != nil {
		t.Fatal(err)
	}
	return p, s
}

func TestPreparationOfTitanic(t *testing.T) {
	p, _ := fit(t, testenv.SharedData(t, "tabular", "titanic_train.csv"), func(int) bool { return true })
	names := p.Names()
	for _, want := range []string{"Age", "Age missing", "Sex = male", "Sex = female", "Embarked = S", "Cabin missing", "Fare", "Pclass"} {
		if !slices.Contains(names, want) {
			t.Errorf("%q is not among %q", want, names)
		}
	}
	for _, not := range []string{"Survived", "PassengerId", "Fare missing"} {
		if slices.Contains(names, not) {
			t.Errorf("%q is an input", not)
		}
	}
	if len(names) != p.Width() {
		t.Errorf("%d names, width %d", len(names), p.Width())
	}
}

func TestPreparationLearnsFromTrainingRowsOnly(t *testing.T) {
	path := save(t, "x.csv", []byte("n,c,label\n1,a,0\n2,a,1\n3,a,0\n4,b,1\n1000,zzz,0\n,zzz,1\n"))
	wish := table.Wish{Roles: map[string]table.Role{"n": table.Number, "c": table.Category}}
	all, _, _, err := table.Profiles(t.Context(), path, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := table.Guess(all, wish)
	if err != nil {
		t.Fatal(err)
	}
	f := table.NewFitter(s)
	for _, row := range [][]string{{"1", "a", "0"}, {"2", "a", "1"}, {"3", "a", "0"}} {
		var cells []table.Cell
		for _, c := range row {
			cells = append(cells, table.Cell{Text: []byte(c)})
		}
		f.Add(cells)
	}
	p, err := f.Done()
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]float32, p.Width())
	p.Row(dst, []table.Cell{{Text: []byte("2")}, {Text: []byte(" a ")}, {}}, []int{0, 1})
	if dst[0] != 0 || dst[1] != 1 || p.Width() != 2 {
		t.Errorf("%v of %q", dst, p.Names())
	}
	p.Row(dst, []table.Cell{{Text: []byte("1e9")}, {Text: []byte("zzz")}, {}}, []int{0, 1})
	if dst[0] != 8 || dst[1] != 0 {
		t.Errorf("wild row: %v", dst)
	}
}

// run feeds raw columns to the preparation's graph in ONNX Runtime.
func run(t *testing.T, g *onnx.Graph, rows [][]table.Cell, columns []string) []float32 {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 18}}, Graph: g}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	session, err := runtime.NewSession(data, runtime.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	var in []*runtime.Tensor
	for _, port := range session.Inputs() {
		in = append(in, rawColumn(t, port, rows, slices.Index(columns, port.Name)))
	}
	out := make([]*runtime.Tensor, 1)
	if err := session.Run(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	defer out[0].Close()
	for _, x := range in {
		x.Close()
	}
	return slices.Clone(runtime.Data[float32](out[0]))
}

func rawColumn(t *testing.T, port runtime.Port, rows [][]table.Cell, at int) *runtime.Tensor {
	t.Helper()
	shape := []int64{int64(len(rows)), 1}
	if port.Type == onnx.String {
		var texts []string
		for _, r := range rows {
			texts = append(texts, r[at].String())
		}
		x, err := runtime.NewStrings(shape, texts)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	var values []float32
	for _, r := range rows {
		p := table.NewProfile("")
		p.Add(r[at])
		v := float32(math.NaN())
		if p.Numbers == 1 {
			v = float32(p.Min)
		}
		values = append(values, v)
	}
	x, err := runtime.NewTensor(shape, values)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestGraphAgreesWithRows(t *testing.T) {
	for _, file := range []string{"titanic_train.csv", "california_housing.csv", "seaborn_penguins.csv", "seaborn_iris.csv"} {
		path := testenv.SharedData(t, "tabular", file)
		p, _ := fit(t, path, func(row int) bool { return row%3 != 0 })
		r, _, err := table.Open(path, table.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		places, err := p.Places(r.Columns())
		if err != nil {
			t.Fatal(err)
		}
		var rows [][]table.Cell
		var want []float32
		for len(rows) < 1000 {
			row, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			dst := make([]float32, p.Width())
			p.Row(dst, row.Cells, places)
			want = append(want, dst...)
			rows = append(rows, copyCells(row.Cells))
		}
		got := run(t, p.Graph("features"), rows, r.Columns())
		for i := range want {
			if d := math.Abs(float64(got[i] - want[i])); d > 1e-5 || len(got) != len(want) {
				t.Fatalf("%s: row %d, input %q: graph %v, training %v", file, i/p.Width(), p.Names()[i%p.Width()], got[i], want[i])
			}
		}
	}
}

func copyCells(cells []table.Cell) []table.Cell {
	out := slices.Clone(cells)
	for i := range out {
		out[i].Text = slices.Clone(out[i].Text)
	}
	return out
}
