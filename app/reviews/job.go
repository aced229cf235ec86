// Package reviews scores files of reviews: any table or text file in, the same
// rows with their verdicts out, and what they say together. A job can be
// cancelled at any row and resumed there.
package reviews

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"sync"
	"time"

	"athanor/inference/sentiment"
	"athanor/pipeline/dataset/table"
)

// Errors of jobs.
var (
	// ErrColumn: no column holds texts.
	ErrColumn = errors.New("no text column")
	// ErrOutput: the output cannot be written there.
	ErrOutput = errors.New("output refused")
	// ErrResume: what was left by an earlier job does not fit this one.
	ErrResume = errors.New("nothing to resume")
)

// Job says what to score.
type Job struct {
	In     string
	Out    string // CSV, TSV or JSON lines by its ending; empty: only the summary
	Column string // of the texts; empty: guessed
	By     string // column of categories; empty: guessed by its name; None: none
	When   string // column of dates; empty: guessed by its name; None: none
	Lang   string // as in sentiment.Options
	Resume bool   // go on where a cancelled job to the same Out stopped
	Anew   bool   // judge all rows, even where a cancelled job left some; not with Resume
}

// Progress is how far a job is.
type Progress struct {
	Rows          int
	Bytes, Size   int64 // read of the input file
	Elapsed, Left time.Duration
	Labels        map[sentiment.Label]int // so far
	NoBasis       int
}

// chunk is how many rows are scored at once.
const chunk = 512

// record is one input row: its cells as text.
type record struct{ cells []string }

// Run does the job. It emits progress from the caller's goroutine. When ctx
// ends, what was written stays beside Out for a job with Resume. Original data
// is never changed. A file that was begun with other verdicts, columns or another
// input is not gone on with (ErrOther), nor written over unless Anew says so
// (ErrUnfinished).
func Run(ctx context.Context, a *sentiment.Analyzer, job Job, emit func(Progress)) (Summary, error) {
	in, err := openInput(job.In)
	if err != nil {
		return Summary{}, err
	}
	defer in.close()
	r := &runner{a: a, job: job, in: in, emit: emit, start: time.Now()}
	if err := r.prepare(); err != nil {
		return Summary{}, fmt.Errorf("score %s: %w", job.In, err)
	}
	err = r.loop(ctx)
	if err = errors.Join(err, r.out.close(err == nil)); err != nil {
		return Summary{}, fmt.Errorf("score %s: %w", job.In, err)
	}
	s := r.sums.summary()
	s.Columns, s.Column, s.Problems = r.in.columns, r.in.columns[r.text], in.problems()
	s.By, s.When = nameOf(r.in.columns, r.sums.by), nameOf(r.in.columns, r.sums.when)
	return s, nil
}

func nameOf(columns []string, i int) string {
	if i < 0 {
		return ""
	}
	return columns[i]
}

// runner is a job at work.
type runner struct {
	a     *sentiment.Analyzer
	job   Job
	in    *input
	out   output
	emit  func(Progress)
	start time.Time
	rows  int
	text  int // index of the text column
	sums  *gatherer
}

func (r *runner) prepare() error {
	text, err := textColumn(r.in.columns, r.in.ahead, r.job.Column)
	if err != nil {
		return err
	}
	r.text = text
	by, err := namedColumn(r.in.columns, r.job.By, categoryNames)
	if err != nil {
		return err
	}
	when, err := namedColumn(r.in.columns, r.job.When, dateNames)
	if err != nil {
		return err
	}
	r.sums = newGatherer(text, by, when)
	done, err := r.openOutput()
	if err != nil {
		return err
	}
	for range done {
		if _, err := r.in.next(); err != nil {
			return fmt.Errorf("%w: the input has become shorter (%w); start anew without --resume", ErrResume, err)
		}
		r.rows++
	}
	return nil
}

// judged is a stretch of rows with their verdicts.
type judged struct {
	part     []record
	verdicts []sentiment.Verdict
	offset   int64 // of the input behind them
	err      error
}

