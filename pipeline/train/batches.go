package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	goruntime "runtime"

	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
)

// Order is the order of samples in an epoch (counted from 0): a permutation of
// [0, n) that depends on seed and epoch only, so that any batch of any epoch can
// be found again. It takes four bytes a sample.
func Order(n int, seed uint64, epoch int) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	rand.New(rand.NewPCG(seed, uint64(epoch)+1)).Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

// samplesOf are the rows of an order as the feeds take them.
func samplesOf(order []int32) []int {
	rows := make([]int, len(order))
	for i, row := range order {
		rows[i] = int(row)
	}
	return rows
}

// BatchRows are the feed rows of one batch of an epoch, step counted from 0
// inside the epoch, with excluded rows of the source left out.
func BatchRows(feed dataset.Feed, seed uint64, epoch, batch, step int, excluded map[int]bool) []int {
	order := keep(feed, Order(feed.Len(), seed, epoch), excluded)
	start := min(step*batch, len(order))
	return samplesOf(order[start:min(start+batch, len(order))])
}

func keep(feed dataset.Feed, order []int32, excluded map[int]bool) []int32 {
	if len(excluded) == 0 {
		return order
	}
	kept := order[:0]
	for _, i := range order {
		if !excluded[feed.Row(int(i))] {
			kept = append(kept, i)
		}
	}
	return kept
}

// filled is one batch's samples in memory, or why it could not be read.
type filled struct {
	rows []int
	data [][]byte // nil where they are yet to be read, straight into their place
	err  error
	partners
}

// reader gives the batches of an epoch in order.
type reader interface {
	// next waits for the next batch; ok is false behind the last.
	next() (b filled, ok bool)
	// recycle gives a batch's memory back once it has been copied.
	recycle(data [][]byte)
	// stop ends the reader and waits for it.
	stop()
}

// newReader reads order from batch number first on. Where every core computes and
// samples are only copied, they are best copied between steps: a goroutine that
// reads ahead then takes a core away in the middle of a step, for longer than its
// work lasts.
func (r *run) newReader(ctx context.Context, order []int32) reader {
	feed, batch := r.deps.Set.Train, r.recipe.Train.Batch
	c, ok := feed.(dataset.Copier)
	if ok && c.Cheap() && r.recipe.Threads >= goruntime.GOMAXPROCS(0) {
		return &copied{feed: feed, epoch: r.Epoch, order: order[min(r.Batch*batch, len(order)):], batch: batch}
	}
	return readAhead(ctx, feed, order, batch, r.Batch, r.Epoch)
}

// copied leaves the reading to the step.
type copied struct {
	feed  dataset.Feed
	epoch int
	order []int32
	batch int
	rows  []int
}

func (c *copied) next() (filled, bool) {
	n := min(c.batch, len(c.order))
	c.rows = c.rows[:0]
	for _, row := range c.order[:n] {
		c.rows = append(c.rows, int(row))
	}
	c.order = c.order[n:]
	return filled{rows: c.rows, partners: partnersOf(c.feed, c.epoch, c.rows)}, n > 0
}

func (c *copied) recycle([][]byte) {}
func (c *copied) stop()            {}

// batches reads the batches of an epoch ahead in a bounded queue, in order.
// Small ones come several at a time: waking a goroutine for each would take as
// long as reading it.
type batches struct {
	feed   dataset.Feed
	epoch  int
	queue  chan []filled
	held   []filled // of the group taken last
	cancel context.CancelFunc
	done   chan struct{}
	free   chan [][]byte
}

const (
	// ahead is how many groups of batches are read before they are needed.
	ahead = 2
	// groupBytes is about how much memory a group of small batches takes.
	groupBytes = 256 << 10
	// groupMost is how many batches a group has at most.
	groupMost = 8
)

