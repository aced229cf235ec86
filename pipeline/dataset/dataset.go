// Package dataset brings samples in: sources, health, cleaning, splits and
// augmentation. It knows nothing of models.
package dataset

import (
	"context"
	"strconv"

	"athanor/inference/onnx"
)

// Task is what a model is asked to do with a sample.
type Task string

// Tasks.
const (
	Image Task = "image"
	Text  Task = "text"
	Table Task = "table"
)

// Column describes one input of the network for one sample: without the batch axis.
type Column struct {
	Name  string
	Type  onnx.DataType
	Shape []int // of one sample; a scalar is [1]
}

// Feed gives samples to a training or evaluation loop in the form the network's
// graph takes. A Feed is safe for concurrent use; the memory passed to Fill
// belongs to the caller.
type Feed interface {
	// Len is the number of samples.
	Len() int
	// Columns describes the inputs, in the order Fill writes them.
	Columns() []Column
	// Fill writes the samples at rows, one after another, into dst: one
	// little-endian byte slice for each column, len(rows) samples long. epoch
	// seeds augmentation; a negative epoch means no augmentation (validation,
	// test). The same (epoch, row) always gives the same bytes.
	Fill(ctx context.Context, dst [][]byte, epoch int, rows []int) error
	// Class is the label of a classification sample, in [0, len(Set.Classes)).
	Class(row int) int
	// Target is the value of a regression sample.
	Target(row int) float32
	// Row is the sample's stable number in the whole source, for showing,
	// relabelling or excluding it.
	Row(row int) int
}

// Copier is a Feed that may be so quick that reading ahead in another goroutine
// costs more than it saves.
type Copier interface {
	Feed
	// Cheap tells whether Fill does little more than copy memory.
	Cheap() bool
}

// Blender is a Feed whose training samples may be blends of two (mix-up, cut-mix).
type Blender interface {
	Feed
	// Blends tells whether any are.
	Blends() bool
	// Blend returns the row whose sample is blended into the one at row in an epoch,
	// and the share of row's own label; 1 and row itself where nothing is.
	Blend(epoch, row int) (other int, share float32)
}

// Set is a data set made ready for training: three feeds that never share a
// sample, and what a person should know of it.
type Set struct {
	Task       Task
	Name       string
	Classes    []string // empty for regression
	Train      Feed
	Validation Feed
	Test       Feed // nil where the source has none
	// Fingerprint is the hex SHA-256 over samples, labels, operations and split.
	Fingerprint string
	// Preprocess maps what a user of the model has (uint8 pixels, raw columns)
	// to what the feeds give; nil where they are the same. It is joined in front
	// of the exported model. Its outputs have the names of the feeds' columns;
	// it is written for opset 18.
	Preprocess *onnx.Graph
	// Weights say how much each token id tells of the classes: rows of one number
	// for two classes, else one a class. Nil where the architecture takes none.
	Weights []float32
	// Categories are, of tables, the inputs that are one for one value of a
	// category: the first of each column and how many there are.
	Categories [][2]int
	// Metadata is stored in the exported model (tokenizer, schema, …).
	Metadata []onnx.Pair
	// SampleName is the name by which operations know the sample with a feed's
	// Row; nil where that is the number itself.
	SampleName func(number int) string
	// Notes say in words what was guessed and what was left out, so that nothing
	// is dropped silently.
	Notes []string
}

// NameOf is the name by which operations know the sample with a feed's Row.
func (s *Set) NameOf(number int) string {
	if s.SampleName != nil {
		return s.SampleName(number)
	}
	return strconv.Itoa(number)
}
