package sentiment_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"athanor/assets/models"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/sentiment"
	"athanor/inference/testenv"
	"athanor/inference/text"
)

// studio opens the Analyzer of the studio with its shipped models.
func studio(tb testing.TB) *sentiment.Analyzer {
	tb.Helper()
	testenv.NeedNative(tb, runtime.Load())
	a, missing, closeModels := sentiment.NewDefault()
	if missing != nil {
		tb.Fatal(missing)
	}
	tb.Cleanup(closeModels)
	return a
}

// bag builds a model as training exports it: the mean of embeddings, a dense
// layer, softmax. Its ids are hashed units; table has width columns a row.
func bag(tb testing.TB, labels []string, buckets int, row func(id int) []float32) []byte {
	tb.Helper()
	definition := text.Sequence(buckets, 16)
	tokenizer, err := definition.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	names, err := json.Marshal(labels)
	if err != nil {
		tb.Fatal(err)
	}
	var table []float32
	for id := range buckets {
		table = append(table, row(id)...)
	}
	k := int64(len(labels))
	node := func(op string, out string, attrs []*onnx.Attribute, in ...string) *onnx.Node {
		return &onnx.Node{Name: out, OpType: op, Inputs: in, Outputs: []string{out}, Attrs: attrs}
	}
	m := &onnx.Model{
		IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}},
		Graph: &onnx.Graph{
			Name:    "bag",
			Inputs:  []*onnx.ValueInfo{onnx.TensorValue("ids", onnx.Int64, onnx.Named("n"), onnx.Named("length"))},
			Outputs: []*onnx.ValueInfo{onnx.TensorValue("probabilities", onnx.Float, onnx.Named("n"), onnx.Fixed(k))},
			Initializers: []*onnx.Tensor{
				onnx.FloatTensor("table", []int64{int64(buckets), k}, table), onnx.Int64Tensor("zero", []int64{1}, []int64{0}),
				onnx.Int64Tensor("two", []int64{1}, []int64{2}), onnx.Int64Tensor("one", []int64{1}, []int64{1}), onnx.FloatTensor("least", []int64{1}, []float32{1}),
			},
			Nodes: []*onnx.Node{
				node("Gather", "e", nil, "table", "ids"), node("Equal", "pad", nil, "ids", "zero"), node("Not", "there", nil, "pad"),
				node("Cast", "mask", []*onnx.Attribute{onnx.IntAttr("to", int64(onnx.Float))}, "there"), node("Unsqueeze", "mask3", nil, "mask", "two"),
				node("Mul", "kept", nil, "e", "mask3"), node("ReduceSum", "sum", []*onnx.Attribute{onnx.IntAttr("keepdims", 0)}, "kept", "one"),
				node("ReduceSum", "count", []*onnx.Attribute{onnx.IntAttr("keepdims", 0)}, "mask3", "one"), node("Max", "atleast", nil, "count", "least"),
				node("Div", "mean", nil, "sum", "atleast"), node("Softmax", "probabilities", []*onnx.Attribute{onnx.IntAttr("axis", -1)}, "mean"),
			},
		},
	}
	m.SetMeta("athanor.task", "text")
	m.SetMeta("athanor.labels", string(names))
	m.SetMeta(text.MetadataKey, string(tokenizer))
	b, err := m.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func open(tb testing.TB, file []byte) *sentiment.Model {
	tb.Helper()
	testenv.NeedNative(tb, runtime.Load())
	m, err := sentiment.NewModel(file, "test")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(m.Close)
	return m
}

func score(tb testing.TB, m *sentiment.Model, t string) sentiment.Opinion {
	tb.Helper()
	o, err := m.Score(context.Background(), []string{t})
	if err != nil {
		tb.Fatal(err)
	}
	return o[0]
}

func TestStarsAndOwnClasses(t *testing.T) {
	stars := open(t, bag(t, []string{"1", "2", "3", "4", "5"}, 64, func(id int) []float32 { return []float32{0, 0, 0, 0, float32(id % 2 * 20)} }))
	seen := map[sentiment.Label]float64{}
	for _, word := range []string{"a", "b", "c", "d", "e", "f"} {
		o := score(t, stars, word)
		seen[o.Label] = o.Score
	}
	if v, ok := seen["5"]; !ok || v < 0.99 {
		t.Errorf("five stars score %v", seen)
	}
	if v, ok := seen["1"]; !ok || math.Abs(v) > 0.01 {
		t.Errorf("an even spread over the stars scores %v", seen)
	}
	own := open(t, bag(t, []string{"screen", "battery", "price"}, 64, func(id int) []float32 { return []float32{0, 3, float32(id % 2)} }))
	o := score(t, own, "anything")
	if o.Label != "battery" || o.Score != 0 || o.Confidence < 0.8 {
		t.Errorf("own classes: %+v", o)
	}
	o, tokens, err := own.Explain(t.Context(), "anything at all")
	if err != nil || len(tokens) != 3 {
		t.Fatalf("%+v, %v", tokens, err)
	}
	sum := 0.0
	for _, token := range tokens {
		sum += token.Share
	}
	if math.Abs(sum-(o.Confidence-1.0/3)) > 1e-6 {
		t.Errorf("the shares sum to %v, the label is %v surer than by chance", sum, o.Confidence-1.0/3)
	}
}

