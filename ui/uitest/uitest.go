// Package uitest drives screens in tests: a queue stands for the UI goroutine,
// so that what views do there never races with the test.
package uitest

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"athanor/ui/i18n"
	"athanor/ui/look"
)

// Queue collects what is posted to the UI goroutine until the test runs it.
type Queue struct{ calls chan func() }

// NewQueue returns an empty queue.
func NewQueue() *Queue { return &Queue{calls: make(chan func(), 4096)} }

// Post implements the window's way to the UI goroutine.
func (q *Queue) Post(f func()) { q.calls <- f }

// Until runs posted calls on the test's goroutine until done says so; it fails
// the test after limit.
func (q *Queue) Until(tb testing.TB, limit time.Duration, done func() bool) {
	tb.Helper()
	deadline := time.After(limit)
	for !done() {
		select {
		case f := <-q.calls:
			f()
		case <-deadline:
			tb.Fatalf("nothing more happened within %v", limit)
		}
	}
}

// Book opens the translations.
func Book(tb testing.TB, l i18n.Language) *i18n.Book {
	tb.Helper()
	b, err := i18n.Open(l)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// App opens Fyne's test app in Athanor's look.
func App(tb testing.TB) fyne.App {
	tb.Helper()
	a := test.NewTempApp(tb)
	a.Settings().SetTheme(look.Theme{Mode: look.Dark})
	return a
}
