package train

import (
	"time"

	"athanor/pipeline/train"
)

// Phase is where a run stands.
type Phase int

// Phases.
const (
	Idle Phase = iota
	Preparing
	Running
	Paused
	Finished
	Stopped
	Failed
)

// Live reports whether the run still works.
func (p Phase) Live() bool { return p == Preparing || p == Running || p == Paused }

// Snapshot is all the screen shows of a run. It is never changed after it was
// handed over.
type Snapshot struct {
	Run      string // identity: news of another run are ignored
	Phase    Phase
	Classes  []string
	Progress train.Progress
	Epochs   []train.Epoch
	Log      []train.Log
	Test     *Test // after the run, where there is a test set
	Elapsed  time.Duration
	// Resumable says that the run ended before its time and can go on.
	Resumable bool
	// Modelless runs kept something else than a model that can be tried.
	Modelless bool
}

// Test is the trained model's result on samples it never saw.
type Test struct {
	Accuracy, Low, High float64 // with its 95 % interval
	Samples             int
}

// Preflight is what a run will take, known before it starts.
type Preflight struct {
	Samples, Validation, TestSamples int
	Parameters                       int
	Memory                           int64         // bytes
	Epoch, Total                     time.Duration // 0: not yet measured
}
