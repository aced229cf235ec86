package text_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"athanor/inference/text"

	"golang.org/x/text/unicode/norm"
)

// strange are texts that have broken tokenizers before.
var strange = []string{
	"", " ", "\x00", "\xff\xfe", "a\xffb", "é", "e\u0301", "\u0301", "ＡＢＣ１２３！", "㈱½ﬁ", "don't", "'tis", "''", "o'clock's'",
	"这是一个非常好的产品，非常满意！", "I love 这个产品 👍🏽👍🏽", "👨‍👩‍👧‍👦🇨🇳🇩🇪", "<p>good &amp; bad<br/>x", "a < b && c > d", "&#128512;",
	"!!!!!!", "שלום עולם", "مرحبا", "ｶﾞ", "が", "İstanbul", "각", "\u1112\u1161\u11ab", strings.Repeat("\u0300", 70),
	"n't", "can't", "CAN’T", "x''t", "<", "<a", "&lt", "　　全角　", "9号", "mp3", "🙂\uFE0F\u20E3",
}

func TestUnits(t *testing.T) {
	cases := map[string][]string{
		"这是一个好的产品，Very GOOD!!!!":     {"这", "是", "一", "个", "好", "的", "产", "品", ",", "very", "good", "!!!"},
		"I don't like it's 'colour'": {"i", "do", "n't", "like", "it", "'s", "colour"},
		"ＡＢ１ é <br/>&amp;":           {"ab1", "é", "&"},
		"👍🏽👍 🇨🇳🇩🇪 100":               {"👍🏽", "👍", "🇨🇳", "🇩🇪", "100"},
		"do n't":                     {"do", "n't"},
		"a\x00b\xffc":                {"a", "b", "c"},
	}
	for in, want := range cases {
		var got []string
		for _, u := range text.Units(in) {
			got = append(got, u.Text)
		}
		if !slices.Equal(got, want) {
			t.Errorf("Units(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNormalizeIsNFKC(t *testing.T) {
	for _, s := range strange {
		if !utf8.ValidString(s) || strings.ContainsAny(s, "\u0300") {
			continue // broken bytes become U+FFFD; the stream-safe limit of 30 marks is not ours
		}
		if got, want := text.Normalize(s), norm.NFKC.String(s); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestSpans(t *testing.T) {
	in := "Great 产品, really! привет 123"
	var got []string
	for _, s := range text.Spans(in) {
		got = append(got, s.Script.String()+":"+in[s.Start:s.End])
	}
	want := []string{"latin:Great ", "chinese:产品, ", "latin:really! ", "foreign:привет 123"}
	if !slices.Equal(got, want) {
		t.Errorf("Spans = %q, want %q", got, want)
	}
	if s := text.Spans("とても良い製品です"); len(s) != 1 || s[0].Script != text.Foreign {
		t.Errorf("Japanese is %v", s)
	}
	if s := text.Spans("12 👍!"); len(s) != 1 || s[0].Script != text.Common {
		t.Errorf("no script is %v", s)
	}
}

func tokenizers(tb testing.TB) map[string]text.Tokenizer {
	tb.Helper()
	pieces, err := text.ReadVocabulary([]byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood\n##s\nun\n##aff\n##able\n好\n,\n!\na\nb\n"), 16)
	if err != nil {
		tb.Fatal(err)
	}
	sub := text.NGrams(1<<12, 32)
	sub.Subwords = text.Range{2, 4}
	all := map[string]text.Definition{
		"ngrams": text.NGrams(1<<12, 32), "sequence": text.Sequence(1<<12, 32), "subwords": sub, "wordpiece": pieces,
		"vocabulary": text.BuildVocabulary(slices.Values([]string{"good good product", "很好 很好"}), 5, 32),
	}
	var fitErr error
	if all["fitted ngrams"], fitErr = text.Fit(text.Plan{Model: "ngram", Buckets: 64, Length: 32}, slices.Values(strange)); fitErr != nil {
		tb.Fatal(fitErr)
	}
	if all["fitted sequence"], fitErr = text.Fit(text.Plan{Model: "textcnn", Buckets: 64, Length: 32}, slices.Values(strange)); fitErr != nil {
		tb.Fatal(fitErr)
	}
	gaps := text.NGrams(1<<12, 32)
	gaps.Skips, gaps.Edges, gaps.Words, gaps.Han = text.Range{2, 5}, true, text.Range{1, 5}, text.Range{1, 5}
	all["ngrams with gaps and edges"] = gaps
	out := map[string]text.Tokenizer{}
	for name, d := range all {
		b, err := d.Marshal()
		if err != nil {
			tb.Fatal(err)
		}
		if out[name], err = text.Parse(b); err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
	}
	return out
}

// checkTokens is what must hold of every tokenizer on every text.
func checkTokens(t *testing.T, name string, tok text.Tokenizer, s string) {
	t.Helper()
	ids := make([]int64, tok.Length())
	n := tok.IDs(ids, s)
	seen := make([]bool, n)
	last := 0
	for _, token := range tok.Encode(s) {
		if token.Start < 0 || token.End < token.Start || token.End > len(s) {
			t.Fatalf("%s(%q): token %+v lies outside", name, s, token)
		}
		if token.Start < last && !strings.Contains(name, "grams") && name != "subwords" {
			t.Fatalf("%s(%q): token %+v goes back", name, s, token)
		}
		last = token.Start
		if utf8.ValidString(s) && !utf8.ValidString(s[token.Start:token.End]) {
			t.Fatalf("%s(%q): token %+v cuts a character", name, s, token)
		}
		if token.ID < 0 || token.ID >= int64(tok.Vocabulary()) {
			t.Fatalf("%s(%q): id of %+v", name, s, token)
		}
		if token.Index >= n || ids[token.Index] != token.ID {
			t.Fatalf("%s(%q): token %+v is not in IDs %v", name, s, token, ids[:n])
		}
		seen[token.Index] = true
	}
	if slices.Contains(seen, false) {
		t.Fatalf("%s(%q): an id without token: %v", name, s, seen)
	}
}

func TestTokenizersAgreeAndMapBack(t *testing.T) {
	for name, tok := range tokenizers(t) {
		for _, s := range append(strange, strings.Repeat("good 好! ", 100), strings.Repeat(" ", 5000)+"good") {
			checkTokens(t, name, tok, s)
		}
	}
}

func TestUnitsSpellTheOriginal(t *testing.T) {
	in := "Das ist a GOOD產品，真的!!"
	for _, u := range text.Units(in) {
		if got := strings.ToLower(text.Normalize(in[u.Start:u.End])); got != u.Text {
			t.Errorf("unit %q stands for %q", u.Text, got)
		}
	}
}

func TestHashedIDsStayTheSame(t *testing.T) {
	tok, err := text.New(text.NGrams(1<<16, 8))
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, 8)
	tok.IDs(ids, "很好 very good")
	want := []int64{14746, 29127, 35085, 61284, 63156, 63509, 0, 0}
	slices.Sort(ids[:6])
	if !slices.Equal(ids, want) {
		t.Errorf("ids %v, want %v: models trained before would misread every text", ids, want)
	}
}

func TestUniqueRepeatsShareAnIndex(t *testing.T) {
	tok, err := text.New(text.NGrams(1<<16, 64))
	if err != nil {
		t.Fatal(err)
	}
	places := map[int64]map[int]bool{}
	repeats := 0
	for _, token := range tok.Encode("好 good 好 good") {
		if places[token.ID] == nil {
			places[token.ID] = map[int]bool{}
		} else {
			repeats++
		}
		places[token.ID][token.Index] = true
		if len(places[token.ID]) != 1 {
			t.Errorf("id %d has places %v", token.ID, places[token.ID])
		}
	}
	if repeats != 2 {
		t.Errorf("%d repeats, want 2", repeats)
	}
}

func TestHugeFieldIsCut(t *testing.T) {
	huge := strings.Repeat("好产品 good ", 10<<20/16)
	for name, tok := range tokenizers(t) {
		ids := make([]int64, tok.Length())
		if n := tok.IDs(ids, huge); n == 0 {
			t.Errorf("%s saw nothing in 10 MB", name)
		}
	}
}

func TestFitKeepsWhatOccursTwice(t *testing.T) {
	texts := []string{"很好 good", "good 很差", "很 nice"}
	d, err := text.Fit(text.Plan{Model: "textcnn", Buckets: 100, Length: 8}, slices.Values(texts))
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(texts)
	again, err := text.Fit(text.Plan{Model: "textcnn", Buckets: 100, Length: 8}, slices.Values(texts))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Keys, again.Keys) || d.Buckets != 3 {
		t.Errorf("%d buckets, keys %v and %v: want 很 and good, in any order of texts", d.Buckets, d.Keys, again.Keys)
	}
	tok, err := text.New(d)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, token := range tok.Encode("nice 很 bad GOOD") {
		got += token.Text + " "
	}
	if got != "很 good " {
		t.Errorf("tokens %q", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	tok, err := text.New(text.NGrams(1<<12, 32))
	if err != nil {
		t.Fatal(err)
	}
	want := make([]int64, 32)
	tok.IDs(want, strange[14])
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got := make([]int64, 32)
			for range 200 {
				tok.IDs(got, strange[14])
				if !slices.Equal(got, want) {
					t.Error("ids differ between goroutines")
					return
				}
			}
		})
	}
	wg.Wait()
}

func FuzzTokenizers(f *testing.F) {
	for _, s := range strange {
		f.Add(s)
	}
	toks := tokenizers(f)
	f.Fuzz(func(t *testing.T, s string) {
		for name, tok := range toks {
			checkTokens(t, name, tok, s)
		}
		end := 0
		for _, span := range text.Spans(s) {
			if span.Start != end || span.End <= span.Start {
				t.Fatalf("span %+v after %d in %q", span, end, s)
			}
			end = span.End
		}
		if end != len(s) {
			t.Fatalf("spans of %q end at %d", s, end)
		}
		for _, u := range text.Units(s) {
			if u.Start < 0 || u.End < u.Start || u.End > len(s) || u.Text == "" {
				t.Fatalf("unit %+v of %q", u, s)
			}
		}
	})
}

func BenchmarkIDs(b *testing.B) {
	tok, err := text.New(text.NGrams(1<<17, 256))
	if err != nil {
		b.Fatal(err)
	}
	ids := make([]int64, 256)
	s := strings.Repeat("这个产品的质量非常好，物流也很快，下次还会再来买的。", 3)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		tok.IDs(ids, s)
	}
}
