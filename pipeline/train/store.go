package train

// Store keeps one run on disk. Its methods are called from the run's goroutine.
type Store interface {
	// Dir is the run's folder. The trainer itself writes recipe.toml,
	// checkpoints/ and model.onnx there.
	Dir() string
	// AppendMetric adds one step's values. It is buffered and never waits for
	// the disk at every point.
	AppendMetric(m Metric) error
	// AppendEvent adds an Epoch, Checkpoint, Mark or Log.
	AppendEvent(e Event) error
	// Flush makes everything appended so far safe against the end of the process.
	Flush() error
	// CutAfter drops metrics and events after a step: a resumed run computes
	// them again.
	CutAfter(step int) error
}
