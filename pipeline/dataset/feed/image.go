// Package feed holds the feeds a training loop reads: samples in memory (or in
// a mapped file) and the rows of one part of a split.
package feed

import (
	"context"
	"errors"
	"fmt"

	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
)

// ErrRow: a row outside the feed was asked for.
var ErrRow = errors.New("row outside the feed")

// Pixels is all samples of an image source.
type Pixels struct {
	Height, Width, Channels int
	Data                    []byte // [N,H,W,C], uint8
	Labels                  []int  // [N], classes; -1 is unlabelled
}

// Stride is the number of bytes of one picture.
func (p *Pixels) Stride() int { return p.Height * p.Width * p.Channels }

// Picture returns the bytes [H,W,C] of sample row, shared with p.
func (p *Pixels) Picture(row int) []byte {
	s := p.Stride()
	return p.Data[row*s : (row+1)*s : (row+1)*s]
}

// Augmenter changes one picture. Apply reads src and writes dst, both [H,W,C]
// and never overlapping; the result depends on its arguments alone. It is safe
// for concurrent use.
type Augmenter interface {
	Apply(dst, src []byte, shape [3]int, seed uint64)
}

// Images feeds the pictures of one part of a split.
type Images struct {
	pixels  *Pixels
	rows    []int
	augment Augmenter
	seed    uint64
}

var _ dataset.Feed = (*Images)(nil)

// NewImages returns a feed of rows of p, which it keeps. augment may be nil;
// seed makes its choices repeatable.
func NewImages(p *Pixels, rows []int, augment Augmenter, seed uint64) *Images {
	return &Images{pixels: p, rows: rows, augment: augment, seed: seed}
}

// Len is the number of samples.
func (f *Images) Len() int { return len(f.rows) }

// Columns is one uint8 column "image" [H,W,C].
func (f *Images) Columns() []dataset.Column {
	p := f.pixels
	return []dataset.Column{{Name: "image", Type: onnx.Uint8, Shape: []int{p.Height, p.Width, p.Channels}}}
}

// Fill implements dataset.Feed.
func (f *Images) Fill(ctx context.Context, dst [][]byte, epoch int, rows []int) error {
	stride := f.pixels.Stride()
	if err := checkFill(dst, rows, []int{stride}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, row := range rows {
		if row < 0 || row >= len(f.rows) {
			return fmt.Errorf("%w: %d of %d", ErrRow, row, len(f.rows))
		}
		into, from := dst[0][i*stride:(i+1)*stride], f.pixels.Picture(f.rows[row])
		if f.augment == nil || epoch < 0 {
			copy(into, from)
			continue
		}
		shape := [3]int{f.pixels.Height, f.pixels.Width, f.pixels.Channels}
		f.augment.Apply(into, from, shape, Seed(f.seed, epoch, f.rows[row]))
	}
	return nil
}

// Class implements dataset.Feed.
func (f *Images) Class(row int) int { return f.pixels.Labels[f.rows[row]] }

// Target is the class as a number; pictures have no regression target.
func (f *Images) Target(row int) float32 { return float32(f.Class(row)) }

// Row implements dataset.Feed.
func (f *Images) Row(row int) int { return f.rows[row] }

// Seed mixes a run's seed, an epoch and a sample's row into the seed of that
// sample's augmentation (splitmix64's finaliser, applied to each in turn).
func Seed(seed uint64, epoch, row int) uint64 {
	for _, v := range [2]uint64{uint64(epoch), uint64(row)} {
		seed += v*0x9e3779b97f4a7c15 + 0x632be59bd9b4e019
		seed = (seed ^ seed>>30) * 0xbf58476d1ce4e5b9
		seed = (seed ^ seed>>27) * 0x94d049bb133111eb
		seed ^= seed >> 31
	}
	return seed
}

// checkFill checks that dst has a slice of len(rows)·strides[i] bytes a column.
func checkFill(dst [][]byte, rows, strides []int) error {
	if len(dst) != len(strides) {
		return fmt.Errorf("fill %d columns: the feed has %d", len(dst), len(strides))
	}
	for i, s := range strides {
		if len(dst[i]) != s*len(rows) {
			return fmt.Errorf("fill column %d: %d bytes given, %d rows need %d", i, len(dst[i]), len(rows), s*len(rows))
		}
	}
	return nil
}
