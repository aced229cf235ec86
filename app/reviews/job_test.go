package reviews_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"athanor/app/reviews"
	"athanor/inference/sentiment"
	"athanor/inference/testenv"
)

func analyzer(tb testing.TB) *sentiment.Analyzer {
	tb.Helper()
	a, err := sentiment.NewLexicons()
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func save(tb testing.TB, name, content string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func run(tb testing.TB, job reviews.Job) (reviews.Summary, error) {
	tb.Helper()
	return reviews.Run(context.Background(), analyzer(tb), job, func(reviews.Progress) {})
}

func readCSV(tb testing.TB, path string) [][]string {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

const table = "id,date,cat,review\n1,2024-01-05,书,很好看，推荐\n2,2024-02-01,书,\"太差了,\n退货\"\n3,2024-02-03,phone,I love it\n4,2024-02-04,phone,\n"

func TestRowsComeBackWithVerdictsBeside(t *testing.T) {
	in := save(t, "in.csv", table)
	out := filepath.Join(filepath.Dir(in), "out.csv")
	s, err := run(t, reviews.Job{In: in, Out: out})
	if err != nil {
		t.Fatal(err)
	}
	rows := readCSV(t, out)
	if len(rows) != 5 || strings.Join(rows[0], ",") != "id,date,cat,review,sentiment,sentiment_score,sentiment_confidence,sentiment_lang,sentiment_method" {
		t.Fatalf("rows %q", rows)
	}
	for i, want := range []string{"positive", "negative", "positive", "neutral"} {
		if rows[i+1][4] != want {
			t.Errorf("row %d is %s, want %s", i+1, rows[i+1][4], want)
		}
	}
	if rows[2][3] != "太差了,\n退货" || rows[4][8] != sentiment.NoBasis {
		t.Errorf("rows %q", rows)
	}
	if s.Rows != 4 || s.NoBasis != 1 || s.Column != "review" || s.Labels[sentiment.Positive] != 2 {
		t.Errorf("summary %+v", s)
	}
	if len(s.Categories) != 2 || len(s.Months) != 2 || s.Months[1].Name != "2024-02" || len(s.MostNegative) != 1 || s.MostNegative[0].Row != 1 || len(s.MostPositive) != 2 {
		t.Errorf("summary %+v", s)
	}
}

func TestJSONLinesAndPlainText(t *testing.T) {
	in := save(t, "in.txt", "很好\nawful thing\n\n")
	out := filepath.Join(filepath.Dir(in), "out.jsonl")
	if _, err := run(t, reviews.Job{In: in, Out: out}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	var first map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || len(lines) != 3 {
		t.Fatalf("%q: %v", lines, err)
	}
	if first["text"] != "很好" || first["sentiment"] != "positive" || first["sentiment_score"].(float64) <= 0 {
		t.Errorf("%v", first)
	}
}

func TestGB18030IsRead(t *testing.T) {
	b, err := simplifiedchinese.GB18030.NewEncoder().String("评论,编号\n" + strings.Repeat("这本书非常好看，内容精彩，推荐大家购买,1\n质量太差了，非常失望，不会再来,2\n", 20))
	if err != nil {
		t.Fatal(err)
	}
	in := save(t, "gb.csv", b)
	s, err := run(t, reviews.Job{In: in})
	if err != nil || s.Labels[sentiment.Positive] != 20 || s.Labels[sentiment.Negative] != 20 || s.Column != "评论" {
		t.Errorf("%+v, %v", s, err)
	}
}

// A plain text file in GB18030 is read as one in UTF-8.
func TestGB18030PlainText(t *testing.T) {
	b, err := simplifiedchinese.GB18030.NewEncoder().String(strings.Repeat("这本书非常好看，内容精彩，推荐大家购买\n质量太差了，非常失望，不会再来\n", 20))
	if err != nil {
		t.Fatal(err)
	}
	s, err := run(t, reviews.Job{In: save(t, "gb.txt", b)})
	if err != nil || s.Rows != 40 || s.Labels[sentiment.Positive] != 20 || s.Labels[sentiment.Negative] != 20 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestLookNamesTheColumns(t *testing.T) {
	c, err := reviews.Look(reviews.Job{In: save(t, "in.csv", table), By: reviews.None})
	if err != nil || strings.Join(c.Names, ",") != "id,date,cat,review" || c.Text != "review" || c.By != "" || c.When != "date" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = reviews.Look(reviews.Job{In: save(t, "n.csv", "a,b\n1,2\n")}); err != nil || c.Text != "" || len(c.Names) != 2 {
		t.Errorf("no texts: %+v, %v", c, err)
	}
	if _, err = reviews.Look(reviews.Job{In: "none.csv"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// FuzzReviews: any file is judged row by row or refused, and what was written can be
// taken up again.
func FuzzReviews(f *testing.F) {
	for _, seed := range []string{table, "", "很好\n", "a\tb\n1\tgood", "\xff\xfe\x00", "{\"text\":\"bad\"}\n{", "a,b\n\"x", "review\n\x00\n"} {
		for i := range 3 {
			f.Add([]byte(seed), uint8(i))
		}
	}
	a := analyzer(f)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, raw []byte, kind uint8) {
		in, out := filepath.Join(dir, "in"+[]string{".csv", ".txt", ".jsonl"}[kind%3]), filepath.Join(dir, "out.csv")
		if err := os.WriteFile(in, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		job := reviews.Job{In: in, Out: out, Anew: true}
		s, err := reviews.Run(t.Context(), a, job, func(reviews.Progress) {})
		if err != nil {
			return
		}
		job.Column, job.By, job.When = s.Column, reviews.None, reviews.None
		rows, err := reviews.OpenScored(t.Context(), job)
		if err != nil {
			t.Fatalf("what was written cannot be opened: %v", err)
		}
		if rows.Rows() != s.Rows {
			t.Errorf("%d rows of %d are there", rows.Rows(), s.Rows)
		}
		if err := errors.Join(rows.Close(), reviews.Begin(a, job), os.Rename(out, out+".part")); err != nil {
			t.Fatal(err)
		}
		job.Resume, job.Anew = true, false
		if again, err := reviews.Run(t.Context(), a, job, func(reviews.Progress) {}); err != nil || again.Rows != s.Rows {
			t.Errorf("taken up again: %d rows of %d, %v", again.Rows, s.Rows, err)
		}
	})
}

// big is a table that takes several chunks.
func big(rows int) string {
	var b strings.Builder
	b.WriteString("n,review\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d,\"%s, number %d\nsecond line\"\n", i, []string{"great", "terrible", "it is a box"}[i%3], i)
	}
	return b.String()
}

func TestACancelledJobResumesToTheSameFile(t *testing.T) {
	for _, ending := range []string{"csv", "jsonl"} {
		in := save(t, "in.csv", big(3000))
		whole := filepath.Join(filepath.Dir(in), "whole."+ending)
		want, err := run(t, reviews.Job{In: in, Out: whole})
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(filepath.Dir(in), "out."+ending)
		ctx, cancel := context.WithCancel(context.Background())
		_, err = reviews.Run(ctx, analyzer(t), reviews.Job{In: in, Out: out}, func(p reviews.Progress) {
			if p.Rows >= 1000 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		if _, err := os.Stat(out); err == nil {
			t.Error("a cancelled job left a finished file")
		}
		part, err := os.ReadFile(out + ".part")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(out+".part", part[:len(part)-7], 0o600); err != nil { // as a crash leaves it
			t.Fatal(err)
		}
		got, err := run(t, reviews.Job{In: in, Out: out, Resume: true})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := os.ReadFile(whole)
		b, _ := os.ReadFile(out)
		if string(a) != string(b) || len(a) == 0 {
			t.Errorf("%s: the resumed file differs", ending)
		}
		if got.Rows != want.Rows || got.Labels[sentiment.Positive] != want.Labels[sentiment.Positive] {
			t.Errorf("%s: summary %+v, want %+v", ending, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	in := save(t, "in.csv", table)
	dir := filepath.Dir(in)
	for name, c := range map[string]struct {
		job  reviews.Job
		want error
	}{
		"unknown column":    {reviews.Job{In: in, Column: "nope"}, reviews.ErrColumn},
		"unknown category":  {reviews.Job{In: in, By: "nope"}, reviews.ErrColumn},
		"output is input":   {reviews.Job{In: in, Out: in}, reviews.ErrOutput},
		"unknown ending":    {reviews.Job{In: in, Out: filepath.Join(dir, "x.xlsx")}, reviews.ErrOutput},
		"nothing to resume": {reviews.Job{In: in, Out: filepath.Join(dir, "x.csv"), Resume: true}, reviews.ErrResume},
		"missing file":      {reviews.Job{In: filepath.Join(dir, "none.csv")}, os.ErrNotExist},
		"no letters":        {reviews.Job{In: save(t, "n.csv", "a,b\n1,2\n3,4\n")}, reviews.ErrColumn},
	} {
		if _, err := run(t, c.job); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b, err := os.ReadFile(in); err != nil || string(b) != table {
		t.Errorf("the input was changed: %q, %v", b, err)
	}
}

func TestRealReviews(t *testing.T) {
	s, err := run(t, reviews.Job{In: testenv.SharedData(t, "en-sentiment", "amazon_alexa.tsv")})
	if err != nil || s.Rows != 3150 || s.Column != "verified_reviews" || len(s.Months) == 0 || len(s.Words) == 0 {
		t.Errorf("%d rows of %q, %v", s.Rows, s.Column, err)
	}
}

// TestBadReviewsInFiles: rows that no method can judge come back with "no basis",
// rows with the wrong number of cells are left out and counted.
func TestBadReviewsInFiles(t *testing.T) {
	texts := map[string]string{
		"blank": "  \t", "marks": "?!……", "Hebrew": "המוצר הזה נהדר", "Arabic": "منتج رائع", "Russian": "отличный товар", "broken UTF-8": "\xff\xfe\xfd", "tags alone": "<p></p>", "NUL": "\x00\x00",
	}
	var b strings.Builder
	b.WriteString("name,review\n")
	for name, text := range texts {
		fmt.Fprintf(&b, "%s,\"%s\"\n", name, text)
	}
	b.WriteString("emoji,😀😀\nhtml,<b>太好了</b>&nbsp;非常满意\nhuge,\"" + strings.Repeat("很好，非常满意。", 10<<20/24) + "\"\nshort\nlong,很差,extra,cells\n")
	in := save(t, "bad.csv", b.String())
	out := filepath.Join(t.TempDir(), "out.csv")
	s, err := run(t, reviews.Job{In: in, Out: out, Column: "review"})
	if err != nil {
		t.Fatal(err)
	}
	rows := readCSV(t, out)
	verdict := map[string]string{}
	for _, row := range rows[1:] {
		verdict[row[0]] = strings.Join(row[2:], " ")
	}
	for name := range texts {
		if !strings.Contains(verdict[name], "neutral") || !strings.Contains(verdict[name], sentiment.NoBasis) {
			t.Errorf("%s: %q", name, verdict[name])
		}
	}
	for _, name := range []string{"emoji", "html", "huge"} {
		if !strings.Contains(verdict[name], "positive") {
			t.Errorf("%s: %q", name, verdict[name])
		}
	}
	if len(rows)-1 != s.Rows || s.Rows != len(texts)+3 || s.NoBasis != len(texts) || s.Problems["wrong number of cells"] != 2 {
		t.Errorf("%d rows written, summary %d rows, %d without basis, problems %v", len(rows)-1, s.Rows, s.NoBasis, s.Problems)
	}
}
