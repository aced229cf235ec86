package metrics_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"athanor/app/metrics"
	"athanor/pipeline/curve"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// sampleRow is a row whose values follow from its step.
func sampleRow(step int) metrics.Row {
	loss := math.Exp(-float64(step)/5000) + 0.01*math.Sin(float64(step))
	switch step % 1000 {
	case 7:
		loss = math.NaN()
	case 8:
		loss = math.Inf(1)
	}
	return metrics.Row{
		Step: int64(step), Epoch: int32(step/1000 + 1), Time: start.Add(time.Duration(step) * time.Millisecond),
		Active: time.Duration(step) * time.Millisecond, Values: []float64{loss, float64(step) / 2},
	}
}

func write(t testing.TB, dir string, from, to int) {
	t.Helper()
	w, err := metrics.Create(dir, "steps", []string{"loss", "half"})
	if err != nil {
		t.Fatal(err)
	}
	for step := from; step <= to; step++ {
		if err := w.Append(sampleRow(step)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func openTable(t testing.TB, dir string) *metrics.Table {
	t.Helper()
	table, err := metrics.Open(dir, "steps")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = table.Close() })
	return table
}

// checkRows asserts that the table holds the steps 1…n exactly.
func checkRows(t testing.TB, v *metrics.View, n int) {
	t.Helper()
	rows := v.Read(nil, 0, math.MaxInt32)
	if len(rows) != n {
		t.Fatalf("%d rows, want %d", len(rows), n)
	}
	for i, r := range rows {
		want := sampleRow(i + 1)
		if r.Step != want.Step || r.Epoch != want.Epoch || !r.Time.Equal(want.Time) || r.Active != want.Active {
			t.Fatalf("row %d is %+v, want %+v", i, r, want)
		}
		for c := range want.Values {
			if math.Float64bits(r.Values[c]) != math.Float64bits(want.Values[c]) {
				t.Fatalf("row %d column %d is %v, want %v", i, c, r.Values[c], want.Values[c])
			}
		}
	}
}

func TestEveryRowComesBack(t *testing.T) {
	for _, n := range []int{0, 1, 255, 4095, 4096, 4097, 20_000} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, 1, n)
			checkRows(t, openTable(t, dir).View(), n)
		})
	}
}

func TestAppendingGoesOnAfterReopening(t *testing.T) {
	dir := t.TempDir()
	for _, r := range [][2]int{{1, 100}, {101, 5000}, {5001, 5001}, {5002, 8192}, {8193, 9000}} {
		write(t, dir, r[0], r[1])
		checkRows(t, openTable(t, dir).View(), r[1])
	}
}

func TestSummariesAgreeWithTheRows(t *testing.T) {
	dir := t.TempDir()
	const n = 30_000
	write(t, dir, 1, n)
	s, err := openTable(t, dir).View().Series("loss", metrics.Step)
	if err != nil {
		t.Fatal(err)
	}
	edges := []float64{0, 13, 700, 701, 701.5, 2000, 3999, 5000, 6400, 8200, 10_000, 11_111, 12_345, 14_000}
	got := make([]curve.Column, len(edges)-1)
	curve.Line{Samples: s}.Columns(s.Pieces()[0], edges, got)
	for i, c := range got {
		var want curve.Column
		for step := 1; step <= n; step++ {
			x := float64(step)
			if x >= edges[i] && (x < edges[i+1] || i == len(got)-1 && x == edges[i+1]) {
				want.Add(sampleRow(step).Values[0])
			}
		}
		if math.Abs(c.Sum-want.Sum) > 1e-9*math.Abs(want.Sum) {
			t.Errorf("column %d: sum %v, want %v", i, c.Sum, want.Sum)
		}
		c.Sum = want.Sum
		if c != want {
			t.Errorf("column %d is %+v, want %+v", i, c, want)
		}
	}
}