func TestSharesOfAnAdditiveModelAreExact(t *testing.T) {
	m := open(t, bag(t, []string{"negative", "positive"}, 256, func(id int) []float32 { return []float32{0, float32(id%7) - 3} }))
	in := "one two 三四, five! one"
	o, tokens, err := m.Explain(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, token := range tokens {
		if in[token.Start:token.End] != token.Text {
			t.Errorf("token %+v", token)
		}
		sum += token.Share
	}
	if math.Abs(sum-o.Score) > 1e-6 {
		t.Errorf("shares sum to %v, score %v", sum, o.Score)
	}
	tok, err := text.New(text.Sequence(256, 16))
	if err != nil {
		t.Fatal(err)
	}
	grams := tok.Encode(in)
	for i, g := range grams { // one id a unit: each share must have its weight's sign and size
		w := float64(g.ID%7) - 3
		for j := range i {
			v := float64(grams[j].ID%7) - 3
			if math.Abs(tokens[i].Share*v-tokens[j].Share*w) > 1e-3 {
				t.Errorf("shares %v of weights %v and %v", tokens, w, v)
			}
		}
	}
}

func TestWrongModelsAreRefused(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	good := bag(t, []string{"a", "b"}, 8, func(int) []float32 { return []float32{0, 1} })
	change := func(do func(m *onnx.Model)) []byte {
		m, err := onnx.Decode(good)
		if err != nil {
			t.Fatal(err)
		}
		do(m)
		b, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, file := range map[string][]byte{
		"another task": change(func(m *onnx.Model) { m.SetMeta("athanor.task", "image") }),
		"one class":    change(func(m *onnx.Model) { m.SetMeta("athanor.labels", `["a"]`) }),
	} {
		if _, err := sentiment.NewModel(file, "x"); !errors.Is(err, sentiment.ErrModel) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sentiment.NewModel(change(func(m *onnx.Model) { m.SetMeta(text.MetadataKey, "{}") }), "x"); !errors.Is(err, text.ErrDefinition) {
		t.Errorf("damaged tokenizer: %v", err)
	}
	if _, err := sentiment.NewModel([]byte("no model"), "x"); err == nil {
		t.Error("garbage accepted")
	}
}

func TestBatchesAnswerAsSinglesDo(t *testing.T) {
	a := studio(t)
	var texts []string
	for i := range 300 {
		texts = append(texts, strings.Repeat("这本书很好 ", i%7)+strings.Repeat("not good ", i%5))
	}
	all, err := a.All(context.Background(), texts, sentiment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(texts); i += 37 {
		one, err := a.One(context.Background(), texts[i], sentiment.Options{})
		if err != nil || one.Label != all[i].Label || math.Abs(one.Score-all[i].Score) > 1e-5 {
			t.Errorf("%q: alone %+v, among others %+v (%v)", texts[i], one, all[i], err)
		}
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.All(cancelled, texts, sentiment.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

func TestTheStudioReadsTheArticlesSentences(t *testing.T) {
	a := studio(t)
	if v := analyze(t, a, articlePositive); v.Score < 0.8 {
		t.Errorf("%+v", v)
	}
	if v := analyze(t, a, articleNegative); v.Label != sentiment.Negative {
		t.Errorf("%+v", v)
	}
	for _, s := range []string{articlePositive, articleNegative, "I don't like it, but the 屏幕很好!!"} {
		v := analyze(t, a, s)
		sum := 0.0
		for _, token := range v.Tokens {
			sum += token.Share
		}
		if math.Abs(sum-v.Score) > 1e-3 {
			t.Errorf("%s: shares sum to %v, score %v", s, sum, v.Score)
		}
	}
}

func TestChineseSharesStandOnWords(t *testing.T) {
	a := studio(t)
	found := map[string]float64{}
	for _, token := range analyze(t, a, articleNegative).Tokens {
		found[token.Text] += token.Share
	}
	if found["不满意"] >= -0.1 {
		t.Errorf("tokens %v: want 不满意 as one word that speaks against", found)
	}
}

func TestMinimalPairs(t *testing.T) {
	a := studio(t)
	b, err := os.ReadFile("testdata/pairs.tsv")
	if err != nil {
		t.Fatal(err)
	}
	pairs := strings.Split(strings.TrimSpace(string(b)), "\n")
	right := 0
	for _, pair := range pairs {
		good, bad, _ := strings.Cut(pair, "\t")
		if analyze(t, a, good).Label == sentiment.Positive && analyze(t, a, bad).Label == sentiment.Negative {
			right++
		}
	}
	t.Logf("%d of %d pairs", right, len(pairs))
	if len(pairs) != 200 || right < 170 {
		t.Errorf("%d of %d pairs are right, want 170 of 200", right, len(pairs))
	}
}

func TestOneTextIsAnsweredWhileTyping(t *testing.T) {
	a := studio(t)
	analyze(t, a, articlePositive)
	var times []time.Duration
	for range 100 {
		start := time.Now()
		analyze(t, a, articlePositive+" 物流也很快，包装完好。")
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	t.Logf("median %v, 99 %% within %v", times[50], times[98])
	if times[50] > 50*time.Millisecond {
		t.Errorf("a keystroke takes %v", times[50])
	}
}

func TestShippedModelsHaveCardsAndAreSmall(t *testing.T) {
	total := 0
	for _, name := range []string{models.ReviewsChinese, models.ReviewsChineseGRU, models.ReviewsEnglish} {
		file, err := models.ONNX(name)
		if err != nil {
			t.Fatal(err)
		}
		total += len(file)
		card, err := models.Card(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := onnx.Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		fingerprint, _ := m.Meta("athanor.fingerprint")
		if len(fingerprint) != 64 || !strings.Contains(card, fingerprint) {
			t.Errorf("the card of %s does not name the data %q", name, fingerprint)
		}
		if bytes.Contains(file, []byte(testenv.Root(t))) || bytes.Contains(file, []byte("path = '/")) {
			t.Errorf("%s holds a path of the machine it was made on", name)
		}
	}
	if total > 8<<20 {
		t.Errorf("the models have %d bytes together", total)
	}
}
