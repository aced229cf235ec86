// Package store keeps runs on disk. A run is a folder that everything can read
// without the studio: recipe.toml, metrics, events.jsonl, status.toml,
// notes.toml, checkpoints, model.onnx, card.md, report.html. The database is an
// index over these folders and can be made anew from them at any time.
package store

import "errors"

// Errors a person can do something about.
var (
	// ErrLocked says that another process is training this run.
	ErrLocked = errors.New("the run is in use by another process")
	// ErrNotRun says that a folder is not a run.
	ErrNotRun = errors.New("not a run folder")
	// ErrNewer says that a file was written by a newer version.
	ErrNewer = errors.New("written by a newer version of Athanor: update the program, or choose another data folder; nothing was changed")
)

// Names of the files in a run folder.
const (
	RecipeFile = "recipe.toml"
	EventsFile = "events.jsonl"
	StatusFile = "status.toml"
	NotesFile  = "notes.toml"
	ModelFile  = "model.onnx"
	MetricsDir = "metrics"
	lockFile   = ".lock"
)

// StepsTable and EpochsTable are the metrics tables of a run that was trained
// here: one row a step, and one an epoch.
const (
	StepsTable  = "steps"
	EpochsTable = "epochs"
)
