package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"athanor/app/reviews"
	"athanor/inference/sentiment"
)

// fileFlags are the flags for a file of reviews.
type fileFlags struct {
	in, column, out, by, when string
	resume, anew              bool
}

func (f *fileFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.in, "file", "", "file of reviews to score")
	flags.StringVar(&f.column, "column", "", "its column of texts; guessed when left out")
	flags.StringVar(&f.out, "out", "", "where the scored rows go (.csv, .tsv, .jsonl); beside the file when left out")
	flags.StringVar(&f.by, "by", "", "column of categories for the summary")
	flags.StringVar(&f.when, "when", "", "column of dates for the summary")
	flags.BoolVar(&f.resume, "resume", false, "go on where a cancelled run to the same --out stopped")
	flags.BoolVar(&f.anew, "anew", false, "judge all rows, even where a cancelled run to the same --out left some")
}

// runReviews scores a file and prints its summary.
func runReviews(cmd *cobra.Command, a *sentiment.Analyzer, f sentimentFlags) error {
	out := f.file.out
	if out == "" {
		out = besides(f.file.in)
	}
	show := newReviewProgress(cmd.ErrOrStderr())
	summary, err := reviews.Run(cmd.Context(), a, reviews.Job{
		In: f.file.in, Out: out, Column: f.file.column, By: f.file.by, When: f.file.when, Lang: f.lang, Resume: f.file.resume, Anew: f.file.anew,
	}, show.progress)
	show.done()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("stopped; run the same command with --resume to go on: %w", err)
	}
	if err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(summary)
	}
	return printSummary(cmd.OutOrStdout(), summary, out)
}

// reviewProgress shows a job on a terminal in one line, elsewhere not at all.
type reviewProgress struct {
	out  io.Writer
	live bool
	last time.Time
}

func newReviewProgress(out io.Writer) *reviewProgress {
	f, ok := out.(*os.File)
	return &reviewProgress{out: out, live: ok && term.IsTerminal(int(f.Fd()))}
}

func (p *reviewProgress) progress(now reviews.Progress) {
	if !p.live || time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last = time.Now()
	share := 100 * float64(now.Bytes) / float64(max(1, now.Size))
	_, _ = fmt.Fprintf(p.out, "\r\x1b[K%d rows, %.0f %%, %s left", now.Rows, share, now.Left.Round(time.Second))
}

func (p *reviewProgress) done() {
	if p.live {
		_, _ = fmt.Fprint(p.out, "\r\x1b[K")
	}
}

func printSummary(out io.Writer, s reviews.Summary, path string) error {
	w := &failing{w: out}
	w.printf("%d rows of column %q → %s\n", s.Rows, s.Column, path)
	rows := float64(max(1, s.Rows))
	for _, l := range []sentiment.Label{sentiment.Positive, sentiment.Neutral, sentiment.Negative} {
		w.printf("  %-9s %7d  %4.1f %%\n", l, s.Labels[l], 100*float64(s.Labels[l])/rows)
	}
	for l, n := range s.Labels {
		if l != sentiment.Positive && l != sentiment.Neutral && l != sentiment.Negative {
			w.printf("  %-9s %7d  %4.1f %%\n", l, n, 100*float64(n)/rows)
		}
	}
	if s.Ordered() {
		w.printf("  mean score %+.3f; no basis in %d\n", s.Mean, s.NoBasis)
	} else {
		w.printf("  no basis in %d\n", s.NoBasis)
	}
	w.ordered = s.Ordered()
	w.groups("by category", s.Categories)
	w.groups("by month", s.Months)
	w.samples("most positive", s.MostPositive)
	w.samples("most negative", s.MostNegative)
	if len(s.Words) > 0 {
		w.printf("most telling words:")
		for _, word := range s.Words {
			w.printf(" %s(%+.0f)", word.Text, word.Weight)
		}
		w.printf("\n")
	}
	for kind, n := range s.Problems {
		w.printf("%d × %s\n", n, kind)
	}
	return w.err
}

// failing remembers the first error of a writer.
type failing struct {
	w       io.Writer
	err     error
	ordered bool // groups are told by their share of positive reviews, else by their most frequent verdict
}

func (f *failing) printf(format string, args ...any) {
	if f.err == nil {
		_, f.err = fmt.Fprintf(f.w, format, args...)
	}
}

func (f *failing) groups(title string, groups []reviews.Group) {
	if len(groups) == 0 {
		return
	}
	f.printf("%s:\n", title)
	for _, g := range groups {
		if !f.ordered {
			label, n := g.Top()
			f.printf("  %-16s %7d rows  %5.1f %% %s\n", shorten(g.Name), g.Rows, 100*float64(n)/float64(g.Rows), label)
			continue
		}
		f.printf("  %-16s %7d rows  %5.1f %% positive  mean %+.3f\n", shorten(g.Name), g.Rows, 100*float64(g.Positive)/float64(g.Rows), g.Mean)
	}
}

func (f *failing) samples(title string, samples []reviews.Sample) {
	if len(samples) == 0 {
		return
	}
	f.printf("%s:\n", title)
	for _, s := range samples {
		f.printf("  row %-7d %+.3f  %s\n", s.Row+1, s.Score, shorten(s.Text))
	}
}
