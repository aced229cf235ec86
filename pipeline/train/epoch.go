package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"athanor/inference/runtime"
	"athanor/pipeline/evaluate"
)

func data(t *runtime.Tensor) []float32 { return runtime.Data[float32](t) }

// metric reads the step's loss, accuracy and gradient norm.
func (s *stepper) metric() Metric {
	m := Metric{GradientNorm: float64(data(s.norm)[0]), Accuracy: math.NaN()}
	weights := data(s.weight)
	for i, l := range data(s.loss) {
		m.Loss += float64(l) * float64(weights[i])
	}
	if s.score != nil {
		m.Accuracy = float64(s.hits()) / float64(s.batch)
	}
	return m
}

// hits counts the samples whose best class is the target. It is done here as
// the runtime's ArgMax alone takes longer than all of it.
func (s *stepper) hits() int {
	scores, right := data(s.score), 0
	classes := len(scores) / s.batch
	for i, want := range runtime.Data[int64](s.target) {
		row := scores[i*classes : (i+1)*classes]
		best := 0
		for k, x := range row {
			if x > row[best] {
				best = k
			}
		}
		if int64(best) == want {
			right++
		}
	}
	return right
}

func (r *run) progress(m Metric, total int) Progress {
	steps := total * r.recipe.Train.Epochs
	p := Progress{
		Epoch: r.Epoch + 1, Epochs: r.recipe.Train.Epochs, Step: r.Step, Steps: steps, LearningRate: m.LearningRate,
		Loss: r.LossSum / float64(max(r.Seen, 1)), Accuracy: r.HitSum / float64(max(r.Seen, 1)),
		SamplesPerSecond: r.clock.speed(), Elapsed: r.clock.elapsed(), PeakRSS: evaluate.PeakRSS(),
	}
	p.Left = r.clock.left(steps-r.Step, r.recipe.Train.Batch)
	return p
}

// closeEpoch validates, notes the best epoch and checkpoints. An epoch cut
// short by a stop is validated too, so that the kept model has its numbers.
func (r *run) closeEpoch(ctx context.Context, cut bool) error {
	if r.Seen == 0 {
		return nil
	}
	speed := r.clock.epochSpeed()
	v, err := r.eval.validate(ctx, r.net, r.state, r.deps.Set.Validation)
	if err != nil {
		return err
	}
	e := Epoch{
		Epoch: r.Epoch + 1, Epochs: r.recipe.Train.Epochs, Step: r.Step, TrainLoss: r.LossSum / float64(r.Seen),
		TrainAccuracy: r.HitSum / float64(r.Seen), ValLoss: v.loss, ValAccuracy: v.accuracy, ValR2: v.r2, Confusion: v.confusion, Predicted: v.predicted,
		Seconds: r.clock.epoch(), SamplesPerSecond: speed, Language: r.Epoch < r.recipe.Model.Language,
	}
	r.firstLabels()
	r.ValLoss, r.ValScore = v.loss, v.accuracy
	if e.Best, err = r.judge(ctx, score{Seen: true, Accuracy: v.accuracy, Loss: v.loss}); err != nil {
		return err
	}
	if e.Language {
		r.Since = 0
	} else {
		r.Plateau = r.Plateau.Observe(v.loss, max(r.recipe.Schedule.Every, 1))
	}
	if !cut {
		r.Epoch++
		r.Batch, r.LossSum, r.HitSum, r.Seen = 0, 0, 0, 0
	}
	if err := r.emit(e); err != nil {
		return err
	}
	return r.checkpoint(ctx, e.Best)
}

// firstLabels forgets, with the first epoch that saw labels, which was the best of
// those that did not.
func (r *run) firstLabels() {
	if l := r.recipe.Model.Language; l > 0 && r.Epoch == l {
		r.Best = score{}
	}
}

// judge remembers the best epoch.
func (r *run) judge(ctx context.Context, s score) (bool, error) {
	if !s.betterThan(r.Best) {
		r.Since++
		return false, nil
	}
	r.Best, r.BestEpoch, r.Since = s, r.Epoch+1, 0
	var err error
	// Parameters and buffers are what the model needs.
	r.best, err = readAll(ctx, r.state.evaluated(len(r.net.buffers) > 0))
	return true, err
}

// restoreBest reads the best epoch's state back after a restart.
func (r *run) restoreBest() error {
	if !r.Best.Seen {
		return nil
	}
	parts, _, err := r.files.read(bestName)
	if err != nil {
		return fmt.Errorf("the best epoch's state: %w", err)
	}
	r.best = r.net.modelParts(parts)
	return nil
}

