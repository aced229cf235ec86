package reviews_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/app/reviews"
	"athanor/inference/sentiment"
)

// stopped leaves an unfinished file of a job, with rows in it.
func stopped(t *testing.T, a *sentiment.Analyzer, job reviews.Job) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	job.Anew = true
	if _, err := reviews.Run(ctx, a, job, func(reviews.Progress) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
}

func corrected(t *testing.T, text string, label sentiment.Label) *sentiment.Analyzer {
	t.Helper()
	a := analyzer(t)
	if err := a.Correct(text, label); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestOtherVerdictsDoNotGoOn: a file holds verdicts of one kind; what differs is named.
func TestOtherVerdictsDoNotGoOn(t *testing.T) {
	vader, _, _, err := sentiment.NewNamed("vader")
	if err != nil {
		t.Fatal(err)
	}
	in := save(t, "in.csv", big(1500))
	job := reviews.Job{In: in, Out: filepath.Join(filepath.Dir(in), "out.csv"), Column: "review"}
	lang, column := job, job
	lang.Lang, column.Column = "en", "n"
	begun := corrected(t, "it is a box", sentiment.Negative)
	for name, c := range map[string]struct {
		a    *sentiment.Analyzer
		job  reviews.Job
		says string
	}{
		"model":              {vader, job, "judged by lexicon-en, lexicon-zh, now vader"},
		"fewer corrections":  {analyzer(t), job, "1 corrections were followed, now there are 0"},
		"another correction": {corrected(t, "it is a box", sentiment.Positive), job, "or others"},
		"language":           {begun, lang, "--lang was auto and is en"},
		"column":             {begun, column, `column "review", now "n"`},
	} {
		stopped(t, begun, job)
		before, err := os.ReadFile(job.Out + ".part")
		if err != nil {
			t.Fatal(err)
		}
		c.job.Resume = true
		_, err = reviews.Run(t.Context(), c.a, c.job, func(reviews.Progress) {})
		if !errors.Is(err, reviews.ErrOther) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "--anew") {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(job.Out + ".part"); string(after) != string(before) {
			t.Errorf("%s: the rows that were there have changed", name)
		}
	}
	goesOn := job
	goesOn.Resume = true
	if s, err := reviews.Run(t.Context(), corrected(t, "it is a box", sentiment.Negative), goesOn, func(reviews.Progress) {}); err != nil || s.Rows != 1500 {
		t.Errorf("the same again: %d rows, %v", s.Rows, err)
	}
	if left, _ := filepath.Glob(job.Out + ".*"); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

// TestAnUnfinishedFileIsKept until a person says that all rows are to be judged anew.
func TestAnUnfinishedFileIsKept(t *testing.T) {
	in := save(t, "in.csv", big(1500))
	job := reviews.Job{In: in, Out: filepath.Join(filepath.Dir(in), "out.csv")}
	stopped(t, analyzer(t), job)
	if _, err := run(t, job); !errors.Is(err, reviews.ErrUnfinished) {
		t.Errorf("begun again: %v", err)
	}
	if err := os.WriteFile(in, []byte(big(1600)), 0o600); err != nil {
		t.Fatal(err)
	}
	job.Resume = true
	if _, err := run(t, job); !errors.Is(err, reviews.ErrOther) || !strings.Contains(err.Error(), "input has changed") {
		t.Errorf("another input: %v", err)
	}
	job.Resume, job.Anew = false, true
	if s, err := run(t, job); err != nil || s.Rows != 1600 {
		t.Errorf("anew: %d rows, %v", s.Rows, err)
	}
	if err := reviews.Begin(analyzer(t), job); err != nil {
		t.Fatal(err)
	}
	job.Anew = false
	if s, err := run(t, job); err != nil || s.Rows != 1600 {
		t.Errorf("a file without rows is in the way: %d rows, %v", s.Rows, err)
	}
	if err := errors.Join(reviews.Begin(analyzer(t), job), os.Remove(job.Out+".part.json")); err != nil {
		t.Fatal(err)
	}
	job.Resume = true
	if _, err := run(t, job); !errors.Is(err, reviews.ErrOther) {
		t.Errorf("nothing says what it was judged by: %v", err)
	}
}

// TestOwnClassesAreExplainedAndCounted: of classes without an order the word that tells
// stands out, however sure the model is, and groups are told by their commonest class.
func TestOwnClassesAreExplainedAndCounted(t *testing.T) {
	m, _ := trained(t, written(t, map[string][]string{"phone": {"battery", "屏幕"}, "hotel": {"breakfast", "房间"}, "book": {"chapter", "作者"}}), "nb-linear")
	a := sentiment.NewAnalyzer(sentiment.Methods{English: m, Chinese: m, Symbols: m})
	v, err := a.Analyze(t.Context(), "the order came yesterday breakfast this 商品")
	if err != nil || v.Label != "hotel" {
		t.Fatalf("%+v, %v", v, err)
	}
	sum, top := 0.0, v.Tokens[0]
	for _, token := range v.Tokens {
		sum += token.Share
		if token.Share > top.Share {
			top = token
		}
	}
	if surer := v.Confidence - 1.0/3; top.Text != "breakfast" || top.Share < surer/2 || sum < surer-1e-6 || sum > surer+1e-6 {
		t.Errorf("%q stands out with %.3f of %.3f: %+v", top.Text, top.Share, sum, v.Tokens)
	}
	in := save(t, "in.csv", "cat,review\nA,the breakfast came\nA,this breakfast\nA,the battery order\nB,chapter order came\n")
	s, err := reviews.Run(t.Context(), a, reviews.Job{In: in}, func(reviews.Progress) {})
	if err != nil || len(s.Categories) != 2 || s.Ordered() {
		t.Fatalf("%+v, %v", s, err)
	}
	if label, n := s.Categories[0].Top(); label != "hotel" || n != 2 {
		t.Errorf("most of A are %s (%d): %+v", label, n, s.Categories[0])
	}
}
