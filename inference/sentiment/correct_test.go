package sentiment_test

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/inference/sentiment"
	"athanor/inference/testenv"
)

func TestOneCorrectionReachesParaphrases(t *testing.T) {
	b, err := os.ReadFile("testdata/paraphrases.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	taken, flipped := 0, 0
	for _, line := range lines {
		f := strings.Split(line, "\t")
		a := lexicons(t)
		before := analyze(t, a, f[2]).Label
		start := time.Now()
		if err := a.Correct(f[1], sentiment.Label(f[0])); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("learning took %v", d)
		}
		after := analyze(t, a, f[2]).Label
		if after == sentiment.Label(f[0]) {
			taken++
			if before != after {
				flipped++
			}
		} else {
			t.Logf("%s does not follow %s", f[2], f[1])
		}
	}
	t.Logf("%d of %d paraphrases take the corrected verdict, %d changed to it", taken, len(lines), flipped)
	if len(lines) != 50 || taken < 40 || flipped < 30 {
		t.Errorf("%d of %d paraphrases follow, %d changed", taken, len(lines), flipped)
	}
}

func TestCorrectionsLeaveOtherTextsAlone(t *testing.T) {
	texts, labels := shopping(t, 4000)
	a := lexicons(t)
	before := right(t, a, texts, labels)
	for _, c := range []sentiment.Correction{
		{Text: "这耳机戴半小时耳朵就像被夹子夹住一样", Label: sentiment.Negative},
		{Text: "屏幕像水洗过一样透亮", Label: sentiment.Positive},
		{Text: "酒店的早餐只有白粥和咸菜", Label: sentiment.Negative},
	} {
		if err := a.Correct(c.Text, c.Label); err != nil {
			t.Fatal(err)
		}
	}
	after := right(t, a, texts, labels)
	if fall := 100 * float64(before-after) / float64(len(texts)); fall > 0.2 {
		t.Errorf("accuracy fell by %.2f points, from %d to %d of %d", fall, before, after, len(texts))
	}
}

// shopping reads every n-th Chinese review until there are n.
func shopping(t *testing.T, n int) (texts, labels []string) {
	t.Helper()
	f, err := os.Open(testenv.SharedData(t, "zh-sentiment", "online_shopping_10_cats.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows := csv.NewReader(z)
	for i := 0; len(texts) < n; i++ {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if i%15 == 1 {
			texts, labels = append(texts, row[2]), append(labels, row[1])
		}
	}
	return texts, labels
}

func right(t *testing.T, a *sentiment.Analyzer, texts, labels []string) int {
	t.Helper()
	verdicts, err := a.All(context.Background(), texts, sentiment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, v := range verdicts {
		if (v.Score > 0) == (labels[i] == "1") {
			n++
		}
	}
	return n
}

// FuzzLoadCorrections: any file is either read or refused, and then nothing changes.
func FuzzLoadCorrections(f *testing.F) {
	for _, seed := range []string{"", `{"text":"bad","label":"positive"}`, `{"text":"x"}`, "{", `{"text":"\xff","label":"5"}` + "\n{}", "[]", "null"} {
		f.Add([]byte(seed))
	}
	a, err := sentiment.NewLexicons()
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "corrections.jsonl")
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		before := len(a.Corrections())
		if err := a.LoadCorrections(path); err != nil {
			if len(a.Corrections()) != before {
				t.Errorf("a refused file changed the corrections")
			}
			return
		}
		for _, c := range a.Corrections() {
			if c.Label == "" {
				t.Errorf("a correction without a label was taken: %+v", c)
			}
		}
		if _, err := a.Analyze(t.Context(), "a good thing, 很好"); err != nil {
			t.Error(err)
		}
		if err := a.SaveCorrections(path); err != nil {
			t.Error(err)
		}
	})
}

// TestCorrectionsToOtherClassesWait: a file of corrections may hold verdicts of
// another model; they are kept, and nothing follows them.
func TestCorrectionsToOtherClassesWait(t *testing.T) {
	a := lexicons(t)
	if err := a.Correct("the tablet is a brick", "5"); !errors.Is(err, sentiment.ErrCorrection) {
		t.Errorf("a verdict that the model does not give was learnt: %v", err)
	}
	path := filepath.Join(t.TempDir(), "c.jsonl")
	text := `{"text":"the tablet is a brick","label":"5"}` + "\n" + `{"text":"a phone like a torch","label":"negative"}` + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.LoadCorrections(path); err != nil {
		t.Fatal(err)
	}
	if v := analyze(t, a, "the tablet is a brick"); v.Label != sentiment.Neutral || strings.Contains(v.Method, "corrected") {
		t.Errorf("%+v", v)
	}
	if v := analyze(t, a, "this phone is like a torch"); v.Label != sentiment.Negative {
		t.Errorf("%+v", v)
	}
	if err := a.SaveCorrections(path); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != text {
		t.Errorf("the file became %q, %v", b, err)
	}
}
