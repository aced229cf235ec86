package feed_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"athanor/pipeline/dataset/feed"
)

func TestStoreSpillsAndReadsBack(t *testing.T) {
	const stride, n = 1 << 20, 20
	s := feed.NewStore(stride, t.TempDir(), 8<<20)
	defer s.Close()
	sample := make([]byte, stride)
	for i := range n {
		sample[0], sample[stride-1] = byte(i), byte(2*i)
		if err := s.Append(sample); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := s.Read(sample, i); err != nil || sample[0] != byte(i) || sample[stride-1] != byte(2*i) {
			t.Fatalf("sample %d: %d %d, %v", i, sample[0], sample[stride-1], err)
		}
	}
	if err := s.Read(sample, n); !errors.Is(err, feed.ErrRow) {
		t.Errorf("behind the end: %v", err)
	}
	if err := s.Append(sample[1:]); err == nil {
		t.Error("a sample of another size was taken")
	}
}

type drop struct{}

func (drop) Corrupt(ids []int64, seed uint64) { ids[0] = int64(seed % 1000) }

func TestTokensWiden(t *testing.T) {
	s := feed.NewStore(8, "", 0)
	for i := range 3 {
		var b [8]byte
		binary.LittleEndian.PutUint32(b[:], uint32(70_000+i))
		if err := s.Append(b[:]); err != nil {
			t.Fatal(err)
		}
	}
	f := feed.NewTokens(s, &feed.Answers{Classes: []int32{0, 1, 1}, Numbers: []int32{5, 6, 9}}, []int32{2, 0}, drop{}, 1)
	dst := make([]byte, 32)
	if err := f.Fill(t.Context(), [][]byte{dst}, -1, []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	if a, b := binary.LittleEndian.Uint64(dst), binary.LittleEndian.Uint64(dst[16:]); a != 70_002 || b != 70_000 {
		t.Errorf("ids %d %d", a, b)
	}
	if f.Row(0) != 9 || f.Class(1) != 0 || f.Len() != 2 || f.Columns()[0].Shape[0] != 2 {
		t.Error("answers of other rows")
	}
	if err := f.Fill(t.Context(), [][]byte{dst}, 3, []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	if binary.LittleEndian.Uint64(dst) == 70_002 {
		t.Error("training text was not changed")
	}
}

func TestFeaturesGiveTargets(t *testing.T) {
	s := feed.NewStore(4, "", 0)
	for i := range 4 {
		if err := s.Append([]byte{byte(i), 0, 0, 0}); err != nil {
			t.Fatal(err)
		}
	}
	f := feed.NewFeatures(s, &feed.Answers{Values: []float32{1, 2, 3, 4.5}}, []int32{3})
	dst := make([]byte, 4)
	if err := f.Fill(t.Context(), [][]byte{dst}, 0, []int{0}); err != nil || dst[0] != 3 || f.Target(0) != 4.5 {
		t.Errorf("%v %v %v", dst, f.Target(0), err)
	}
	if err := f.Fill(t.Context(), [][]byte{dst}, 0, []int{1}); !errors.Is(err, feed.ErrRow) {
		t.Errorf("row outside: %v", err)
	}
}

// TestOnlySamplesInMemoryAreCheap: what lies on the disk is worth reading ahead.
func TestOnlySamplesInMemoryAreCheap(t *testing.T) {
	for samples, want := range map[int]bool{8: true, 9: false} {
		s := feed.NewStore(1<<20, t.TempDir(), 8<<20)
		for range samples {
			if err := s.Append(make([]byte, 1<<20)); err != nil {
				t.Fatal(err)
			}
		}
		features := feed.NewFeatures(s, &feed.Answers{}, []int32{0})
		pictures := feed.NewStored(s, [3]int{1 << 10, 1 << 10, 1}, &feed.Answers{}, []int32{0}, nil, 1)
		if features.Cheap() != want || pictures.Cheap() != want {
			t.Errorf("%d samples of 8 in memory: cheap %v and %v, want %v", samples, features.Cheap(), pictures.Cheap(), want)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
