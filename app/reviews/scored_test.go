package reviews_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/app/reviews"
	"athanor/inference/sentiment"
)

// scored judges the table of four reviews and opens the result.
func scored(t *testing.T, ending string) *reviews.Scored {
	t.Helper()
	in := save(t, "in.csv", table)
	job := reviews.Job{In: in, Out: filepath.Join(filepath.Dir(in), "out."+ending)}
	s, err := run(t, job)
	if err != nil {
		t.Fatal(err)
	}
	job.Column = s.Column
	rows, err := reviews.OpenScored(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rows.Close() })
	return rows
}

func TestScoredRowsAreFilteredAndOrdered(t *testing.T) {
	for _, ending := range []string{"csv", "tsv"} {
		s := scored(t, ending)
		if s.Rows() != 4 || !slices.Equal(s.Categories(), []string{"phone", "书"}) || !slices.Contains(s.Labels(), sentiment.NoBasis) {
			t.Fatalf("%d rows, categories %q, labels %q", s.Rows(), s.Categories(), s.Labels())
		}
		for name, c := range map[string]struct {
			filter reviews.Filter
			want   []int32
		}{
			"all":         {reviews.Filter{}, []int32{0, 1, 2, 3}},
			"positive":    {reviews.Filter{Label: sentiment.Positive}, []int32{0, 2}},
			"no basis":    {reviews.Filter{Label: sentiment.NoBasis}, []int32{3}},
			"category":    {reviews.Filter{Category: "书"}, []int32{0, 1}},
			"month":       {reviews.Filter{Month: "2024-02"}, []int32{1, 2, 3}},
			"text":        {reviews.Filter{Text: "ＬＯＶＥ"}, []int32{2}},
			"several":     {reviews.Filter{Category: "phone", Label: sentiment.Negative}, nil},
			"unknown":     {reviews.Filter{Category: "none"}, nil},
			"worst first": {reviews.Filter{Order: reviews.WorstFirst, Category: "书"}, []int32{1, 0}},
			"best first":  {reviews.Filter{Order: reviews.BestFirst, Category: "书"}, []int32{0, 1}},
		} {
			rows, err := s.Select(t.Context(), c.filter)
			if err != nil || !slices.Equal(rows, c.want) {
				t.Errorf("%s, %s: rows %v, want %v (%v)", ending, name, rows, c.want, err)
			}
		}
		row, err := s.Row(1)
		if err != nil || row.Text != "太差了,\n退货" || row.Verdict.Label != sentiment.Negative || row.Category != "书" {
			t.Errorf("%s: row %+v, %v", ending, row, err)
		}
		if doubtful, _ := s.Select(t.Context(), reviews.Filter{Order: reviews.DoubtfulFirst}); doubtful[0] != 3 {
			t.Errorf("%s: the least sure row is %d, want the one without a basis", ending, doubtful[0])
		}
	}
}

func TestScoredRowsAreExported(t *testing.T) {
	s := scored(t, "csv")
	for ending, want := range map[string]string{
		".csv":   "id,date,cat,review,sentiment,",
		".tsv":   "id\tdate\tcat\treview\tsentiment\t",
		".jsonl": `{"id":"2","date":"2024-02-01","cat":"书","review":"太差了,\n退货","sentiment":"negative","sentiment_score":-`,
	} {
		to := filepath.Join(t.TempDir(), "some"+ending)
		if err := s.Export(t.Context(), []int32{1}, to); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(to)
		if err != nil || !strings.HasPrefix(string(b), want) || strings.Contains(string(b), "I love it") || !strings.Contains(string(b), "退货") {
			t.Errorf("%s: %q, %v", ending, b, err)
		}
	}
	dir := t.TempDir()
	for name, to := range map[string]string{"ending": filepath.Join(dir, "some.xlsx"), "folder": filepath.Join(dir, "none", "some.csv")} {
		if err := s.Export(t.Context(), []int32{0}, to); !errors.Is(err, reviews.ErrOutput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
		t.Errorf("a refused export left %q", left)
	}
}

func TestOpenScoredRefuses(t *testing.T) {
	in := save(t, "in.csv", table)
	for name, c := range map[string]struct {
		job  reviews.Job
		want error
	}{
		"not scored":     {reviews.Job{Out: save(t, "a.csv", "a,b\n1,2\n"), Column: "a"}, reviews.ErrScored},
		"unknown column": {reviews.Job{Out: save(t, "a.csv", "a,b,c,d,e,f\n1,2,3,4,5,6\n"), Column: "b"}, reviews.ErrColumn},
		"torn":           {reviews.Job{Out: save(t, "a.csv", "a,b,c,d,e,f\n1,2\n"), Column: "a"}, reviews.ErrScored},
		"JSON lines":     {reviews.Job{Out: save(t, "a.jsonl", "{}\n"), Column: "a"}, reviews.ErrScored},
		"missing":        {reviews.Job{Out: in + ".none.csv", Column: "a"}, os.ErrNotExist},
	} {
		if _, err := reviews.OpenScored(t.Context(), c.job); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
