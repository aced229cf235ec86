package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"athanor/pipeline/dataset"
	"athanor/pipeline/optim"
)

// Errors of Run.
var (
	// ErrDiverged: the loss is no longer a number.
	ErrDiverged = errors.New("training diverged")
	// ErrData: the data set does not allow this run.
	ErrData = errors.New("data set cannot be trained on")
	// ErrRunExists: the folder already holds a run.
	ErrRunExists = errors.New("the folder already holds a run")
)

// Deps are what a run works with. Set and Store stay the caller's.
type Deps struct {
	Set   *dataset.Set
	Store Store
	// Control steers the run from outside; nil for nobody.
	Control *Control
	// Resume continues from the newest checkpoint of the store's folder.
	Resume bool
	// Fork takes the first state from another run; nil begins with new weights.
	Fork *Fork
	// Given is the network of a recipe with a transfer; nil for others.
	Given *Given
	// Teacher is the network that a recipe with Distill learns from; nil for others.
	Teacher *Teacher
	// DeviceNote says why the recipe's device is not the one asked for; it goes
	// into the run's log.
	DeviceNote string
	// Version of Athanor is written into the model.
	Version string
}

// Run trains a recipe to its end and leaves the model in the store's folder. It
// runs on the caller's goroutine and emits events from it. When ctx ends it
// writes a checkpoint and returns ctx's error; a stop by Control ends it early
// with the model kept.
func Run(ctx context.Context, recipe Recipe, deps Deps, emit func(Event)) (Result, error) {
	recipe, err := recipe.Resolve()
	if err != nil {
		return Result{}, err
	}
	r, err := newRun(ctx, recipe, deps, emit)
	if err != nil {
		return Result{}, err
	}
	defer r.close()
	if err := r.begin(ctx); err != nil {
		return Result{}, err
	}
	err = r.epochs(ctx)
	for err != nil && r.deviceFailed(ctx, err) {
		if err = r.leaveDevice(ctx, err); err == nil {
			err = r.epochs(ctx)
		}
	}
	if err != nil {
		return Result{}, r.interrupted(ctx, err)
	}
	return r.finish(ctx)
}

// run is the state of one training.
type run struct {
	recipe   Recipe
	deps     Deps
	out      func(Event)
	net      *network
	state    *state
	steppers map[int]*stepper
	eval     *evaluator
	files    *checkpoints
	saver    saver
	position
	best     [][]byte // params and buffers of the best epoch
	weights  []float32
	excluded map[int]bool
	clock    clock
	stopped  bool
	told     bool // what the device leaves to the processor
	rows     int  // samples computed at once
	// limit, which tests set, stands for a device whose memory holds only so much.
	limit func(rows int) error
}

