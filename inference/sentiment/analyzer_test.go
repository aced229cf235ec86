package sentiment_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"athanor/inference/sentiment"
)

const (
	articlePositive = "这是一个非常好的产品，非常满意！"
	articleNegative = "这不是一个好的产品，非常不满意！"
)

func lexicons(tb testing.TB) *sentiment.Analyzer {
	tb.Helper()
	a, err := sentiment.NewLexicons()
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func analyze(tb testing.TB, a *sentiment.Analyzer, t string) sentiment.Verdict {
	tb.Helper()
	v, err := a.Analyze(context.Background(), t)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func TestTheArticlesSentences(t *testing.T) {
	a := lexicons(t)
	if v := analyze(t, a, articlePositive); v.Label != sentiment.Positive || v.Score < 0.8 || v.Lang != "zh" {
		t.Errorf("%+v", v)
	}
	if v := analyze(t, a, articleNegative); v.Label != sentiment.Negative {
		t.Errorf("%+v", v)
	}
	v, err := a.One(context.Background(), articlePositive, sentiment.Options{Lang: "en"})
	if err != nil || v.Label != sentiment.Neutral {
		t.Errorf("VADER knows no Chinese, yet says %+v (%v)", v, err)
	}
}

func TestChineseRules(t *testing.T) {
	a := lexicons(t)
	for text, want := range map[string]sentiment.Label{
		"质量很好":        sentiment.Positive,
		"质量不好":        sentiment.Negative,
		"不是很满意":       sentiment.Negative,
		"一点也不喜欢":      sentiment.Negative,
		"服务很差，但是东西很好": sentiment.Positive,
		"东西很好，但是服务很差": sentiment.Negative,
		"没有异味，没问题":    sentiment.Neutral,
		"我昨天收到了快递":    sentiment.Neutral,
		"東西很漂亮":       sentiment.Positive,
		"ＧＯＯＤ！太棒了":    sentiment.Positive,
	} {
		if v := analyze(t, a, text); v.Label != want {
			t.Errorf("%s: %s %.2f, want %s", text, v.Label, v.Score, want)
		}
	}
}

func TestNothingToGoOnIsSaid(t *testing.T) {
	for kind, a := range map[string]*sentiment.Analyzer{"lexicons": lexicons(t), "models": studio(t)} {
		t.Run(kind, func(t *testing.T) { nothingToGoOn(t, a) })
	}
}

func nothingToGoOn(t *testing.T, a *sentiment.Analyzer) {
	t.Helper()
	for name, text := range map[string]string{
		"empty": "", "blank": " \t\n　", "marks": "?!...", "Hebrew": "המוצר הזה נהדר", "Arabic": "منتج رائع", "Russian": "отличный товар",
		"Japanese": "とても良い製品です", "broken": "\xff\xfe\xfd", "NUL": "\x00\x00", "digits": "12345", "unknown symbol": "🜁",
	} {
		v := analyze(t, a, text)
		if v.Label != sentiment.Neutral || v.Method != sentiment.NoBasis || v.Confidence != 0 || v.Score != 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if v := analyze(t, a, "😀😀"); v.Label != sentiment.Positive || v.Method != "lexicon-en" {
		t.Errorf("emoji: %+v", v)
	}
}

func TestSharesSumToTheScore(t *testing.T) {
	a := lexicons(t)
	for _, text := range []string{
		articlePositive, articleNegative, "The screen is great but 电池太差了 and I HATE it!!! 😀",
		"<p>good</p>&nbsp;<b>差</b>", "good\x00bad 很好\xff", strings.Repeat("好 bad ", 300),
	} {
		v := analyze(t, a, text)
		sum := 0.0
		for _, token := range v.Tokens {
			if text[token.Start:token.End] != token.Text {
				t.Errorf("token %+v of %q", token, text)
			}
			sum += token.Share
		}
		if math.Abs(sum-v.Score) > 1e-3 {
			t.Errorf("%q: shares sum to %v, score %v", text, sum, v.Score)
		}
	}
}

func TestNamesInLatinLettersAreReadWithTheChineseAroundThem(t *testing.T) {
	a := lexicons(t)
	for text, want := range map[string]string{
		"iPad mini 2 很好用，wifi 信号很强":      "zh",
		"电池不耐用 but the screen is great":  "mixed",
		"很好 as far as one can tell here": "mixed",
	} {
		if v := analyze(t, a, text); v.Lang != want {
			t.Errorf("%q was read as %q, not %q", text, v.Lang, want)
		}
	}
}

func TestMixedTextIsReadByBoth(t *testing.T) {
	v := analyze(t, lexicons(t), "The phone is great，电池也很好")
	if v.Lang != "mixed" || v.Method != "lexicon-en+lexicon-zh" || v.Label != sentiment.Positive {
		t.Errorf("%+v", v)
	}
}

func TestUnknownLanguageIsRefused(t *testing.T) {
	if _, err := lexicons(t).One(context.Background(), "x", sentiment.Options{Lang: "fr"}); !errors.Is(err, sentiment.ErrLanguage) {
		t.Errorf("error %v", err)
	}
}

func TestHugeTextIsJudgedByItsBeginning(t *testing.T) {
	v := analyze(t, lexicons(t), strings.Repeat("很好 good, ", 10<<20/15))
	if v.Label != sentiment.Positive {
		t.Errorf("%s %v", v.Label, v.Score)
	}
}

func TestCorrectionsReachParaphrasesAndCanBeUndone(t *testing.T) {
	a := lexicons(t)
	const wrong = "这手机就是个砖头，开机半天没反应"
	before := analyze(t, a, "用起来像砖头一样，开机没反应")
	if err := a.Correct(wrong, sentiment.Negative); err != nil {
		t.Fatal(err)
	}
	if v := analyze(t, a, wrong); v.Label != sentiment.Negative || !strings.Contains(v.Method, "corrected") {
		t.Errorf("%+v", v)
	}
	if v := analyze(t, a, "这个手机像砖头，开机没反应"); v.Label != sentiment.Negative {
		t.Errorf("paraphrase: %+v", v)
	}
	if v := analyze(t, a, "衣服很漂亮，物流很快"); v.Label != sentiment.Positive || strings.Contains(v.Method, "corrected") {
		t.Errorf("another subject: %+v", v)
	}
	path := filepath.Join(t.TempDir(), "corrections.jsonl")
	if err := a.SaveCorrections(path); err != nil {
		t.Fatal(err)
	}
	if c, ok := a.Undo(); !ok || c.Text != wrong {
		t.Errorf("undo gave %+v", c)
	}
	if v := analyze(t, a, "用起来像砖头一样，开机没反应"); v.Label != before.Label {
		t.Errorf("after undo: %+v", v)
	}
	other := lexicons(t)
	if err := other.LoadCorrections(path); err != nil {
		t.Fatal(err)
	}
	if v := analyze(t, other, wrong); v.Label != sentiment.Negative {
		t.Errorf("loaded: %+v", v)
	}
	if _, ok := a.Undo(); ok {
		t.Error("undo of nothing")
	}
}

func TestDamagedCorrectionsChangeNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.jsonl")
	if err := os.WriteFile(path, []byte("{\"text\":\"a\",\"label\":\"positive\"}\n{\"text\":"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := lexicons(t)
	if err := a.Correct("old words", sentiment.Negative); err != nil {
		t.Fatal(err)
	}
	if err := a.LoadCorrections(path); err == nil {
		t.Error("damaged file accepted")
	}
	if len(a.Corrections()) != 1 {
		t.Errorf("corrections %v", a.Corrections())
	}
	if err := a.LoadCorrections(filepath.Join(t.TempDir(), "none")); err != nil || len(a.Corrections()) != 0 {
		t.Errorf("no file: %v, %v", err, a.Corrections())
	}
	if err := a.Correct("...", sentiment.Negative); !errors.Is(err, sentiment.ErrCorrection) {
		t.Errorf("wordless correction: %v", err)
	}
}

func TestAnalyzerIsSafeForConcurrentUse(t *testing.T) {
	a := lexicons(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 50 {
				if i == 0 {
					_ = a.Correct("the tablet is a brick", sentiment.Negative)
					a.Undo()
				}
				analyze(t, a, articlePositive+" I love it")
			}
		})
	}
	wg.Wait()
}

func FuzzAnalyze(f *testing.F) {
	for _, s := range []string{"", articlePositive, "good 差 😀", "\xff\x00", "但是但是不不不好好好", "אב good"} {
		f.Add(s)
	}
	a := lexicons(f)
	f.Fuzz(func(t *testing.T, text string) {
		v := analyze(t, a, text)
		if math.IsNaN(v.Score) || v.Score < -1 || v.Score > 1 || v.Confidence < 0 || v.Confidence > 1 {
			t.Fatalf("%q: %+v", text, v)
		}
		for _, token := range v.Tokens {
			if text[token.Start:token.End] != token.Text {
				t.Fatalf("%q: token %+v", text, token)
			}
		}
	})
}
