package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestEnglishKinds: a repeated or empty review counts once or not at all, a
// variation names its product, and every sentence has a length.
func TestEnglishKinds(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "en-sentiment"), 0o755); err != nil {
		t.Fatal(err)
	}
	table := "rating\tdate\tvariation\tverified_reviews\tfeedback\n" +
		"5\t31-Jul-18\tBlack  Dot\tgreat\t1\n1\t31-Jul-18\tWhite  Dot\t\"no \"\"echo\"\" here\"\t0\n" +
		"5\t31-Jul-18\tOak Finish \tgreat\t1\n5\t31-Jul-18\tBlack\t \t1\n3\t31-Jul-18\tBlack\tfine\t1\n" +
		"4\t31-Jul-18\tCharcoal Fabric \tlovely\t1\n"
	if err := os.WriteFile(filepath.Join(dir, "en-sentiment", "amazon_alexa.tsv"), []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	kinds, err := (&sentimentBench{data: dir}).alexa()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var sizes []int
	for _, k := range kinds {
		names, sizes = append(names, k.name), append(sizes, len(k.texts))
	}
	if !slices.Equal(names, []string{"Alexa devices: Dot", "Alexa devices: a colour alone named", "Alexa devices: in fabric or wood"}) || !slices.Equal(sizes, []int{2, 1, 1}) {
		t.Fatalf("kinds %q of %v texts", names, sizes)
	}
	if second := kinds[0].texts[1]; second.text != `no "echo" here` || second.positive {
		t.Errorf("the second review of a Dot was read as %+v", second)
	}
	for words, want := range map[int]int{0: 0, 1: 0, 10: 0, 11: 1, 20: 1, 21: 2, 30: 2, 31: 3, 60: 3} {
		text := ""
		for range words {
			text += "word "
		}
		for i, k := range filmsByLength([]labelled{{text: text}}) {
			if got := len(k.texts) == 1; got != (i == want) {
				t.Errorf("a sentence of %d words lies among %q: %v", words, k.name, got)
			}
		}
	}
}