// loop counts and writes one stretch while the next is read and judged.
func (r *runner) loop(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	next := make(chan judged, 1)
	var wg sync.WaitGroup
	wg.Go(func() { r.judge(ctx, next) })
	defer wg.Wait() // it reads the input, which is closed behind it
	defer cancel()
	for j := range next {
		if err := cmp.Or(ctx.Err(), j.err); err != nil {
			return err
		}
		if err := r.take(j); err != nil {
			return err
		}
		r.rows += len(j.part)
		r.emit(r.progress(j.offset))
	}
	return ctx.Err()
}

// judge reads and judges the rows that are left, to the end, an error or ctx's end.
func (r *runner) judge(ctx context.Context, next chan<- judged) {
	defer close(next)
	for {
		j := judged{}
		if j.part, j.err = r.read(); j.err == nil && len(j.part) == 0 {
			return
		}
		if j.err == nil {
			j.offset = r.in.offset()
			j.verdicts, j.err = r.score(ctx, j.part)
		}
		select {
		case next <- j:
		case <-ctx.Done():
			return
		}
		if j.err != nil {
			return
		}
	}
}

// read returns the next rows, none at the end.
func (r *runner) read() ([]record, error) {
	part := make([]record, 0, chunk)
	for len(part) < chunk {
		row, err := r.in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		part = append(part, row)
	}
	return part, nil
}

func (r *runner) score(ctx context.Context, part []record) ([]sentiment.Verdict, error) {
	texts := make([]string, len(part))
	for i, row := range part {
		texts[i] = row.cells[r.text]
	}
	return r.a.All(ctx, texts, sentiment.Options{Lang: r.job.Lang})
}

// take counts and writes.
func (r *runner) take(j judged) error {
	for i, v := range j.verdicts {
		r.sums.add(j.part[i].cells, v)
		if err := r.out.write(j.part[i].cells, v); err != nil {
			return err
		}
	}
	return r.out.flush()
}

func (r *runner) progress(offset int64) Progress {
	p := Progress{Rows: r.rows, Bytes: offset, Size: r.in.size, Elapsed: time.Since(r.start), Labels: maps.Clone(r.sums.s.Labels), NoBasis: r.sums.s.NoBasis}
	if p.Bytes > 0 && p.Size > p.Bytes {
		p.Left = time.Duration(float64(p.Elapsed) * float64(p.Size-p.Bytes) / float64(p.Bytes))
	}
	return p
}

// input reads rows, the first ones ahead so that the text column can be guessed.
type input struct {
	reader  table.Reader
	columns []string
	ahead   []record
	at      int // of ahead
	size    int64
}

// lookAhead is how many rows the guess of the text column sees.
const lookAhead = 200

func openInput(path string) (*input, error) {
	in := &input{}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open reviews: %w", err)
	}
	in.size = info.Size()
	if isPlainText(path) {
		in.reader, err = openLines(path)
	} else {
		in.reader, _, err = table.Open(path, table.Options{})
	}
	if err != nil {
		return nil, fmt.Errorf("open reviews: %w", err)
	}
	in.columns = in.reader.Columns()
	for len(in.ahead) < lookAhead {
		row, err := in.fresh()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			in.close()
			return nil, fmt.Errorf("read reviews: %w", err)
		}
		in.ahead = append(in.ahead, row)
	}
	return in, nil
}

func (in *input) fresh() (record, error) {
	row, err := in.reader.Read()
	if err != nil {
		return record{}, err
	}
	cells := make([]string, len(in.columns))
	for i, c := range row.Cells {
		if i < len(cells) {
			cells[i] = c.String()
		}
	}
	return record{cells}, nil
}

func (in *input) next() (record, error) {
	if in.at < len(in.ahead) {
		in.at++
		return in.ahead[in.at-1], nil
	}
	return in.fresh()
}

func (in *input) offset() int64            { return in.reader.Offset() }
func (in *input) problems() map[string]int { return in.reader.Problems().Count }
func (in *input) close()                   { _ = in.reader.Close() }
