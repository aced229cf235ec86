package evaluation

import (
	"context"
	"fmt"
	"slices"

	"athanor/inference/model"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/evaluate"
)

// batch is how many samples go through the model at once.
const batch = 256

// answers are a model's raw answers: a row of scores a sample, or one value.
type answers struct{ scores []float32 }

// asker puts samples to a model in the form its users have them: pixels, texts,
// rows.
type asker struct {
	model *model.Model
	s     *Samples
	width int
	out   int // the answer among the model's outputs, of pictures
}

func newAsker(m *model.Model, s *Samples) (*asker, error) {
	a := &asker{model: m, s: s, width: max(len(m.Info().Labels), 1)}
	switch task := m.Info().Task; {
	case task != model.Task(s.set.Task):
		return nil, fmt.Errorf("%w: the model takes %s, the data holds %s", ErrMismatch, task, s.set.Task)
	case task == model.Image:
		return a, a.pictures()
	}
	return a, nil
}

// pictures checks that the feed's pixels are what the model takes.
func (a *asker) pictures() error {
	inputs, columns := a.model.Inputs(), a.s.at[0].feed.Columns()
	if len(inputs) != len(columns) {
		return fmt.Errorf("%w: the model takes %d inputs, the data has %d", ErrMismatch, len(inputs), len(columns))
	}
	for i, col := range columns {
		if err := inputs[i].Accepts(col.Type, shape(max(a.fixed(), 1), col.Shape)); err != nil {
			return fmt.Errorf("%w: %w", ErrMismatch, err)
		}
	}
	name, err := a.model.AnswerName()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMismatch, err)
	}
	a.out = slices.IndexFunc(a.model.Outputs(), func(p model.Port) bool { return p.Name == name })
	return nil
}

func shape(rows int, sample []int) []int64 {
	s := []int64{int64(rows)}
	for _, d := range sample {
		s = append(s, int64(d))
	}
	return s
}

// all asks about every sample.
func (a *asker) all(ctx context.Context, progress func(done, total int)) (answers, error) {
	rows := make([]int, a.s.Len())
	for i := range rows {
		rows[i] = i
	}
	got := answers{scores: make([]float32, 0, len(rows)*a.width)}
	for part := range slices.Chunk(rows, batch) {
		scores, err := a.ask(ctx, part, nil)
		if err != nil {
			return got, err
		}
		got.scores = append(got.scores, scores...)
		if progress != nil {
			progress(part[len(part)-1]+1, len(rows))
		}
	}
	return got, nil
}

// change alters samples before they are asked about; any part may be nil.
type change struct {
	pixels func(pix []byte, h, w, channels int, seed uint64)
	text   func(text string, seed uint64) string
	row    func(row map[string]string, seed uint64) map[string]string
}

// fixed is how many samples the model takes at once, where it takes one number of
// them alone, as many exported models do; 0 where it takes any.
func (a *asker) fixed() int {
	in := a.model.Inputs()[0]
	if !in.Ranked || len(in.Shape) == 0 || !in.Shape[0].Known {
		return 0
	}
	return int(max(in.Shape[0].Value, 0))
}

// ask returns the scores of the given samples, changed where c is not nil. A model
// of one number of samples is asked in parts of so many, the last one filled up
// with its last sample.
func (a *asker) ask(ctx context.Context, rows []int, c *change) ([]float32, error) {
	n := a.fixed()
	if n == 0 {
		return a.askOnce(ctx, rows, c)
	}
	var scores []float32
	for part := range slices.Chunk(rows, n) {
		full := slices.Clone(part)
		for len(full) < n {
			full = append(full, part[len(part)-1])
		}
		got, err := a.askOnce(ctx, full, c)
		if err != nil {
			return nil, err
		}
		scores = append(scores, got[:len(got)/n*len(part)]...)
	}
	return scores, nil
}

func (a *asker) askOnce(ctx context.Context, rows []int, c *change) ([]float32, error) {
	if a.model.Info().Task == model.Image {
		return a.askPictures(ctx, rows, c)
	}
	var list []model.Prediction
	var err error
	if a.model.Info().Task == model.Text {
		list, err = a.model.Texts(ctx, a.texts(rows, c)...)
	} else {
		list, err = a.model.Rows(ctx, a.rows(rows, c)...)
	}
	var scores []float32
	for _, p := range list {
		if p.Probabilities == nil {
			scores = append(scores, p.Value)
		}
		scores = append(scores, p.Probabilities...)
	}
	return scores, err
}

