package job_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"athanor/app/job"
)

// count is a task that emits 1…n, one a millisecond.
func count(n int, publish func(job.Snapshot[[]int])) job.Task[int, []int] {
	return job.Task[int, []int]{
		Work: func(ctx context.Context, c *job.Control, emit func(int)) error {
			for i := 1; i <= n; i++ {
				if err := c.Gate(ctx); err != nil {
					return err
				}
				emit(i)
				time.Sleep(time.Millisecond)
			}
			return nil
		},
		Gather:  func(s *[]int, e int) { *s = append(*s, e) },
		Copy:    slices.Clone[[]int],
		Publish: publish,
	}
}

func TestSnapshotsComeTenTimesASecondAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []job.Snapshot[[]int]
		j := job.Start(t.Context(), count(1000, func(s job.Snapshot[[]int]) { got = append(got, s) }))
		if err := j.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		last := got[len(got)-1]
		if last.State != job.Done || len(last.Value) != 1000 || last.Ended.IsZero() {
			t.Errorf("last snapshot %s with %d values", last.State, len(last.Value))
		}
		if len(got) < 8 || len(got) > 12 {
			t.Errorf("%d snapshots in a second, want about 10", len(got))
		}
	})
}

func TestASlowWindowDoesNotSlowTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		j := job.Start(t.Context(), count(1000, func(job.Snapshot[[]int]) { time.Sleep(10 * time.Second) }))
		if err := j.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := j.Snapshot().Ended.Sub(begin); took > 1100*time.Millisecond {
			t.Errorf("the work took %v, want a second", took)
		}
	})
}

func TestPauseAndResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := job.Start(t.Context(), count(100, nil))
		time.Sleep(50 * time.Millisecond)
		j.Pause()
		time.Sleep(time.Hour)
		s := j.Snapshot()
		if s.State != job.Paused || len(s.Value) < 50 || len(s.Value) > 52 {
			t.Errorf("%s after %d values", s.State, len(s.Value))
		}
		j.Resume()
		if err := j.Wait(t.Context()); err != nil || len(j.Snapshot().Value) != 100 {
			t.Errorf("%v after %d values", err, len(j.Snapshot().Value))
		}
	})
}

func TestCancelIsNotAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := job.Start(t.Context(), count(1e9, nil))
		time.Sleep(5 * time.Millisecond)
		j.Pause()
		j.Cancel()
		if err := j.Wait(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if s := j.Snapshot(); s.State != job.Cancelled || s.Err != nil {
			t.Errorf("snapshot %s, %v", s.State, s.Err)
		}
	})
}

func TestAPanicBecomesAnErrorWithItsStack(t *testing.T) {
	j := job.Start(t.Context(), job.Task[int, int]{
		Work:   func(context.Context, *job.Control, func(int)) error { panic("boom") },
		Gather: func(*int, int) {},
	})
	err := j.Wait(t.Context())
	var p *job.PanicError
	if !errors.As(err, &p) || !strings.Contains(string(p.Stack), "job_test.go") {
		t.Fatalf("error %v", err)
	}
	if j.Snapshot().State != job.Failed {
		t.Errorf("state %s", j.Snapshot().State)
	}
}

func TestQueueRunsInOrderAndCanBeReordered(t *testing.T) {
	var mu sync.Mutex
	var order []string
	release := make(chan struct{})
	work := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			select {
			case <-release:
			case <-ctx.Done():
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			order = append(order, name)
			if name == "bad" {
				panic("bad")
			}
			return nil
		}
	}
	ended := make(chan struct{}, 100)
	q := job.NewQueue(t.Context(), func(items []job.Item) {
		if slices.ContainsFunc(items, func(i job.Item) bool { return i.State == job.ItemWaiting || i.State == job.ItemRunning }) {
			return
		}
		ended <- struct{}{}
	})
	first := q.Add("first", work("first"))
	for _, i := range q.Items() {
		for i.ID == first && i.State != job.ItemRunning {
			i = q.Items()[0]
		}
	}
	b := q.Add("b", work("b"))
	c := q.Add("c", work("c"))
	bad := q.Add("bad", work("bad"))
	d := q.Add("d", work("d"))
	if !q.Move(c, 0) || q.Move(first, 0) || !q.Remove(d) || q.Remove(99) || !q.Move(b, 100) {
		t.Error("moving or removing went wrong")
	}
	close(release)
	for !slices.Equal(states(q), []job.ItemState{job.ItemDone, job.ItemDone, job.ItemFailed, job.ItemDone}) {
		<-ended
	}
	if want := []string{"first", "c", "bad", "b"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	if i := q.Items()[2]; i.ID != bad || i.Err == nil {
		t.Errorf("the failed entry is %+v", i)
	}
	q.Clear()
	if n := len(q.Items()); n != 0 {
		t.Errorf("%d entries after Clear", n)
	}
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func states(q *job.Queue) []job.ItemState {
	var out []job.ItemState
	for _, i := range q.Items() {
		out = append(out, i.State)
	}
	return out
}

func TestClosingAQueueCancelsWhatRuns(t *testing.T) {
	q := job.NewQueue(t.Context(), nil)
	began := make(chan struct{})
	q.Add("long", func(ctx context.Context) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	})
	<-began
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := states(q); !slices.Equal(got, []job.ItemState{job.ItemRemoved}) {
		t.Errorf("states %v", got)
	}
}

// TestNothingOvertakesTheFirst: what comes to an empty queue begins, also where
// the queue has not got round to it when a later entry is put in front.
func TestNothingOvertakesTheFirst(t *testing.T) {
	for range 100 {
		order := make(chan string, 3)
		work := func(name string) func(context.Context) error {
			return func(context.Context) error { order <- name; return nil }
		}
		begin := make(chan struct{})
		q := job.NewQueue(t.Context(), nil)
		q.Add("first", func(ctx context.Context) error { <-begin; return work("first")(ctx) })
		q.Add("b", work("b"))
		q.Move(q.Add("c", work("c")), 0)
		close(begin)
		if got := []string{<-order, <-order, <-order}; !slices.Equal(got, []string{"first", "c", "b"}) {
			t.Fatalf("order %v", got)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
