package sentiment_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/inference/sentiment"
	"athanor/inference/testenv"
)

// expected reads a file of scores that bench/peers/sentiment/vader_expect.py
// wrote with the Python reference.
func expected(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// line writes scores as the files of expected scores do.
func line(s sentiment.Scores) string {
	return fmt.Sprintf("%.0f %.0f %.0f %.0f", s.Negative*1e3, s.Neutral*1e3, s.Positive*1e3, s.Compound*1e4)
}

func same(got, want string) bool {
	return strings.ReplaceAll(got, "-0", "0") == strings.ReplaceAll(want, "-0", "0")
}

func TestVADERIsTheReferenceOnStressSentences(t *testing.T) {
	v := sentiment.NewVADER()
	lines := expected(t, "vader_stress.tsv.gz")
	if len(lines) < 3000 {
		t.Fatalf("only %d sentences", len(lines))
	}
	for _, l := range lines {
		want, text, _ := strings.Cut(l, "\t")
		if got := line(v.Score(text)); !same(got, want) {
			t.Errorf("%q: %s, reference %s", text, got, want)
		}
	}
}

func TestVADERIsTheReferenceOnGroundTruth(t *testing.T) {
	v := sentiment.NewVADER()
	for _, name := range []string{"amazonReviewSnippets", "tweets"} {
		b, err := os.ReadFile(testenv.SharedData(t, "en-sentiment", "vader", name+"_GroundTruth.txt"))
		if err != nil {
			t.Fatal(err)
		}
		want := expected(t, "vader_"+name+".gz")
		rows := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		if len(rows) != len(want) {
			t.Fatalf("%s: %d rows, %d expected", name, len(rows), len(want))
		}
		for i, row := range rows {
			text := strings.SplitN(strings.TrimRight(row, "\r"), "\t", 3)[2]
			if got := line(v.Score(text)); !same(got, want[i]) {
				t.Errorf("%s line %d: %s, reference %s", name, i+1, got, want[i])
			}
		}
	}
}

func TestVADERSharesSumToTheScore(t *testing.T) {
	v := sentiment.NewVADER()
	for _, l := range expected(t, "vader_stress.tsv.gz") {
		_, text, _ := strings.Cut(l, "\t")
		checkExplanation(t, v, text)
	}
}

func checkExplanation(t *testing.T, v *sentiment.VADER, text string) {
	t.Helper()
	scores, shares := v.Explain(text)
	if again := v.Score(text); again != scores {
		t.Fatalf("%q: Explain %v, Score %v", text, scores, again)
	}
	sum := 0.0
	for _, s := range shares {
		if s.Start < 0 || s.End < s.Start || s.End > len(text) {
			t.Fatalf("%q: share %+v lies outside", text, s)
		}
		sum += s.Share
	}
	if math.Abs(sum-scores.Compound) > 1e-4 {
		t.Fatalf("%q: shares sum to %v, compound %v", text, sum, scores.Compound)
	}
}

func TestVADERSharesStandAtTheirWords(t *testing.T) {
	text := "😀 The food was not good!"
	_, shares := sentiment.NewVADER().Explain(text)
	found := map[string]float64{}
	for _, s := range shares {
		found[text[s.Start:s.End]] += s.Share
	}
	if found["good"] >= 0 || found["😀"] <= 0 || found["food"] != 0 {
		t.Errorf("shares %v", found)
	}
}

func TestVADERTakesHugeText(t *testing.T) {
	v := sentiment.NewVADER()
	huge := strings.Repeat("good VERY bad happy, not sad terrible! ", 10<<20/39) + "but fine"
	s := v.Score(huge)
	if math.IsNaN(s.Compound) || math.Abs(s.Compound) > 1 {
		t.Errorf("compound %v", s.Compound)
	}
}

func FuzzVADER(f *testing.F) {
	for _, s := range []string{"", "not good", "\xff\xfe", "a\x00b", "😀!", "but good but bad", "THE SHIT", "👍🏽 שלום", "İ K ǅ"} {
		f.Add(s)
	}
	v := sentiment.NewVADER()
	f.Fuzz(func(t *testing.T, text string) {
		s, _ := v.Explain(text)
		if sum := s.Positive + s.Neutral + s.Negative; sum != 0 && math.Abs(sum-1) > 0.002 {
			t.Fatalf("%q: shares of the text %v", text, s)
		}
		checkExplanation(t, v, text)
	})
}

func BenchmarkVADER(b *testing.B) {
	v := sentiment.NewVADER()
	raw, err := os.ReadFile(testenv.SharedData(b, "en-sentiment", "vader", "tweets_GroundTruth.txt"))
	if err != nil {
		b.Fatal(err)
	}
	var texts []string
	for l := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\n"), "\n") {
		texts = append(texts, strings.SplitN(l, "\t", 3)[2])
	}
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			v.Score(texts[i%len(texts)])
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "texts/s")
}
