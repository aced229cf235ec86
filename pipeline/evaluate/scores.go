package evaluate

import (
	"errors"
	"fmt"
	"math"
)

// ErrScores says that a model's answers are no probabilities and cannot be
// made into some.
var ErrScores = errors.New("the model's answers are no probabilities")

// Made says how Probabilities got from answers to probabilities.
type Made string

// Ways to probabilities.
const (
	AsTheyAre  Made = ""           // rows summed to one
	Normalised Made = "normalised" // rows were divided by their sums
	Softmaxed  Made = "softmax"    // answers had negative numbers, so they are logits
)

// tolerance is how far a row of probabilities may be from one: float16 models
// with a thousand classes come close to it.
const tolerance = 0.01

// Probabilities turns rows of answers into probabilities in place: rows that
// sum to one stay as they are, other non-negative ones are divided by their
// sums, and where there are negative numbers all are taken as logits.
func Probabilities(scores []float32, classes int) (Made, error) {
	if classes < 1 || len(scores)%classes != 0 {
		return AsTheyAre, fmt.Errorf("%w: %d numbers do not make rows of %d", ErrScores, len(scores), classes)
	}
	negative, off := false, false
	for at := 0; at < len(scores); at += classes {
		sum := 0.0
		for k, s := range scores[at : at+classes] {
			if s-s != 0 {
				return AsTheyAre, fmt.Errorf("%w: sample %d has %v for class %d", ErrScores, at/classes, s, k)
			}
			negative = negative || s < 0
			sum += float64(s)
		}
		off = off || math.Abs(sum-1) > tolerance
	}
	switch {
	case negative:
		eachRow(scores, classes, softmax)
		return Softmaxed, nil
	case off:
		eachRow(scores, classes, normalise)
		return Normalised, nil
	}
	return AsTheyAre, nil
}

func eachRow(scores []float32, classes int, do func(row []float32)) {
	for at := 0; at < len(scores); at += classes {
		do(scores[at : at+classes])
	}
}

func softmax(row []float32) {
	top := math.Inf(-1)
	for _, s := range row {
		top = max(top, float64(s))
	}
	for k, s := range row {
		row[k] = float32(math.Exp(float64(s) - top))
	}
	normalise(row)
}

// normalise divides by the sum; a row of zeros knows nothing and becomes even.
func normalise(row []float32) {
	sum := 0.0
	for _, s := range row {
		sum += float64(s)
	}
	for k, s := range row {
		row[k] = float32(float64(s) / sum)
		if sum == 0 {
			row[k] = 1 / float32(len(row))
		}
	}
}
