package train

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"athanor/pipeline/dataset"
)

// balanced makes every class count the same, however many samples it has.
const balanced = "balanced"

// classWeights is how much a sample of each class counts in the loss; nil where
// all count the same. A recipe says "balanced", or one number a class in the order
// of the set's classes.
func classWeights(text string, set *dataset.Set) ([]float32, error) {
	switch classes := len(set.Classes); {
	case text == "" || classes == 0:
		return nil, nil
	case text == balanced:
		return balancedWeights(set.Train, classes), nil
	default:
		weights, err := parseWeights(text)
		if err == nil && len(weights) != classes {
			err = fmt.Errorf("%w: optimizer.class_weights has %d numbers, the data has %d classes (%s)", ErrRecipe, len(weights), classes, strings.Join(set.Classes, ", "))
		}
		return weights, err
	}
}

// errWeights is about the text alone.
var errWeights = errors.New(`class_weights is "balanced" or one number above 0 a class, such as "1, 2.5, 1"`)

// weighable tells whether a recipe may say so of its classes' weights.
func weighable(text string) bool {
	if text == "" || text == balanced {
		return true
	}
	_, err := parseWeights(text)
	return err == nil
}

func parseWeights(text string) ([]float32, error) {
	var weights []float32
	for word := range strings.SplitSeq(text, ",") {
		w, err := strconv.ParseFloat(strings.TrimSpace(word), 32)
		if err != nil || !(w > 0) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("%w: %w", ErrRecipe, errWeights)
		}
		weights = append(weights, float32(w))
	}
	return weights, nil
}

// balancedWeights are N/(K·count) for each class, so that every class counts the same.
func balancedWeights(feed dataset.Feed, classes int) []float32 {
	counts := make([]int, classes)
	for row := range feed.Len() {
		counts[feed.Class(row)]++
	}
	weights := make([]float32, classes)
	for i, n := range counts {
		weights[i] = float32(feed.Len()) / float32(classes*max(n, 1))
	}
	return weights
}
