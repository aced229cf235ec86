package sentiment_test

import (
	"slices"
	"testing"

	"athanor/inference/sentiment"
	"athanor/ui/i18n"
	view "athanor/ui/sentiment"
	"athanor/ui/uitest"
)

// TestClassesWithoutOrderHaveNoScore, and marks are not listed as words.
func TestClassesWithoutOrderHaveNoScore(t *testing.T) {
	uitest.App(t)
	v := view.New(uitest.Book(t, i18n.English))
	v.Apply(sentiment.Verdict{Text: "电池好，", Label: "手机", Confidence: 0.9, Tokens: []sentiment.Token{{Text: "电池", Start: 0, End: 6, Share: 0.4}, {Text: "，", Start: 9, End: 12, Share: 0.3}}})
	shown := uitest.Texts(v)
	if slices.Contains(shown, "0.00") || !slices.Contains(shown, "手机") {
		t.Errorf("a class without order shows %q", shown)
	}
	if slices.Contains(shown, "+0.30") || !slices.Contains(shown, "+0.40") {
		t.Errorf("the words that weigh most are %q", shown)
	}
	v.Apply(sentiment.Verdict{Text: "fine", Label: sentiment.Neutral})
	if !slices.Contains(uitest.Texts(v), "0.00") {
		t.Error("a neutral text has no score")
	}
}
