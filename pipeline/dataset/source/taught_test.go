package source_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
)

// reviews writes labelled texts, some for each label.
func reviews(t *testing.T, name string, labels ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("label,review\n")
	for i, l := range labels {
		for n := range 12 {
			fmt.Fprintf(&b, "%s,\"opinion %d of matter%d, a%d b%d c%d\"\n", l, n, i*101+n*7919, n*17+i, n*13, n*31+i)
		}
	}
	return writeFile(t, filepath.Join(t.TempDir(), name), b.String())
}

// Labelled reviews whose labels are not what a training needs: one class alone, none
// at all, or in the test set labels that nothing teaches.
func TestLabelsThatNothingTeaches(t *testing.T) {
	two := reviews(t, "two.csv", "good", "bad")
	for name, c := range map[string]struct {
		c    source.Config
		want error
	}{
		"one class":                  {source.Config{Path: reviews(t, "one.csv", "good")}, source.ErrOneClass},
		"no label":                   {source.Config{Path: reviews(t, "none.csv", "", " ")}, source.ErrEmpty},
		"one class to learn from":    {source.Config{Path: reviews(t, "one.csv", "good"), Test: two}, source.ErrOneClass},
		"one class and no other one": {source.Config{Path: reviews(t, "one.csv", "good"), Test: reviews(t, "same.csv", "good")}, source.ErrOneClass},
	} {
		c.c.Task, c.c.Text, c.c.Label = dataset.Text, "review", "label"
		if _, err := source.Open(t.Context(), c.c); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	set, err := source.Open(t.Context(), source.Config{Path: two, Test: reviews(t, "test.csv", "good", "ugly", "odd", ""), Task: dataset.Text, Text: "review", Label: "label", Validation: 0.2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"24 test rows have labels that no training row has (odd, ugly)", "12 rows without a label are left out"} {
		if !slices.ContainsFunc(set.Notes, func(n string) bool { return strings.Contains(n, want) }) {
			t.Errorf("no note says %q: %q", want, set.Notes)
		}
	}
	if set.Test.Len() != 36 {
		t.Errorf("%d test rows, want 36", set.Test.Len())
	}
}
