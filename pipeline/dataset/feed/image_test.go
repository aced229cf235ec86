package feed_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"athanor/pipeline/dataset/feed"
)

type add byte

func (a add) Apply(dst, src []byte, _ [3]int, seed uint64) {
	for i := range dst {
		dst[i] = src[i] + byte(a) + byte(seed)
	}
}

func pixels() *feed.Pixels {
	return &feed.Pixels{Height: 1, Width: 2, Channels: 1, Data: []byte{0, 1, 10, 11, 20, 21}, Labels: []int32{0, 1, 2}}
}

func TestImagesFillsRows(t *testing.T) {
	f := feed.NewImages(pixels(), []int32{2, 0}, nil, 1)
	dst := make([]byte, 4)
	if err := f.Fill(t.Context(), [][]byte{dst}, 0, []int{1, 0}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(dst, []byte{0, 1, 20, 21}) {
		t.Errorf("got %v", dst)
	}
	if f.Len() != 2 || f.Class(0) != 2 || f.Row(0) != 2 || f.Target(1) != 0 {
		t.Error("length, class or row is wrong")
	}
	if c := f.Columns(); len(c) != 1 || len(c[0].Shape) != 3 || c[0].Shape[1] != 2 {
		t.Errorf("columns %v", c)
	}
}

func TestImagesAugmentsBySeedEpochAndRow(t *testing.T) {
	f := feed.NewImages(pixels(), []int32{0, 1, 2}, add(0), 3)
	get := func(epoch, row int) byte {
		dst := make([]byte, 2)
		if err := f.Fill(t.Context(), [][]byte{dst}, epoch, []int{row}); err != nil {
			t.Fatal(err)
		}
		return dst[0]
	}
	if get(-1, 1) != 10 {
		t.Error("a negative epoch must give the picture itself")
	}
	seen := map[byte]bool{}
	for epoch := range 8 {
		if first, again := get(epoch, 0), get(epoch, 0); first != again {
			t.Error("the same epoch and row must give the same picture")
		}
		seen[get(epoch, 0)] = true
	}
	if len(seen) < 4 {
		t.Errorf("8 epochs gave %d pictures", len(seen))
	}
}

func TestImagesRefuses(t *testing.T) {
	f := feed.NewImages(pixels(), []int32{0}, nil, 1)
	if err := f.Fill(t.Context(), [][]byte{make([]byte, 2)}, 0, []int{1}); !errors.Is(err, feed.ErrRow) {
		t.Errorf("row outside: %v", err)
	}
	if err := f.Fill(t.Context(), [][]byte{make([]byte, 3)}, 0, []int{0}); err == nil {
		t.Error("a slice of the wrong length was taken")
	}
	if err := f.Fill(t.Context(), nil, 0, []int{0}); err == nil {
		t.Error("a missing column was taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Fill(ctx, [][]byte{make([]byte, 2)}, 0, []int{0}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