func newRun(ctx context.Context, recipe Recipe, deps Deps, emit func(Event)) (*run, error) {
	if deps.Control == nil {
		deps.Control = &Control{}
	}
	if err := Check(recipe, deps.Set); err != nil {
		return nil, err
	}
	net, err := newNetwork(recipe, deps.Set, deps.Given, deps.Teacher)
	if err != nil {
		return nil, err
	}
	hash, err := recipe.hash()
	if err != nil {
		return nil, err
	}
	r := &run{
		recipe: recipe, deps: deps, out: emit, net: net, steppers: map[int]*stepper{}, excluded: map[int]bool{},
		files: &checkpoints{
			dir: filepath.Join(deps.Store.Dir(), checkpointsDir), network: net, recipe: hash,
			fingerprint: deps.Set.Fingerprint, keep: recipe.Train.KeepCheckpoints,
			order: recipe.order(), snapshots: recipe.Train.KeepSnapshots,
		},
		position: position{Factor: 1}, rows: recipe.rows(),
	}
	if r.weights, err = classWeights(recipe.Optimizer.ClassWeights, deps.Set); err != nil {
		return nil, err
	}
	if err := r.openAnyDevice(ctx); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// Check tells why a resolved recipe cannot be trained on a data set, or nil.
func Check(recipe Recipe, set *dataset.Set) error {
	switch n := set.Train.Len(); {
	case string(set.Task) != recipe.Task:
		return fmt.Errorf("%w: it holds samples of kind %s, the recipe's task is %s", ErrData, set.Task, recipe.Task)
	case n == 0:
		return fmt.Errorf("%w: it has no training samples", ErrData)
	case len(set.Classes) == 1:
		return fmt.Errorf("%w: all samples are of the class %q; there is nothing to tell apart", ErrData, set.Classes[0])
	case recipe.Train.Batch > n:
		return fmt.Errorf("%w: a batch of %d is larger than the %d training samples; choose --batch %d or less", ErrData, recipe.Train.Batch, n, n)
	case set.Validation == nil || set.Validation.Len() == 0:
		return fmt.Errorf("%w: the validation part is empty; raise data.validation or add samples", ErrData)
	}
	return nil
}

func (r *run) close() {
	r.saver.wait()
	r.closeDevice()
}

// emit tells an event to the outside and, where it must last, to the store.
func (r *run) emit(e Event) error {
	var err error
	switch e := e.(type) {
	case Metric:
		err = r.deps.Store.AppendMetric(e)
	case Epoch, Checkpoint, Mark, Log:
		err = r.deps.Store.AppendEvent(e)
	}
	if err != nil {
		return fmt.Errorf("keep the run's record: %w", err)
	}
	r.out(e)
	return nil
}

// begin prepares the folder, or takes up a run where its last checkpoint left it.
func (r *run) begin(ctx context.Context) error {
	if err := os.MkdirAll(r.files.dir, 0o755); err != nil {
		return fmt.Errorf("prepare run folder: %w", err)
	}
	names, err := r.files.list()
	if err != nil {
		return err
	}
	if !r.deps.Resume && len(names) > 0 {
		return fmt.Errorf("%w: %s; use --resume, or another --out", ErrRunExists, r.deps.Store.Dir())
	}
	if err := r.writeRecipe(); err != nil {
		return err
	}
	r.clock.start()
	if r.deps.DeviceNote != "" {
		if err := r.emit(Log{Time: time.Now(), Level: "warn", Text: r.deps.DeviceNote}); err != nil {
			return err
		}
	}
	if r.deps.Resume {
		return r.resume(ctx)
	}
	if r.deps.Fork != nil {
		return r.fork(ctx, *r.deps.Fork)
	}
	return r.emit(Mark{Kind: MarkStart, Time: time.Now()})
}

// resume restores the newest readable checkpoint; where there is none the run
// starts over, as it would have come to nothing else.
func (r *run) resume(ctx context.Context) error {
	parts, p, skipped, err := r.files.latest()
	for _, s := range skipped {
		if err := r.emit(Log{Time: time.Now(), Level: "warn", Text: s.Error() + "; the one before is used"}); err != nil {
			return err
		}
	}
	if errors.Is(err, ErrNoCheckpoint) {
		if err := r.deps.Store.CutAfter(0); err != nil {
			return err
		}
		return r.emit(Mark{Kind: MarkStart, Time: time.Now(), Note: "no checkpoint: from the start"})
	}
	if err != nil {
		return err
	}
	if err := r.state.restore(ctx, parts); err != nil {
		return err
	}
	r.position = p
	for _, row := range p.Excluded {
		r.excluded[row] = true
	}
	r.clock.before = p.Seconds
	if err := r.restoreBest(); err != nil {
		return err
	}
	if err := r.deps.Store.CutAfter(p.Step); err != nil {
		return fmt.Errorf("cut the record back to step %d: %w", p.Step, err)
	}
	return r.emit(Mark{Kind: MarkResume, Step: p.Step, Time: time.Now()})
}

// epochs trains until the last epoch, an early stop or a stop by hand.
func (r *run) epochs(ctx context.Context) error {
	for r.Epoch < r.recipe.Train.Epochs && !r.stopped {
		if p := r.recipe.Train.Patience; p > 0 && r.Since >= p {
			return r.emit(Mark{Kind: MarkEarlyStop, Step: r.Step, Time: time.Now(), Note: fmt.Sprintf("no better epoch than %d for %d epochs", r.BestEpoch, p)})
		}
		if err := r.epoch(ctx); err != nil {
			return err
		}
	}
	if r.stopped && r.Epoch < r.recipe.Train.Epochs { // also within the last epoch
		return r.emit(Mark{Kind: MarkStop, Step: r.Step, Time: time.Now()})
	}
	return nil
}

func (r *run) epoch(ctx context.Context) error {
	if err := r.exclude(r.deps.Control.takeExcluded()); err != nil {
		return err
	}
	feed := r.deps.Set.Train
	order := keep(feed, Order(feed.Len(), r.recipe.Seed, r.Epoch), r.excluded)
	if len(order) == 0 {
		return fmt.Errorf("%w: all training samples are excluded", ErrData)
	}
	reader := r.newReader(ctx, order)
	defer reader.stop()
	total := (len(order) + r.recipe.Train.Batch - 1) / r.recipe.Train.Batch
	for r.Batch < total && !r.stopped {
		b, ok := reader.next()
		if !ok {
			return context.Cause(ctx)
		}
		if b.err != nil {
			return b.err
		}
		if err := r.step(ctx, b, total); err != nil {
			return err
		}
		reader.recycle(b.data)
	}
	return r.closeEpoch(ctx, r.Batch < total)
}

// step trains one batch and tells what came of it.
func (r *run) step(ctx context.Context, b filled, total int) error {
	if err := r.obey(ctx); err != nil {
		return err
	}
	rate := r.learningRate(total)
	s, err := r.compute(ctx, b, rate)
	if err != nil {
		return err
	}
	if err := r.tellDevice(s); err != nil {
		return err
	}
	r.Step++
	r.Batch++
	return r.report(ctx, s, total, rate)
}

// compute does a step, in smaller parts where the device's memory does not do.
func (r *run) compute(ctx context.Context, b filled, rate float64) (*stepper, error) {
	for {
		s, err := r.try(ctx, b, rate)
		if err == nil || ctx.Err() != nil {
			return s, err
		}
		if err := r.halve(err, len(b.rows)); err != nil {
			return nil, err
		}
	}
}

func (r *run) try(ctx context.Context, b filled, rate float64) (*stepper, error) {
	s, err := r.stepper(ctx, len(b.rows))
	if err != nil {
		return nil, err
	}
	if err := s.load(ctx, b, r.deps.Set.Train, r.Epoch, r.weights); err != nil {
		return nil, err
	}
	r.recipe.rule().Hyper(data(s.hyper), r.Step-r.Fresh+1, rate)
	s.drawMasks(r.recipe.Seed, r.Step)
	s.guess.draw(s.columns[0], r.recipe.Seed, r.Step, r.Epoch >= r.recipe.Model.Language)
	halved := r.Scale.Halved
	if err := s.run(ctx, r.state, &r.Scale); err != nil {
		return nil, err
	}
	return s, r.tellScale(halved)
}

func (r *run) stepper(ctx context.Context, batch int) (*stepper, error) {
	if s := r.steppers[batch]; s != nil {
		return s, nil
	}
	if r.limit != nil {
		if err := r.limit(min(batch, r.rows)); err != nil {
			return nil, err
		}
	}
	s, err := newStepper(ctx, r.net, r.state.memory, batch, r.rows)
	if err != nil {
		return nil, err
	}
	r.steppers[batch] = s
	return s, nil
}

func (r *run) learningRate(total int) float64 {
	at := optim.Position{Step: r.Step + r.Shift, Steps: total * r.recipe.Train.Epochs, Epoch: r.Epoch, Drops: r.Plateau.Drops}
	return r.recipe.Optimizer.LearningRate * r.Factor * r.recipe.schedule().At(at)
}

// obey does what the person asked for between steps.
func (r *run) obey(ctx context.Context) error {
	if f, changed := r.deps.Control.takeFactor(); changed {
		r.Factor = f
		if err := r.emit(Mark{Kind: MarkLearningRate, Step: r.Step, Time: time.Now(), Value: f}); err != nil {
			return err
		}
	}
	var failed error
	paused, err := r.deps.Control.wait(ctx, func() {
		r.clock.stop()
		failed = errors.Join(r.emit(Mark{Kind: MarkPause, Step: r.Step, Time: time.Now()}), r.deps.Store.Flush())
	})
	if !paused {
		return ctx.Err()
	}
	r.clock.start()
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	return r.emit(Mark{Kind: MarkResume, Step: r.Step, Time: time.Now()})
}

// report adds a step's numbers up, stores them and checkpoints when it is time.
func (r *run) report(ctx context.Context, s *stepper, total int, rate float64) error {
	m := s.metric()
	if math.IsNaN(m.Loss) || math.IsInf(m.Loss, 0) {
		return r.diverged(m.Loss)
	}
	r.LossSum += m.Loss * float64(s.batch)
	if !math.IsNaN(m.Accuracy) {
		r.HitSum += m.Accuracy * float64(s.batch)
	}
	r.Seen += s.batch
	m.Step, m.Epoch, m.Time, m.LearningRate = r.Step, r.Epoch+1, time.Now(), rate
	if err := r.emit(m); err != nil {
		return err
	}
	r.clock.add(s.batch)
	if r.clock.dueProgress() || r.Batch == total {
		r.out(r.progress(m, total))
	}
	r.stopped = r.deps.Control.stopping()
	if r.stopped || (r.clock.dueCheckpoint(r.recipe.Train.CheckpointSeconds) && r.Batch < total) {
		return r.checkpoint(ctx, false)
	}
	return r.collect(false)
}
