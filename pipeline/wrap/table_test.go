package wrap_test

import (
	"errors"
	"math"
	"testing"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/wrap"
)

func opened(t *testing.T, m *onnx.Model) *model.Model {
	t.Helper()
	raw, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	opened, err := model.New(raw, model.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened
}

// A forest that scikit-learn's exporter wrote answers with maps; its columns and
// classes have no names.
func TestAForeignForestBecomesAStudioModel(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	m, err := onnx.Load(testenv.SharedData(t, "onnx-small", "sklearn_randomforest.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"sepal length", "sepal width", "petal length", "petal width"}
	copied, err := wrap.Table(m, wrap.TableSpec{Columns: columns, Labels: []string{"setosa", "versicolor", "virginica"}})
	if err != nil {
		t.Fatal(err)
	}
	f := opened(t, copied)
	if f.Info().Task != model.Table || len(f.Info().Labels) != 3 {
		t.Fatalf("the copy is %+v", f.Info())
	}
	got, err := f.Rows(t.Context(), map[string]string{"sepal length": "5.1", "sepal width": "3.5", "petal length": "1.4", "petal width": "0.2"},
		map[string]string{"sepal length": "6.7", "sepal width": "3.0", "petal length": "5.9", "petal width": "2.3"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"setosa", "virginica"} {
		if top := got[i].Top(1)[0]; top.Label != want || top.Probability < 0.7 {
			t.Errorf("flower %d is %s (%.2f), want %s", i, top.Label, top.Probability, want)
		}
	}
	if _, err := wrap.Table(m, wrap.TableSpec{Columns: columns[:3], Labels: []string{"a", "b", "c"}}); !errors.Is(err, wrap.ErrSpec) {
		t.Errorf("three names for four columns: %v", err)
	}
}

// A sum of squares: a regression whose column is called as a value inside it is.
func TestAForeignRegressionBecomesAStudioModel(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}}, Graph: &onnx.Graph{
		Name: "squares", Inputs: []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Double, onnx.Named("N"), onnx.Fixed(2))},
		Outputs: []*onnx.ValueInfo{onnx.TensorValue("value", onnx.Float, onnx.Named("N"), onnx.Fixed(1))},
		Nodes: []*onnx.Node{
			{OpType: "Cast", Inputs: []string{"x"}, Outputs: []string{"y"}, Attrs: []*onnx.Attribute{onnx.IntAttr("to", int64(onnx.Float))}},
			{OpType: "ReduceSumSquare", Inputs: []string{"y"}, Outputs: []string{"value"}, Attrs: []*onnx.Attribute{onnx.IntsAttr("axes", 1), onnx.IntAttr("keepdims", 1)}},
		},
	}}
	copied, err := wrap.Table(m, wrap.TableSpec{Columns: []string{"x", "y"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := opened(t, copied).Rows(t.Context(), map[string]string{"x": "3", "y": "4"})
	if err != nil || math.Abs(float64(got[0].Value)-25) > 1e-5 {
		t.Errorf("3² + 4² is %+v, %v", got, err)
	}
	for _, columns := range [][]string{nil, {"a"}, {"a", "a"}} {
		if _, err := wrap.Table(m, wrap.TableSpec{Columns: columns}); !errors.Is(err, wrap.ErrSpec) {
			t.Errorf("columns %q: %v", columns, err)
		}
	}
}