func (r *run) diverged(loss float64) error {
	advice := "lower the learning rate or set optimizer.clip"
	if err := r.collect(true); err != nil { // a state that is being written counts too
		return fmt.Errorf("%w: the loss is %v at step %d, and its last state could not be kept: %w", ErrDiverged, loss, r.Step, err)
	}
	if names, err := r.files.list(); err == nil && len(names) > 0 {
		return fmt.Errorf("%w: the loss is %v at step %d; the last good state is checkpoints/%s; %s", ErrDiverged, loss, r.Step, names[0], advice)
	}
	return fmt.Errorf("%w: the loss is %v at step %d, before the first checkpoint; %s", ErrDiverged, loss, r.Step, advice)
}

// saver writes checkpoints beside the training, one after another: small states
// may queue up, so that a slow disk does not hold the steps up.
type saver struct{ under []writing }

// writing is one checkpoint under way: its result, and when it has ended.
type writing struct {
	result chan saved
	done   chan struct{}
}

type saved struct {
	event Checkpoint
	err   error
}

// Checkpoints that wait for the disk: so many, and so many bytes of states, at most.
const (
	mostWaiting  = 4
	waitingBytes = 16 << 20
)

// start writes one behind those under way.
func (s *saver) start(write func() saved) {
	var before chan struct{}
	if n := len(s.under); n > 0 {
		before = s.under[n-1].done
	}
	w := writing{make(chan saved, 1), make(chan struct{})}
	s.under = append(s.under, w)
	go func() {
		if before != nil {
			<-before
		}
		w.result <- write()
		close(w.done)
	}()
}

// full tells whether a state of so many bytes must wait for those under way.
func (s *saver) full(bytes int) bool {
	return len(s.under) >= mostWaiting || (len(s.under)+1)*bytes > waitingBytes && len(s.under) > 0
}

// first takes the result of the oldest under way, which there is, waiting for it.
func (s *saver) first() saved {
	v := <-s.under[0].result
	s.under = s.under[1:]
	return v
}

// wait ends when nothing is under way.
func (s *saver) wait() {
	for len(s.under) > 0 {
		s.first()
	}
}

// checkpoint copies the state and writes it in the background: the best epoch
// first, so that a step checkpoint never speaks of a best that is not there.
func (r *run) checkpoint(ctx context.Context, best bool) error {
	if err := errors.Join(r.collect(false), r.deps.Store.Flush()); err != nil {
		return err
	}
	parts, err := r.state.snapshot(ctx)
	if err != nil {
		return err
	}
	for r.saver.full(total(parts)) {
		if err := r.taken(r.saver.first()); err != nil {
			return err
		}
	}
	r.Seconds = r.clock.elapsed().Seconds()
	r.clock.checkpointed()
	p := r.position
	r.saver.start(func() saved { return r.files.save(parts, p, best) })
	return ctx.Err()
}

func (c *checkpoints) save(parts [][]byte, p position, best bool) saved {
	if best {
		if _, err := c.write(bestName, parts, p); err != nil {
			return saved{err: err}
		}
	}
	path, err := c.write(stepName(p.Step), parts, p)
	if err == nil {
		err = c.keepEpoch(stepName(p.Step), p)
	}
	if err == nil {
		err = c.prune()
	}
	return saved{Checkpoint{Step: p.Step, Epoch: p.Epoch, Path: path, Best: best}, err}
}

// total is how many bytes a state has.
func total(parts [][]byte) (bytes int) {
	for _, p := range parts {
		bytes += len(p)
	}
	return bytes
}

// collect takes the results of checkpoints that are written, waiting for all if asked.
func (r *run) collect(wait bool) error {
	for len(r.saver.under) > 0 && (wait || len(r.saver.under[0].result) > 0) {
		if err := r.taken(r.saver.first()); err != nil {
			return err
		}
	}
	return nil
}

// taken tells of a checkpoint that was written.
func (r *run) taken(v saved) error {
	if v.err != nil {
		return v.err
	}
	return r.emit(v.event)
}

// interrupted leaves a checkpoint behind when a run ends before its time.
func (r *run) interrupted(ctx context.Context, cause error) error {
	r.clock.stop()
	if !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		r.saver.wait() // cause is what the person must hear
		_ = r.deps.Store.Flush()
		return cause
	}
	err := r.checkpoint(context.WithoutCancel(ctx), false)
	err = errors.Join(err, r.collect(true))
	err = errors.Join(err, r.emit(Mark{Kind: MarkStop, Step: r.Step, Time: time.Now(), Note: "interrupted"}), r.deps.Store.Flush())
	if err != nil {
		return errors.Join(cause, err)
	}
	return cause
}
