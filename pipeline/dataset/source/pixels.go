package source

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/augment"
	"athanor/pipeline/dataset/digits"
	"athanor/pipeline/dataset/feed"
	"athanor/pipeline/dataset/idx"
	"athanor/pipeline/dataset/split"
)

func isIDX(path string, info fs.FileInfo) bool {
	if info.IsDir() {
		_, _, err := idx.Find(path)
		return err == nil
	}
	_, err := idx.Dims(path)
	return err == nil
}

func openDigits(ctx context.Context, c Config) (*dataset.Set, error) {
	train, test, err := digits.Embedded(ctx)
	if err != nil {
		return nil, err
	}
	raw := func(s *digits.Set) *idx.Samples {
		return &idx.Samples{Height: digits.Side, Width: digits.Side, Channels: 1, Pixels: s.Pixels, Labels: s.Labels}
	}
	return pixelSet(ctx, c, Digits, raw(train), raw(test))
}

func openIDX(ctx context.Context, c Config) (*dataset.Set, error) {
	train, test, err := pairs(c.Path)
	if err != nil {
		return nil, err
	}
	all, err := idx.Load(train, 0)
	if err != nil {
		return nil, err
	}
	var held *idx.Samples
	if test.Images != "" && c.Test == "" {
		if held, err = idx.Load(test, classesOf(all)); err != nil {
			return nil, err
		}
	}
	return pixelSet(ctx, c, filepath.Base(c.Path), all, held)
}

func pairs(path string) (train, test idx.Pair, err error) {
	if train, test, err = idx.Find(path); err == nil {
		return train, test, nil
	}
	train, err = idx.PairOf(path)
	return train, idx.Pair{}, err
}

func classesOf(s *idx.Samples) int {
	most := 0
	for _, l := range s.Labels {
		most = max(most, int(l))
	}
	return most + 1
}

// pixelSet makes a Set of pictures in memory. held, where it is not nil, is the
// source's own test part; c.Test takes its place.
func pixelSet(ctx context.Context, c Config, name string, all, held *idx.Samples) (*dataset.Set, error) {
	if c.Task != "" && c.Task != dataset.Image {
		return nil, fmt.Errorf("%w: it holds pictures, the task is %s; use --task image", ErrTask, c.Task)
	}
	if c.Test != "" {
		var err error
		if held, err = loadTest(ctx, c, classesOf(all)); err != nil {
			return nil, fmt.Errorf("open test set %s: %w", c.Test, err)
		}
	}
	if held != nil && (held.Height != all.Height || held.Width != all.Width || held.Channels != all.Channels) {
		return nil, fmt.Errorf("test pictures are %d×%d×%d, training pictures %d×%d×%d; give a test set of the same kind",
			held.Height, held.Width, held.Channels, all.Height, all.Width, all.Channels)
	}
	return splitPixels(c, name, all, held)
}

// loadTest reads a test set kept apart: of a folder with both parts, the test
// pair; of a lone pair, that one.
func loadTest(ctx context.Context, c Config, classes int) (*idx.Samples, error) {
	if c.Test == Digits {
		_, test, err := digits.Embedded(ctx)
		if err != nil {
			return nil, err
		}
		return &idx.Samples{Height: digits.Side, Width: digits.Side, Channels: 1, Pixels: test.Pixels, Labels: test.Labels}, nil
	}
	train, test, err := pairs(c.Test)
	if err != nil {
		return nil, err
	}
	if test.Images == "" {
		test = train
	}
	return idx.Load(test, classes)
}

func splitPixels(c Config, name string, all, held *idx.Samples) (*dataset.Set, error) {
	l := relabelPixels(c.Operations, all, held)
	if err := l.check(); err != nil {
		return nil, err
	}
	pixels := asPixels(all, l.train, 0)
	rest, testRows, err := split.Rows(len(l.kept), split.Config{
		Share: testShare(c, held), Seed: c.Seed + 1, Label: func(i int) int { return pixels.Class(int(l.kept[i])) },
	})
	if err != nil {
		return nil, fmt.Errorf("split off the test part: %w", err)
	}
	rest, testRows = take(l.kept, rest), take(l.kept, testRows)
	train, validation, err := within(rest, pixels, c)
	if err != nil {
		return nil, fmt.Errorf("split off the validation part: %w", err)
	}
	set := &dataset.Set{Task: dataset.Image, Name: name, Classes: l.classes}
	if set.Train, err = augmented(pixels, train, c); err != nil {
		return nil, err
	}
	set.Validation = feed.NewImages(pixels, validation, nil, c.Seed)
	print := newPrint("idx").bytes(all.Pixels).bytes(all.Labels).rows(train).rows(validation).rows(testRows)
	switch {
	case held != nil:
		set.Test = feed.NewImages(asPixels(held, l.held, len(all.Labels)), l.heldKept, nil, c.Seed)
		print.bytes(held.Pixels).bytes(held.Labels)
	case len(testRows) > 0:
		set.Test = feed.NewImages(pixels, testRows, nil, c.Seed)
	}
	if len(c.Operations) > 0 {
		print.text(c.Operations.String())
		set.Notes = append(set.Notes, fmt.Sprintf("%d changes are applied; they leave out %d of %d pictures",
			len(c.Operations), l.dropped, len(l.train)+len(l.held)))
	}
	set.Fingerprint = print.sum()
	return set, nil
}

func augmented(p *feed.Pixels, rows []int32, c Config) (dataset.Feed, error) {
	change, err := augment.Parse(c.Augment)
	if err != nil {
		return nil, err
	}
	if change == nil {
		return feed.NewImages(p, rows, nil, c.Seed), nil
	}
	return feed.NewImages(p, rows, change, c.Seed), nil
}

func testShare(c Config, held *idx.Samples) float64 {
	if held != nil {
		return 0
	}
	return c.TestSplit
}

// within splits rows by c.Validation, keeping the classes' shares.
func within(rows []int32, p *feed.Pixels, c Config) (train, validation []int32, err error) {
	a, b, err := split.Rows(len(rows), split.Config{
		Share: c.Validation, Seed: c.Seed, Label: func(i int) int { return p.Class(int(rows[i])) },
	})
	if err != nil {
		return nil, nil, err
	}
	return take(rows, a), take(rows, b), nil
}

func take(of, rows []int32) []int32 {
	if len(rows) == len(of) {
		return of // rows rise: all of them
	}
	out := make([]int32, len(rows))
	for i, r := range rows {
		out[i] = of[r]
	}
	return out
}

// asPixels is samples with the labels they have after all changes; first is the
// number of the first in the whole source.
func asPixels(s *idx.Samples, labels []int32, first int) *feed.Pixels {
	numbers := make([]int32, len(labels))
	for i := range numbers {
		numbers[i] = int32(first + i)
	}
	return &feed.Pixels{Height: s.Height, Width: s.Width, Channels: s.Channels, Data: s.Pixels, Labels: labels, Numbers: numbers}
}

func numbered(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}
