package transfer

import (
	"context"

	"athanor/pipeline/dataset"
)

// spread is some of a feed's samples, evenly from its first to its last.
type spread struct {
	dataset.Feed
	rows int
}

// Len is how many there are.
func (s spread) Len() int { return s.rows }

// at is where one of them lies in the feed.
func (s spread) at(row int) int { return row * s.Feed.Len() / s.rows }

// Class is that of the sample.
func (s spread) Class(row int) int { return s.Feed.Class(s.at(row)) }

// Target is that of the sample.
func (s spread) Target(row int) float32 { return s.Feed.Target(s.at(row)) }

// Row is that of the sample.
func (s spread) Row(row int) int { return s.Feed.Row(s.at(row)) }

// Fill reads those samples.
func (s spread) Fill(ctx context.Context, dst [][]byte, epoch int, rows []int) error {
	among := make([]int, len(rows))
	for i, row := range rows {
		among[i] = s.at(row)
	}
	return s.Feed.Fill(ctx, dst, epoch, among)
}

// Sample is a set with at most so many samples in each part, spread evenly, and
// without a test part: for a trial.
func Sample(set *dataset.Set, rows int) *dataset.Set {
	out := *set
	out.Test = nil
	for _, side := range []*dataset.Feed{&out.Train, &out.Validation} {
		if *side != nil && (*side).Len() > rows {
			*side = spread{Feed: *side, rows: rows}
		}
	}
	return &out
}
