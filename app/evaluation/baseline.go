package evaluation

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"

	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
	"athanor/pipeline/evaluate"
)

// baselineTests is how many samples a baseline is measured on at most.
const baselineTests = 10_000

// baseline trains a simple model on the training part and measures it on the
// samples; nil where the data has no form it takes.
func baseline(ctx context.Context, s *Samples) (*evaluate.Baseline, error) {
	columns := s.set.Train.Columns()
	if len(columns) != 1 {
		return nil, nil
	}
	b := baselineRun{s: s, column: columns[0], began: time.Now()}
	switch columns[0].Type {
	case onnx.Int64:
		return b.texts(ctx)
	case onnx.Float, onnx.Uint8:
		if len(s.names) == 0 {
			return b.values(ctx)
		}
		return b.classes(ctx)
	}
	return nil, nil
}

type baselineRun struct {
	s      *Samples
	column dataset.Column
	began  time.Time
}

func (b *baselineRun) width() int { return sampleBytes(b.column) / b.column.Type.Size() }

// some are up to n rows of a feed in an order of chance that is always the same.
func some(feed dataset.Feed, n int) []int {
	order := rand.New(rand.NewPCG(3, 4)).Perm(feed.Len())
	return order[:min(n, len(order))]
}

func (b *baselineRun) done(name string, trained int) *evaluate.Baseline {
	return &evaluate.Baseline{Name: name, Samples: trained, Seconds: time.Since(b.began).Seconds()}
}

func (b *baselineRun) classes(ctx context.Context) (*evaluate.Baseline, error) {
	feed := b.s.set.Train
	rows := some(feed, evaluate.LinearSamples(b.width(), len(b.s.names)))
	t, err := b.numbers(ctx, feed, rows)
	if err != nil {
		return nil, err
	}
	labels := make([]int, len(rows))
	for i, r := range rows {
		labels[i] = feed.Class(r)
	}
	l := evaluate.TrainLinear(t, labels, len(b.s.names))
	out := b.done("logistic regression", len(rows))
	out.Accuracy, err = b.accuracy(ctx, func(raw []byte) int { return l.Predict(b.row(raw)) })
	return out, err
}

func (b *baselineRun) values(ctx context.Context) (*evaluate.Baseline, error) {
	feed := b.s.set.Train
	rows := some(feed, evaluate.LinearSamples(b.width(), b.width()))
	t, err := b.numbers(ctx, feed, rows)
	if err != nil {
		return nil, err
	}
	y := make([]float32, len(rows))
	for i, r := range rows {
		y[i] = feed.Target(r)
	}
	ridge := evaluate.TrainRidge(t, y)
	if ridge == nil {
		return nil, nil
	}
	out := b.done("linear regression", len(rows))
	var predicted []float32
	err = b.each(ctx, func(_ int, raw []byte) { predicted = append(predicted, ridge.Predict(b.row(raw))) })
	if err != nil {
		return nil, err
	}
	g, err := evaluate.Regress(predicted, b.s.Targets[:len(predicted)])
	out.R2 = g.R2
	return out, err
}

func (b *baselineRun) texts(ctx context.Context) (*evaluate.Baseline, error) {
	feed := b.s.set.Train
	rows := some(feed, 1<<21/max(b.width(), 1))
	var ids [][]int64
	labels := make([]int, len(rows))
	err := read(ctx, feed, rows, func(i int, raw []byte) {
		ids, labels[i] = append(ids, b.ids(raw)), feed.Class(rows[i])
	})
	if err != nil {
		return nil, err
	}
	nb := evaluate.TrainNaiveBayes(ids, labels, len(b.s.names))
	out := b.done("naive Bayes over the same tokens", len(rows))
	out.Accuracy, err = b.accuracy(ctx, func(raw []byte) int { return nb.Predict(b.ids(raw)) })
	return out, err
}

func (b *baselineRun) numbers(ctx context.Context, feed dataset.Feed, rows []int) (evaluate.Table, error) {
	t := evaluate.Table{Width: b.width(), X: make([]float32, 0, len(rows)*b.width())}
	err := read(ctx, feed, rows, func(_ int, raw []byte) { t.X = append(t.X, b.row(raw)...) })
	return t, err
}

// row is a sample as numbers; a missing one is 0.
func (b *baselineRun) row(raw []byte) []float32 {
	out := make([]float32, b.width())
	for k := range out {
		if b.column.Type == onnx.Uint8 {
			out[k] = float32(raw[k])
			continue
		}
		if v := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*k:])); v-v == 0 {
			out[k] = v
		}
	}
	return out
}

func (b *baselineRun) ids(raw []byte) []int64 {
	out := make([]int64, b.width())
	for k := range out {
		out[k] = int64(binary.LittleEndian.Uint64(raw[8*k:]))
	}
	return out
}

// accuracy is the share of the samples that predict gets right; its classes are
// the data's own.
func (b *baselineRun) accuracy(ctx context.Context, predict func(raw []byte) int) (float64, error) {
	right, n := 0, 0
	err := b.each(ctx, func(i int, raw []byte) {
		n++
		if predict(raw) == b.s.truth[i] {
			right++
		}
	})
	return float64(right) / float64(max(n, 1)), err
}

// each visits the measured samples, at most baselineTests of them.
func (b *baselineRun) each(ctx context.Context, visit func(i int, raw []byte)) error {
	for i := 0; i < min(b.s.Len(), baselineTests); {
		feed := b.s.at[i].feed
		var rows []int
		for j := i; j < min(b.s.Len(), baselineTests) && b.s.at[j].feed == feed; j++ {
			rows = append(rows, b.s.at[j].row)
		}
		from := i
		if err := read(ctx, feed, rows, func(k int, raw []byte) { visit(from+k, raw) }); err != nil {
			return err
		}
		i += len(rows)
	}
	return nil
}

// read visits rows of a feed of one column.
func read(ctx context.Context, feed dataset.Feed, rows []int, visit func(i int, raw []byte)) error {
	each := sampleBytes(feed.Columns()[0])
	memory := make([]byte, batch*each)
	for from := 0; from < len(rows); from += batch {
		part := rows[from:min(from+batch, len(rows))]
		if err := feed.Fill(ctx, [][]byte{memory[:len(part)*each]}, -1, part); err != nil {
			return err
		}
		for i := range part {
			visit(from+i, memory[i*each:(i+1)*each])
		}
	}
	return nil
}
