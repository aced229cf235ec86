package train

import (
	"bytes"
	goruntime "runtime"
	"slices"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/augment"
	"athanor/pipeline/dataset/feed"
)

// TestReadersGiveTheSameBatches: whether samples are read ahead or between steps,
// they are the same, from any batch of an epoch on.
func TestReadersGiveTheSameBatches(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	const samples, batch = 23, 4
	p := &feed.Pixels{Height: 5, Width: 5, Channels: 1, Data: make([]byte, 25*samples), Labels: make([]int32, samples)}
	rows := make([]int32, samples)
	for i := range rows {
		rows[i] = int32(i)
		for j := range 25 {
			p.Data[25*i+j] = byte(31*i + 7*j)
		}
	}
	f := feed.NewImages(p, rows, &augment.Picture{Shift: 0.4}, 9)
	for _, first := range []int{0, 2, 5, 6} {
		order := Order(samples, 1, 3)
		ahead := readAhead(t.Context(), f, slices.Clone(order), batch, first, 3)
		between := &copied{feed: f, epoch: 3, order: order[min(first*batch, len(order)):], batch: batch}
		for count := first; ; count++ {
			want, more := ahead.next()
			got, ok := between.next()
			if more != ok {
				t.Fatalf("from batch %d: one reader ends at batch %d, the other goes on", first, count)
			}
			if !more {
				break
			}
			a, b := loaded(t, want, f), loaded(t, got, f)
			if !slices.Equal(want.rows, got.rows) || !bytes.Equal(a, b) {
				t.Fatalf("from batch %d: batch %d differs", first, count)
			}
		}
		ahead.stop()
		between.stop()
	}
}

// loaded is what a batch puts into a step's column.
func loaded(t *testing.T, b filled, f *feed.Images) []byte {
	t.Helper()
	column, err := runtime.NewZeros(onnx.Uint8, []int64{int64(len(b.rows)), 5, 5, 1})
	if err != nil {
		t.Fatal(err)
	}
	defer column.Close()
	s := &stepper{columns: []*runtime.Tensor{column}}
	if err := s.loadColumns(t.Context(), b, f, 3); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(column.Bytes())
}

// TestCopiesBetweenStepsOnlyWhereEveryCoreComputes: with a core to spare, or with
// samples that take work, a batch is read while the step before it runs.
func TestCopiesBetweenStepsOnlyWhereEveryCoreComputes(t *testing.T) {
	p := &feed.Pixels{Height: 1, Width: 1, Channels: 1, Data: []byte{0, 1}, Labels: []int32{0, 1}}
	cores := goruntime.GOMAXPROCS(0)
	for _, c := range []struct {
		change  augment.Picture
		threads int
		want    bool
	}{
		{augment.Picture{}, cores, true},
		{augment.Picture{Shift: 0.1}, cores, true},
		{augment.Picture{Shift: 0.1}, cores - 1, false},
		{augment.Picture{Rotate: 5}, cores, false},
		{augment.Picture{Shift: 0.1, Noise: 0.1}, cores, false},
		{augment.Picture{MixUp: 0.2}, cores, false},
	} {
		r := &run{}
		r.recipe.Threads, r.recipe.Train.Batch = c.threads, 1
		r.deps.Set = &dataset.Set{Train: feed.NewImages(p, []int32{0, 1}, &c.change, 1)}
		reader := r.newReader(t.Context(), []int32{0, 1})
		if _, got := reader.(*copied); got != c.want {
			t.Errorf("%v with %d threads on %d cores: copied between steps %v, want %v", c.change, c.threads, cores, got, c.want)
		}
		reader.stop()
	}
}
