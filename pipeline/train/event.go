package train

import (
	"time"
)

// Event is what a run tells while it goes; a closed set. Events are values and
// may be kept; slices in them are never changed after emit.
type Event interface{ event() }

// Progress is how far the run is; only the newest matters.
type Progress struct {
	Epoch, Epochs    int // 1-based
	Step, Steps      int // of the whole run, 1-based
	Loss             float64
	Accuracy         float64 // running mean over the epoch, of classification
	LearningRate     float64
	SamplesPerSecond float64
	Elapsed, Left    time.Duration
	PeakRSS          int64 // bytes
}

// Metric is one step's values; none may be lost.
type Metric struct {
	Step         int // 1-based
	Epoch        int
	Time         time.Time
	Loss         float64
	Accuracy     float64 // of this batch; NaN for regression
	LearningRate float64
	GradientNorm float64
}

// Epoch closes an epoch with its validation.
type Epoch struct {
	Epoch, Epochs int
	Step          int
	TrainLoss     float64
	TrainAccuracy float64
	ValLoss       float64
	ValAccuracy   float64
	// ValR2 is for regression.
	ValR2     float64
	Confusion [][]int // [true][predicted], of the validation set
	// Predicted is the class given to each row of the validation feed; it is
	// not kept on disk.
	Predicted        []int32
	Seconds          float64 // validation included
	SamplesPerSecond float64 // of training alone
	Best             bool    // the best epoch so far
	Language         bool    // labels were left out, and the training loss is that of guesses
}

// Checkpoint says that the state up to Step is safe on disk.
type Checkpoint struct {
	Step, Epoch int
	Path        string
	Best        bool
}

// MarkKind is what happened at a Mark.
type MarkKind string

// Kinds of marks.
const (
	MarkStart        MarkKind = "start"
	MarkPause        MarkKind = "pause"
	MarkResume       MarkKind = "resume"
	MarkLearningRate MarkKind = "learning-rate"
	MarkExclude      MarkKind = "exclude"
	MarkStop         MarkKind = "stop"
	MarkEarlyStop    MarkKind = "early-stop"
	MarkFork         MarkKind = "fork"
)

// Mark is an event a person sees on the curve.
type Mark struct {
	Kind  MarkKind
	Step  int
	Time  time.Time
	Value float64
	Note  string
}

// Log is a line for the log.
type Log struct {
	Time  time.Time
	Level string // info, warn
	Text  string
}

func (Progress) event()   {}
func (Metric) event()     {}
func (Epoch) event()      {}
func (Checkpoint) event() {}
func (Mark) event()       {}
func (Log) event()        {}