// readAhead starts reading order from batch number first on.
func readAhead(ctx context.Context, feed dataset.Feed, order []int32, batch, first, epoch int) *batches {
	ctx, cancel := context.WithCancel(ctx)
	b := &batches{
		feed: feed, epoch: epoch, queue: make(chan []filled, ahead), cancel: cancel, done: make(chan struct{}),
		free: make(chan [][]byte, (ahead+2)*groupMost),
	}
	go func() {
		defer close(b.done)
		defer close(b.queue)
		b.read(ctx, order[min(first*batch, len(order)):], batch)
	}()
	return b
}

// read fills groups of batches until order or ctx ends.
func (b *batches) read(ctx context.Context, order []int32, batch int) {
	bytes := 1
	for _, col := range b.feed.Columns() {
		bytes += batch * size(col.Shape) * col.Type.Size()
	}
	group := min(max(groupBytes/bytes, 1), groupMost)
	for len(order) > 0 {
		var list []filled
		for len(list) < group && len(order) > 0 {
			rows := samplesOf(order[:min(batch, len(order))])
			order = order[len(rows):]
			list = append(list, b.fill(ctx, rows))
		}
		select {
		case b.queue <- list:
		case <-ctx.Done():
			return
		}
	}
}

// fill reads one batch. Feeds spread their own work over processors where a
// sample is expensive.
func (b *batches) fill(ctx context.Context, rows []int) filled {
	data := b.buffers(len(rows))
	err := b.feed.Fill(ctx, data, b.epoch, rows)
	if err != nil {
		err = fmt.Errorf("read samples: %w", err)
	}
	return filled{rows: rows, data: data, err: err, partners: partnersOf(b.feed, b.epoch, rows)}
}

func (b *batches) buffers(rows int) [][]byte {
	var data [][]byte
	columns := b.feed.Columns()
	select {
	case data = <-b.free:
	default:
		data = make([][]byte, len(columns))
	}
	for i, col := range columns {
		bytes := rows * size(col.Shape) * col.Type.Size()
		if cap(data[i]) < bytes {
			data[i] = make([]byte, bytes)
		}
		data[i] = data[i][:bytes]
	}
	return data
}

func (b *batches) next() (filled, bool) {
	if len(b.held) == 0 {
		b.held = <-b.queue
	}
	if len(b.held) == 0 {
		return filled{}, false
	}
	first := b.held[0]
	b.held = b.held[1:]
	return first, true
}

func (b *batches) recycle(data [][]byte) {
	select {
	case b.free <- data:
	default:
	}
}

func (b *batches) stop() {
	b.cancel()
	for group := range b.queue {
		_ = group
	}
	<-b.done
}

// load puts a batch of an epoch into a stepper's inputs with its targets and weights.
func (s *stepper) load(ctx context.Context, b filled, feed dataset.Feed, epoch int, classWeights []float32) error {
	if err := s.loadColumns(ctx, b, feed, epoch); err != nil {
		return err
	}
	weights := runtime.Data[float32](s.weight)
	total := float32(0)
	for i, row := range b.rows {
		weights[i] = 1
		if s.score == nil {
			runtime.Data[float32](s.target)[i] = feed.Target(row)
		} else {
			class := feed.Class(row)
			runtime.Data[int64](s.target)[i] = int64(class)
			if classWeights != nil {
				weights[i] = classWeights[class]
			}
		}
		total += weights[i]
	}
	for i := range weights {
		weights[i] /= total
	}
	s.loadPartners(b.partners)
	return nil
}

func (s *stepper) loadColumns(ctx context.Context, b filled, feed dataset.Feed, epoch int) error {
	if b.data != nil {
		for i, t := range s.columns {
			copy(t.Bytes(), b.data[i])
		}
		return nil
	}
	into := make([][]byte, len(s.columns))
	for i, t := range s.columns {
		into[i] = t.Bytes()
	}
	if err := feed.Fill(ctx, into, epoch, b.rows); err != nil {
		return fmt.Errorf("read samples: %w", err)
	}
	return nil
}
