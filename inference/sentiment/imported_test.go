package sentiment_test

import (
	"context"
	"errors"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/sentiment"
	"athanor/inference/testenv"
	"athanor/inference/text"
)

// vocabulary has "good" at 4 and "bad" at 5.
const vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood\nbad\n##ly\n"

// bertLike sums a table of logits over the ids that the mask shows, in the
// shape BERT's exporters give: ids, mask, types; batch is 0 for any.
func bertLike(tb testing.TB, elem onnx.DataType, batch int64) []byte {
	tb.Helper()
	dim := onnx.Named("batch")
	if batch > 0 {
		dim = onnx.Fixed(batch)
	}
	node := func(op, out string, attrs []*onnx.Attribute, in ...string) *onnx.Node {
		return &onnx.Node{Name: out, OpType: op, Inputs: in, Outputs: []string{out}, Attrs: attrs}
	}
	var inputs []*onnx.ValueInfo
	for _, name := range []string{"input_ids", "attention_mask", "token_type_ids"} {
		inputs = append(inputs, onnx.TensorValue(name, elem, dim, onnx.Named("sequence")))
	}
	m := &onnx.Model{
		IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}},
		Graph: &onnx.Graph{
			Name: "bert", Inputs: inputs, Outputs: []*onnx.ValueInfo{onnx.TensorValue("logits", onnx.Float, dim, onnx.Fixed(2))},
			Initializers: []*onnx.Tensor{
				onnx.FloatTensor("table", []int64{7, 2}, []float32{9, -9, 0, 0, 0, 0, 0, 0, -2, 2, 2, -2, 0, 0}),
				onnx.Int64Tensor("two", []int64{1}, []int64{2}), onnx.Int64Tensor("one", []int64{1}, []int64{1}),
			},
			Nodes: []*onnx.Node{
				node("Add", "ids", nil, "input_ids", "token_type_ids"), node("Gather", "e", nil, "table", "ids"),
				node("Cast", "mask", []*onnx.Attribute{onnx.IntAttr("to", int64(onnx.Float))}, "attention_mask"),
				node("Unsqueeze", "mask3", nil, "mask", "two"), node("Mul", "kept", nil, "e", "mask3"),
				node("ReduceSum", "logits", []*onnx.Attribute{onnx.IntAttr("keepdims", 0)}, "kept", "one"),
			},
		},
	}
	b, err := m.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestImportedClassifiersRun(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for name, file := range map[string][]byte{
		"int64": bertLike(t, onnx.Int64, 0), "int32": bertLike(t, onnx.Int32, 0), "two at a time": bertLike(t, onnx.Int64, 2),
	} {
		m, err := sentiment.NewImported(file, "bert", sentiment.Import{Vocabulary: []byte(vocabulary), Labels: []string{"negative", "positive"}, Length: 16})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		opinions, err := m.Score(context.Background(), []string{"GOOD", "bad badly good", "", "good good bad"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if opinions[0].Score < 0.9 || opinions[1].Score > -0.9 || opinions[2].Known || opinions[3].Score < 0.9 {
			t.Errorf("%s: %+v", name, opinions)
		}
		_, tokens, err := m.Explain(context.Background(), "bad good good")
		if err != nil || len(tokens) != 3 || tokens[0].Share >= 0 || tokens[1].Share <= 0 {
			t.Errorf("%s: tokens %+v, %v", name, tokens, err)
		}
		m.Close()
	}
}

func TestImportsRefused(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	good := bertLike(t, onnx.Int64, 0)
	two := []string{"negative", "positive"}
	for name, c := range map[string]struct {
		file []byte
		i    sentiment.Import
		want error
	}{
		"no classes":       {good, sentiment.Import{Vocabulary: []byte(vocabulary)}, sentiment.ErrModel},
		"no vocabulary":    {good, sentiment.Import{Labels: two}, text.ErrDefinition},
		"float ids":        {bertLike(t, onnx.Float, 0), sentiment.Import{Vocabulary: []byte(vocabulary), Labels: two}, sentiment.ErrModel},
		"an absurd length": {good, sentiment.Import{Vocabulary: []byte(vocabulary), Labels: two, Length: 1 << 30}, sentiment.ErrModel},
	} {
		if _, err := sentiment.NewImported(c.file, "x", c.i); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m, err := sentiment.NewImported(good, "x", sentiment.Import{Vocabulary: []byte(vocabulary), Labels: []string{"a", "b", "c"}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Score(context.Background(), []string{"good"}); !errors.Is(err, sentiment.ErrModel) {
		t.Errorf("three names for two outputs: %v", err)
	}
}