func TestAReaderFollowsAWriter(t *testing.T) {
	dir := t.TempDir()
	w, err := metrics.Create(dir, "steps", []string{"loss", "half"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	table := openTable(t, dir)
	for step := 1; step <= 10_000; step++ {
		if err := w.Append(sampleRow(step)); err != nil {
			t.Fatal(err)
		}
		if step%1111 != 0 {
			continue
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if _, err := table.Refresh(); err != nil {
			t.Fatal(err)
		}
		checkRows(t, table.View(), step)
	}
	if changed, err := table.Refresh(); err != nil || changed && table.View().Len() == 9999 {
		t.Errorf("refresh without news says %v %v", changed, err)
	}
}

func TestPointsReachTheDiskByThemselves(t *testing.T) {
	dir := t.TempDir()
	w, err := metrics.Create(dir, "steps", []string{"loss", "half"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	table := openTable(t, dir)
	if err := w.Append(sampleRow(1)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Second); table.View().Len() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("a point was not on the disk after a second")
		}
		if _, err := table.Refresh(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestCutAndGoOn(t *testing.T) {
	for _, cut := range []int{0, 4096, 4097, 9000, 99_999} {
		t.Run(strconv.Itoa(cut), func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, 1, 10_000)
			follower := openTable(t, dir)
			w, err := metrics.Create(dir, "steps", []string{"loss", "half"})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.CutAfter(int64(cut)); err != nil {
				t.Fatal(err)
			}
			keep := min(cut, 10_000)
			for step := keep + 1; step <= 12_000; step++ {
				if err := w.Append(sampleRow(step)); err != nil {
					t.Fatal(err)
				}
				if step == keep+50 {
					if err := errors.Join(w.Flush(), refresh(follower)); err != nil {
						t.Fatal(err)
					}
					checkRows(t, follower.View(), keep+50)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			checkRows(t, openTable(t, dir).View(), 12_000)
			if err := refresh(follower); err != nil {
				t.Fatal(err)
			}
			checkRows(t, follower.View(), 12_000)
		})
	}
}

func refresh(t *metrics.Table) error { _, err := t.Refresh(); return err }

func TestBackwardStepsBecomePieces(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 1, 6000)
	write(t, dir, 3001, 9000)
	v := openTable(t, dir).View()
	s, err := v.Series("half", metrics.Step)
	if err != nil {
		t.Fatal(err)
	}
	want := []curve.Span{{From: 0, To: 6000}, {From: 6000, To: 12_000}}
	if got := s.Pieces(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("pieces %v, want %v", got, want)
	}
}

func TestEpochAxis(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 1, 5000)
	s, err := openTable(t, dir).View().Series("half", metrics.Epoch)
	if err != nil {
		t.Fatal(err)
	}
	// Steps 1…999 are epoch 1, 1000…1999 epoch 2.
	for row, want := range map[int]float64{998: 1, 1498: 1.5, 1998: 2, 0: 1.0 / 999} {
		if got := s.X(row); math.Abs(got-want) > 1e-9 {
			t.Errorf("row %d is at epoch %v, want %v", row, got, want)
		}
	}
}

func TestOtherColumnsAreRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 1, 10)
	if _, err := metrics.Create(dir, "steps", []string{"other"}); !errors.Is(err, metrics.ErrColumns) {
		t.Errorf("error %v, want ErrColumns", err)
	}
}

func TestHalfWrittenFilesAreMended(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 1, 10_000)
	blocks, tail := metrics.BlocksPath(dir, "steps"), metrics.TailPath(dir, "steps")
	appendTo(t, blocks, bytes.Repeat([]byte{0xff}, 12_345))
	appendTo(t, tail, []byte("AFRM and then the power went"))
	checkRows(t, openTable(t, dir).View(), 10_000)
	write(t, dir, 10_001, 15_000)
	checkRows(t, openTable(t, dir).View(), 15_000)
}

func appendTo(t testing.TB, path string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedPartIsAbsentAndTheRestStays(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 1, 12_288)
	path := metrics.BlocksPath(dir, "steps")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2+40_000] ^= 0x10 // in the values of the second block
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	rows := openTable(t, dir).View().Read(nil, 0, math.MaxInt32)
	lost := 0
	for i, r := range rows {
		if r.Step != int64(i+1) {
			t.Fatalf("row %d has step %d", i, r.Step)
		}
		if curve.IsAbsent(r.Values[0]) || curve.IsAbsent(r.Values[1]) {
			lost++
		}
	}
	if len(rows) != 12_288 || lost != 0 && lost != 4096 {
		t.Errorf("%d rows, %d lost", len(rows), lost)
	}
}

func TestTenThousandMetrics(t *testing.T) {
	dir := t.TempDir()
	names := make([]string, 10_000)
	values := make([]float64, len(names))
	for i := range names {
		names[i], values[i] = "metric/"+strconv.Itoa(i), float64(i)
	}
	w, err := metrics.Create(dir, "steps", names)
	if err != nil {
		t.Fatal(err)
	}
	for step := range 40 {
		if err := w.Append(metrics.Row{Step: int64(step), Values: values}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := openTable(t, dir).View().Series("metric/9999", metrics.Step)
	if err != nil {
		t.Fatal(err)
	}
	c := curve.Line{Samples: s}.Summary(0, 100)
	if c.N != 40 || c.Min != 9999 || c.Max != 9999 {
		t.Errorf("summary %+v", c)
	}
}

func FuzzTail(f *testing.F) {
	dir := f.TempDir()
	write(f, dir, 1, 20)
	blocks, err := os.ReadFile(metrics.BlocksPath(dir, "steps"))
	if err != nil {
		f.Fatal(err)
	}
	tail, err := os.ReadFile(metrics.TailPath(dir, "steps"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(blocks, tail)
	f.Add(blocks[:100], tail[:50])
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, blocks, tail []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{"steps.blocks": blocks, "steps.tail": tail} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		table, err := metrics.Open(dir, "steps")
		if err != nil {
			return
		}
		defer table.Close()
		for _, name := range table.Columns() {
			s, err := table.View().Series(name, metrics.Epoch)
			if err != nil {
				continue
			}
			curve.Line{Samples: s}.Summary(math.Inf(-1), math.Inf(1))
			curve.Line{Samples: s}.Nearest(3)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	w, err := metrics.Create(b.TempDir(), "steps", []string{"loss", "accuracy", "learning_rate", "gradient_norm"})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	row := metrics.Row{Time: start, Values: []float64{1, 2, 3, 4}}
	for b.Loop() {
		row.Step++
		if err := w.Append(row); err != nil {
			b.Fatal(err)
		}
	}
}
