package serve

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"athanor/inference/serve/oip"
)

// Batching says how requests for one model are gathered.
type Batching struct {
	MaxRows int           // rows run at once; 1 turns batching off
	Delay   time.Duration // how long to wait for more; negative: adaptive
	Queue   int           // requests that may wait; more are refused at once
}

// Adaptive as a delay waits only while other requests are on their way in.
const Adaptive time.Duration = -1

// interruptible is how long a run must take that it is worth being ended when its
// caller leaves.
const interruptible = 20 * time.Millisecond

// longestPause bounds how long the adaptive delay waits.
const longestPause = 2 * time.Millisecond

// job is one request waiting for its model.
type job struct {
	ctx    context.Context
	in     []oip.Tensor // in the order of the model's inputs
	rows   int64        // first dimension, 0 when the model cannot batch
	done   chan result  // holds one
	queued time.Time
}

// result is the answer to a job. Outputs are in the model's order.
type result struct {
	out   []oip.Tensor
	err   error
	rows  int64         // of the batch it ran in
	wait  time.Duration // in the queue
	spent time.Duration // running
}

// batcher gathers the requests for one version of a model, runs them and
// answers each. One goroutine runs the model, so that threads stay bounded.
type batcher struct {
	runner   Runner
	batching Batching
	joinable atomic.Bool
	queue    chan *job
	arriving atomic.Int64 // requests being decoded
	stop     chan struct{}
	stopped  sync.WaitGroup
	pace     pace    // the loop's own
	memory   scratch // the loop's own
	carried  *job    // taken from the queue but of another shape; the loop's own
	ran      func(rows int64)
}

func newBatcher(r Runner, b Batching, ran func(rows int64)) *batcher {
	q := &batcher{
		runner: r, batching: b, ran: ran,
		queue: make(chan *job, max(b.Queue, 1)), stop: make(chan struct{}),
	}
	q.joinable.Store(b.MaxRows > 1 && canBatch(r))
	q.stopped.Go(q.loop)
	return q
}

// close ends the loop; every job must have been answered or given up.
func (q *batcher) close() {
	close(q.stop)
	q.stopped.Wait()
	q.runner.Close()
}

// submit queues a request and waits for its answer or the end of ctx.
func (q *batcher) submit(ctx context.Context, in []oip.Tensor) (result, error) {
	j := &job{ctx: ctx, in: in, done: make(chan result, 1), queued: time.Now()}
	if q.joinable.Load() {
		j.rows = in[0].Shape[0]
	}
	select {
	case q.queue <- j:
	default:
		return result{}, fmt.Errorf("%w: %d requests wait already", ErrOverloaded, cap(q.queue))
	}
	select {
	case r := <-j.done:
		return r, r.err
	case <-ctx.Done():
		return result{}, context.Cause(ctx)
	}
}

func (q *batcher) loop() {
	for {
		first := q.carried
		q.carried = nil
		if first == nil {
			select {
			case first = <-q.queue:
			case <-q.stop:
				return
			}
		}
		if jobs := q.gather(first); len(jobs) > 0 {
			q.run(jobs)
		}
	}
}

// gather collects jobs that fit to first, leaving out those given up meanwhile.
func (q *batcher) gather(first *job) []*job {
	if first.ctx.Err() != nil {
		return nil
	}
	jobs := []*job{first}
	if first.rows == 0 || !q.joinable.Load() {
		return jobs
	}
	rows, most := first.rows, int64(q.most())
	end := time.Now().Add(q.patience())
	for rows < most {
		j := q.next(end)
		if j == nil {
			break
		}
		if j.ctx.Err() != nil {
			continue
		}
		if rows+j.rows > most || !sameShape(first, j) {
			q.carried = j
			break
		}
		jobs = append(jobs, j)
		rows += j.rows
	}
	return jobs
}

// most is how many rows the next batch may have.
func (q *batcher) most() int {
	if q.batching.Delay >= 0 {
		return q.batching.MaxRows
	}
	return q.pace.most(q.batching.MaxRows)
}

func (q *batcher) patience() time.Duration {
	if q.batching.Delay >= 0 {
		return q.batching.Delay
	}
	return longestPause
}

// next takes a waiting job, or waits for one until end; with the adaptive delay
// only while a request is on its way. Before it finds that none waits, it lets
// goroutines that are ready run: requests that have arrived but whose turn has not
// come are then in the batch, and where there are none this takes no time.
func (q *batcher) next(end time.Time) *job {
	for range 2 {
		select {
		case j := <-q.queue:
			return j
		default:
			runtime.Gosched()
		}
	}
	left := time.Until(end)
	if left <= 0 || (q.batching.Delay < 0 && q.arriving.Load() == 0) {
		return nil
	}
	if q.batching.Delay < 0 {
		left = min(left, longestPause/8) // look again whether someone is still coming
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case j := <-q.queue:
		return j
	case <-q.stop:
		return nil
	case <-timer.C:
		return nil
	}
}

// sameShape says whether two jobs agree in everything but the first dimension.
func sameShape(a, b *job) bool {
	for i := range a.in {
		x, y := a.in[i].Shape, b.in[i].Shape
		if len(x) != len(y) {
			return false
		}
		for k := 1; k < len(x); k++ {
			if x[k] != y[k] {
				return false
			}
		}
	}
	return true
}

// run runs jobs together and answers them. When a joint run fails each is run
// alone, so that one bad request cannot spoil its neighbours.
func (q *batcher) run(jobs []*job) {
	began := time.Now()
	ctx := jobs[0].ctx
	if usual := q.pace.usual(max(jobs[0].rows, 1)); len(jobs) > 1 || (usual > 0 && usual < interruptible) {
		ctx = context.WithoutCancel(ctx) // one caller's leaving is not the others' end
	}
	parts, err := q.compute(ctx, jobs)
	if err != nil && len(jobs) > 1 {
		for _, j := range jobs {
			q.run([]*job{j})
		}
		return
	}
	spent := time.Since(began)
	rows := int64(0)
	for _, j := range jobs {
		rows += max(j.rows, 1)
	}
	q.ran(rows)
	if err == nil {
		q.pace.note(rows, spent)
	}
	for i, j := range jobs {
		r := result{err: err, rows: rows, wait: began.Sub(j.queued), spent: spent}
		if err == nil {
			r.out = parts[i]
		}
		j.done <- r
	}
}

// compute runs the model once; a panic in it is an error of this run only.
func (q *batcher) compute(ctx context.Context, jobs []*job) (parts [][]oip.Tensor, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", ErrRun, p, debug.Stack())
		}
	}()
	in, err := q.memory.join(jobs, len(q.runner.Inputs()))
	defer closeAll(in)
	if err != nil {
		return nil, err
	}
	out, err := q.runner.Run(ctx, in)
	defer closeAll(out)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("%w: %w", ErrRun, err)
	}
	parts, err = part(jobs, out, q.runner.Outputs())
	if err != nil {
		q.joinable.Store(false) // its outputs do not follow the rows: never join again
	}
	return parts, err
}
