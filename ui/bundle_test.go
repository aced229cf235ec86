package ui

import (
	"testing"
	"time"
)

func TestABundleComesInOneCall(t *testing.T) {
	calls := make(chan func(), 10)
	b := &bundle{post: func(f func()) { calls <- f }}
	got := ""
	part := func(name string) func() { return func() { got += name } }
	b.begin(2, part("."))
	b.add(part("a"))
	b.add(part("b"))
	(<-calls)()
	if got != "ab." || len(calls) != 0 {
		t.Errorf("one call brought %q, %d more wait", got, len(calls))
	}
	b.add(part("late"))
	(<-calls)()
	if got != "ab.late" {
		t.Errorf("a part without a bundle: %q", got)
	}
}

func TestABundleDoesNotWaitForWhatNeverComes(t *testing.T) {
	calls := make(chan func(), 10)
	b := &bundle{post: func(f func()) { calls <- f }}
	got := ""
	b.begin(2, func() { got += "." })
	b.add(func() { got += "a" })
	select {
	case f := <-calls:
		f()
	case <-time.After(10 * time.Second):
		t.Fatal("the bundle was never sent")
	}
	b.begin(1, func() { got += "!" })
	b.begin(1, func() { got += "?" }) // the one before is sent as it is
	(<-calls)()
	if got != "a.!" {
		t.Errorf("got %q", got)
	}
}
