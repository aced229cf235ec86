package ui

import (
	"sync"
	"time"
)

// bundle brings what several goroutines have ready to the UI goroutine in one
// call, so that the window is drawn once for all of it.
type bundle struct {
	post func(func())

	mu    sync.Mutex
	parts []func()
	then  func()
	want  int
	round int
}

// bundleWait is how long a bundle waits for its parts; one that never comes (a
// chart that is too small to draw) holds nothing up.
const bundleWait = 120 * time.Millisecond

// begin starts a bundle of want parts; then is called with them. A bundle that is
// still open is sent as it is.
func (b *bundle) begin(want int, then func()) {
	b.flush(-1)
	b.mu.Lock()
	b.want, b.then = want, then
	b.round++
	round := b.round
	b.mu.Unlock()
	time.AfterFunc(bundleWait, func() { b.flush(round) })
}

// add is one part; without an open bundle it goes on its own.
func (b *bundle) add(f func()) {
	b.mu.Lock()
	if b.want == 0 {
		b.mu.Unlock()
		b.post(f)
		return
	}
	b.parts = append(b.parts, f)
	full := len(b.parts) >= b.want
	round := b.round
	b.mu.Unlock()
	if full {
		b.flush(round)
	}
}

// flush sends the bundle of a round, -1 of any.
func (b *bundle) flush(round int) {
	b.mu.Lock()
	if b.want == 0 || round >= 0 && round != b.round {
		b.mu.Unlock()
		return
	}
	parts, then := b.parts, b.then
	b.parts, b.then, b.want = nil, nil, 0
	b.mu.Unlock()
	b.post(func() {
		for _, f := range parts {
			f()
		}
		then()
	})
}
