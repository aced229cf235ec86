// Package feed holds the feeds a training loop reads: samples in memory or on
// disk, and the rows of one part of a split.
package feed

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"athanor/inference/onnx"
	"athanor/pipeline/dataset"

	"golang.org/x/sync/errgroup"
)

// ErrRow: a row outside the feed was asked for.
var ErrRow = errors.New("row outside the feed")

// Pixels is all samples of an image source.
type Pixels struct {
	Height, Width, Channels int
	Data                    []byte  // [N,H,W,C], uint8
	Labels                  []int32 // [N], classes
	Numbers                 []int32 // [N], place in the whole source; nil where it is the row
}

// stride is the number of bytes of one picture.
func (p *Pixels) stride() int { return p.Height * p.Width * p.Channels }

// Class is the label of picture row.
func (p *Pixels) Class(row int) int { return int(p.Labels[row]) }

// Read copies picture row into dst.
func (p *Pixels) Read(dst []byte, row int) error {
	s := p.stride()
	if row < 0 || (row+1)*s > len(p.Data) {
		return fmt.Errorf("%w: %d of %d", ErrRow, row, len(p.Data)/s)
	}
	copy(dst, p.Data[row*s:])
	return nil
}

// Augmenter changes one picture. Apply reads src and writes dst, both [H,W,C]
// and never overlapping; the result depends on its arguments alone. It is safe
// for concurrent use.
type Augmenter interface {
	Apply(dst, src []byte, shape [3]int, seed uint64)
}

// Blending is an Augmenter that also puts two pictures into one.
type Blending interface {
	Augmenter
	// Blends tells whether it ever does.
	Blends() bool
	// Share is the share of the first picture for a seed, 1 for all of it.
	Share(seed uint64, shape [3]int) float32
	// Blend puts other into dst, as Share said for the same seed.
	Blend(dst, other []byte, shape [3]int, seed uint64)
}

// pictures is where an image feed reads from.
type pictures interface {
	Read(dst []byte, row int) error
}

// Images feeds the pictures of one part of a split.
type Images struct {
	pictures pictures
	shape    [3]int // H, W, C
	answers  *Answers
	rows     []int32
	augment  Augmenter
	seed     uint64
}

var (
	_ dataset.Blender = (*Images)(nil)
	_ dataset.Copier  = (*Images)(nil)
)

// NewImages returns a feed of rows of p, which it keeps. augment may be nil;
// seed makes its choices repeatable.
func NewImages(p *Pixels, rows []int32, augment Augmenter, seed uint64) *Images {
	shape := [3]int{p.Height, p.Width, p.Channels}
	return &Images{pictures: p, shape: shape, answers: &Answers{Classes: p.Labels, Numbers: p.Numbers}, rows: rows, augment: augment, seed: seed}
}

// NewStored returns a feed of pictures [H,W,C] kept in a store.
func NewStored(s *Store, shape [3]int, a *Answers, rows []int32, augment Augmenter, seed uint64) *Images {
	return &Images{pictures: s, shape: shape, answers: a, rows: rows, augment: augment, seed: seed}
}

// Len is the number of samples.
func (f *Images) Len() int { return len(f.rows) }

// Columns is one uint8 column "image" [H,W,C].
func (f *Images) Columns() []dataset.Column {
	return []dataset.Column{{Name: "image", Type: onnx.Uint8, Shape: f.shape[:]}}
}

// Class implements dataset.Feed.
func (f *Images) Class(row int) int { return f.answers.class(int(f.rows[row])) }

// Target is the class as a number; pictures have no regression target.
func (f *Images) Target(row int) float32 { return f.answers.value(int(f.rows[row])) }

// Row implements dataset.Feed.
func (f *Images) Row(row int) int { return f.answers.number(int(f.rows[row])) }

// Cheap implements dataset.Copier.
func (f *Images) Cheap() bool {
	_, inMemory := f.pictures.(*Pixels)
	if s, ok := f.pictures.(*Store); ok {
		inMemory = s.inMemory()
	}
	if f.augment == nil || !inMemory {
		return inMemory
	}
	change, ok := f.augment.(interface{ Cheap() bool })
	return ok && change.Cheap()
}

// parallelBytes is how many augmented bytes make a second processor worth it.
const parallelBytes = 64 << 10

// Fill implements dataset.Feed. Large augmented batches are spread over all
// processors.
func (f *Images) Fill(ctx context.Context, dst [][]byte, epoch int, rows []int) error {
	stride := f.shape[0] * f.shape[1] * f.shape[2]
	if err := checkFill(dst, rows, []int{stride}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	workers := min(runtime.GOMAXPROCS(0), len(rows))
	if f.augment == nil || epoch < 0 || workers < 2 || len(dst[0]) < parallelBytes || f.Cheap() {
		return f.fill(dst[0], epoch, rows, stride)
	}
	var g errgroup.Group
	for w := range workers {
		from, to := len(rows)*w/workers, len(rows)*(w+1)/workers
		g.Go(func() error { return f.fill(dst[0][from*stride:to*stride], epoch, rows[from:to], stride) })
	}
	return g.Wait()
}

func (f *Images) fill(dst []byte, epoch int, rows []int, stride int) error {
	scratch := make([]byte, stride)
	var other []byte
	for i, row := range rows {
		into := dst[i*stride : (i+1)*stride]
		if err := f.picture(into, scratch, epoch, row); err != nil {
			return err
		}
		partner, share := f.Blend(epoch, row)
		if share == 1 {
			continue
		}
		if other == nil {
			other = make([]byte, stride)
		}
		if err := f.picture(other, scratch, epoch, partner); err != nil {
			return err
		}
		if b, ok := f.augment.(Blending); ok {
			b.Blend(into, other, f.shape, f.blendSeed(epoch, row))
		}
	}
	return nil
}

// picture writes one picture of the feed, changed for an epoch.
func (f *Images) picture(into, scratch []byte, epoch, row int) error {
	at, err := within(f.rows, row)
	if err != nil {
		return err
	}
	if f.augment == nil || epoch < 0 {
		return f.pictures.Read(into, at)
	}
	if err := f.pictures.Read(scratch, at); err != nil {
		return err
	}
	f.augment.Apply(into, scratch, f.shape, Seed(f.seed, epoch, at))
	return nil
}

// Blends implements dataset.Blender.
func (f *Images) Blends() bool {
	b, ok := f.augment.(Blending)
	return ok && b.Blends() && len(f.rows) > 1
}

// Blend implements dataset.Blender.
func (f *Images) Blend(epoch, row int) (other int, share float32) {
	b, ok := f.augment.(Blending)
	if epoch < 0 || !ok || !f.Blends() || row < 0 || row >= len(f.rows) {
		return row, 1
	}
	seed := f.blendSeed(epoch, row)
	return int(seed % uint64(len(f.rows))), b.Share(seed, f.shape)
}

// blendSeed is a seed of its own, so that blending leaves other changes as they were.
func (f *Images) blendSeed(epoch, row int) uint64 {
	return Seed(f.seed^0x626c656e64, epoch, int(f.rows[row]))
}

func within(rows []int32, row int) (int, error) {
	if row < 0 || row >= len(rows) {
		return 0, fmt.Errorf("%w: %d of %d", ErrRow, row, len(rows))
	}
	return int(rows[row]), nil
}

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
