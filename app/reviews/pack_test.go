package reviews_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/app/reviews"
	"athanor/app/training"
	"athanor/inference/runtime"
	"athanor/inference/sentiment"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// written makes a table of reviews whose words tell their label.
func written(t *testing.T, words map[string][]string) string {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	common := []string{"这个", "商品", "今天", "收到", "the", "order", "came", "yesterday"}
	var b strings.Builder
	b.WriteString("label,review\n")
	for label, own := range words {
		for range 80 {
			some := func() string { return common[r.IntN(len(common))] + " " + common[r.IntN(len(common))] }
			fmt.Fprintf(&b, "%s,%s %s %s %d\n", label, some(), own[r.IntN(len(own))], some(), r.IntN(1000))
		}
	}
	path := filepath.Join(t.TempDir(), "reviews.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// trained trains and packs a model on a table.
func trained(t *testing.T, path, architecture string) (*sentiment.Model, reviews.Packed) {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	var set *dataset.Set
	out, err := training.Run(t.Context(), training.Request{
		Recipe: train.Recipe{
			Task: "text", Threads: 1, Data: train.Data{Path: path, Validation: 0.1, TestSplit: 0.2},
			Model: train.Model{Name: architecture, Buckets: 2000, Length: 48}, Optimizer: train.Optimizer{LearningRate: 0.1},
			Train: train.Loop{Epochs: 6, Batch: 16},
		},
		Dir: filepath.Join(t.TempDir(), "run"), Prepared: func(s *dataset.Set, _ string) { set = s },
	}, func(train.Event) {})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(out.Dir, train.ModelName))
	if err != nil {
		t.Fatal(err)
	}
	packed, report, err := reviews.Pack(t.Context(), file, set)
	if err != nil {
		t.Fatal(err)
	}
	if len(packed) >= len(file) {
		t.Errorf("packing %d bytes gave %d", len(file), len(packed))
	}
	m, err := sentiment.NewModel(packed, "mine")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m, report
}

func TestTrainedOnTwoClassesFromTableToShares(t *testing.T) {
	path := written(t, map[string][]string{"好评": {"很满意", "great"}, "差评": {"太失望了", "broken"}})
	for _, architecture := range []string{"nb-linear", "ngram"} {
		m, report := trained(t, path, architecture)
		if report.Accuracy < 0.95 || report.Samples < 25 {
			t.Errorf("%s: packed %+v", architecture, report)
		}
		for text, positive := range map[string]bool{"这个 great": true, "收到太失望了": false} {
			o, tokens, err := m.Explain(t.Context(), text)
			if err != nil {
				t.Fatal(err)
			}
			sum, most := 0.0, sentiment.Token{}
			for _, token := range tokens {
				sum += token.Share
				if math.Abs(token.Share) > math.Abs(most.Share) {
					most = token
				}
			}
			if (o.Score > 0) != positive || math.Abs(sum-o.Score) > 1e-6 || most.Share*o.Score <= 0 || slices.Contains([]string{"这", "个", "收", "到", "这个", "收到"}, most.Text) {
				t.Errorf("%s: %q has %+v, shares of %v, most by %+v", architecture, text, o, sum, most)
			}
		}
	}
}

func TestTrainedOnStarsAndOwnNames(t *testing.T) {
	m, report := trained(t, written(t, map[string][]string{
		"1": {"太失望了"}, "2": {"不太好"}, "3": {"一般般"}, "4": {"还不错"}, "5": {"非常满意"},
	}), "nb-linear")
	opinions, err := m.Score(t.Context(), []string{"非常满意", "太失望了", "一般般"})
	if err != nil {
		t.Fatal(err)
	}
	if report.Accuracy < 0.9 || opinions[0].Label != "5" || opinions[1].Label != "1" || opinions[2].Label != "3" || opinions[0].Score <= opinions[2].Score {
		t.Errorf("stars: %+v, %+v", report, opinions)
	}
	m, report = trained(t, written(t, map[string][]string{"delivery": {"物流太慢", "late"}, "taste": {"味道", "sweet"}, "size": {"尺码", "tight"}}), "nb-linear")
	if opinions, err = m.Score(t.Context(), []string{"尺码 tight"}); err != nil {
		t.Fatal(err)
	}
	if report.Accuracy < 0.9 || opinions[0].Label != "size" {
		t.Errorf("own names: %+v, %+v", report, opinions)
	}
}