func (a *asker) texts(rows []int, c *change) []string {
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = a.s.raw.TextOf(a.s.Number(r))
		if c != nil {
			texts[i] = c.text(texts[i], uint64(r))
		}
	}
	return texts
}

func (a *asker) rows(rows []int, c *change) []map[string]string {
	list := make([]map[string]string, len(rows))
	for i, r := range rows {
		list[i] = a.s.Row(r)
		if c != nil {
			list[i] = c.row(list[i], uint64(r))
		}
	}
	return list
}

func (a *asker) askPictures(ctx context.Context, rows []int, c *change) ([]float32, error) {
	in, err := a.s.load(ctx, rows)
	defer closeAll(in)
	if err != nil {
		return nil, err
	}
	if c != nil {
		d := a.s.at[0].feed.Columns()[0].Shape
		each := d[0] * d[1] * d[2]
		for i, r := range rows {
			c.pixels(in[0].Bytes()[i*each:(i+1)*each], d[0], d[1], d[2], uint64(r))
		}
	}
	out, err := a.model.Run(ctx, in)
	if err != nil {
		return nil, err
	}
	defer closeAll(out)
	if n := len(out[a.out].Bytes()) / 4; n != len(rows)*a.width {
		return nil, fmt.Errorf("%w: the model gave %d numbers for %d samples and %d classes", ErrMismatch, n, len(rows), a.width)
	}
	return slices.Clone(runtime.Data[float32](out[a.out])), nil
}

// load reads samples as their feed gives them; the caller closes the tensors,
// also after an error.
func (s *Samples) load(ctx context.Context, rows []int) ([]*runtime.Tensor, error) {
	columns := s.at[rows[0]].feed.Columns()
	in := make([]*runtime.Tensor, len(columns))
	for i, col := range columns {
		var err error
		if in[i], err = runtime.NewZeros(col.Type, shape(len(rows), col.Shape)); err != nil {
			return in, err
		}
	}
	for done := 0; done < len(rows); {
		n := s.sameFeed(rows[done:])
		if err := s.fill(ctx, in, rows[done:done+n], done); err != nil {
			return in, err
		}
		done += n
	}
	return in, nil
}

// sameFeed counts how many of rows, from the first on, lie in one feed.
func (s *Samples) sameFeed(rows []int) int {
	n := 1
	for n < len(rows) && s.at[rows[n]].feed == s.at[rows[0]].feed {
		n++
	}
	return n
}

func (s *Samples) fill(ctx context.Context, in []*runtime.Tensor, rows []int, from int) error {
	feed := s.at[rows[0]].feed
	memory, local := make([][]byte, len(in)), make([]int, len(rows))
	for i, col := range feed.Columns() {
		each := sampleBytes(col)
		memory[i] = in[i].Bytes()[from*each : (from+len(rows))*each]
	}
	for i, r := range rows {
		local[i] = s.at[r].row
	}
	if err := feed.Fill(ctx, memory, -1, local); err != nil {
		return fmt.Errorf("read samples: %w", err)
	}
	return nil
}

func sampleBytes(c dataset.Column) int {
	n := c.Type.Size()
	for _, d := range c.Shape {
		n *= d
	}
	return n
}

func closeAll(tensors []*runtime.Tensor) {
	for _, t := range tensors {
		t.Close()
	}
}

// cost times single samples and batches.
func (a *asker) cost(ctx context.Context) (evaluate.Efficiency, error) {
	e := evaluate.Efficiency{Size: a.model.Info().Size, PeakRSS: evaluate.PeakRSS()}
	one, many := []int{0}, make([]int, min(batch, a.s.Len()))
	for i := range many {
		many[i] = i
	}
	ask := func(rows []int) func() error {
		return func() error { _, err := a.ask(ctx, rows, nil); return err }
	}
	var err error
	if e.LatencyP50, e.LatencyP99, err = evaluate.Latency(200, ask(one)); err != nil {
		return e, err
	}
	power := evaluate.StartEnergy(evaluate.PowerCounters)
	p50, _, err := evaluate.Latency(10, ask(many))
	e.Throughput = float64(len(many)) / max(p50/1000, 1e-9)
	if joules, ok := power.Joules(); ok {
		e.JoulesPerThousand = joules / float64(10*len(many)) * 1000
	}
	return e, err
}
