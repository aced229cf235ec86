package job

import (
	"context"
	"slices"
	"sync"
)

// Item is one entry of a queue, as Items returns it.
type Item struct {
	ID    int
	Name  string
	State ItemState
	Err   error // of a failed one
}

// ItemState is where an entry stands.
type ItemState string

// States of an entry. Ended entries stay in the list until Clear.
const (
	ItemWaiting ItemState = "waiting"
	ItemRunning ItemState = "running"
	ItemDone    ItemState = "done"
	ItemFailed  ItemState = "failed"
	ItemRemoved ItemState = "cancelled"
)

// Queue runs one piece of work after the other. Its methods may be called by any
// goroutine.
type Queue struct {
	changed func([]Item)
	ctx     context.Context //nolint:containedctx // the queue's own life, ended by Close
	stop    context.CancelFunc
	wake    chan struct{}
	done    chan struct{}

	mu    sync.Mutex
	next  int
	items []*entry
}

type entry struct {
	Item
	run    func(ctx context.Context) error
	cancel context.CancelFunc
	first  bool // came to an empty queue, which begins it at once: nothing overtakes it
}

// NewQueue starts an empty queue. changed, unless nil, is called with the
// entries after every change, on the goroutine that made it.
func NewQueue(ctx context.Context, changed func([]Item)) *Queue {
	q := &Queue{changed: changed, wake: make(chan struct{}, 1), done: make(chan struct{})}
	q.ctx, q.stop = context.WithCancel(ctx)
	go q.loop()
	return q
}

// Add puts work at the end and returns its number.
func (q *Queue) Add(name string, run func(ctx context.Context) error) int {
	q.mu.Lock()
	q.next++
	id := q.next
	first := !slices.ContainsFunc(q.items, func(e *entry) bool { return e.State == ItemWaiting || e.State == ItemRunning })
	q.items = append(q.items, &entry{Item: Item{ID: id, Name: name, State: ItemWaiting}, run: run, first: first})
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	q.tell()
	return id
}

// Items returns the entries: ended, running, then waiting in their order.
func (q *Queue) Items() []Item {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make([]Item, len(q.items))
	for i, e := range q.items {
		out[i] = e.Item
	}
	return out
}

// Move puts a waiting entry at a place among the waiting ones, 0 for next. It
// reports whether the entry was waiting.
func (q *Queue) Move(id, place int) bool {
	q.mu.Lock()
	i := q.find(id)
	if i < 0 || q.items[i].State != ItemWaiting {
		q.mu.Unlock()
		return false
	}
	e := q.items[i]
	q.items = slices.Delete(q.items, i, i+1)
	first := q.firstWaiting()
	if first < len(q.items) && q.items[first].first {
		first++
	}
	at := min(first+max(place, 0), len(q.items))
	q.items = slices.Insert(q.items, at, e)
	q.mu.Unlock()
	q.tell()
	return true
}

// Remove takes a waiting entry out, or cancels the running one. It reports
// whether there was one.
func (q *Queue) Remove(id int) bool {
	q.mu.Lock()
	i := q.find(id)
	found := i >= 0
	if found {
		switch e := q.items[i]; e.State {
		case ItemRunning:
			e.cancel()
		default:
			q.items = slices.Delete(q.items, i, i+1)
		}
	}
	q.mu.Unlock()
	q.tell()
	return found
}

// Clear forgets the entries that ended.
func (q *Queue) Clear() {
	q.mu.Lock()
	q.items = slices.DeleteFunc(q.items, func(e *entry) bool {
		return e.State != ItemWaiting && e.State != ItemRunning
	})
	q.mu.Unlock()
	q.tell()
}

// Close cancels what runs and waits for it until ctx ends.
func (q *Queue) Close(ctx context.Context) error {
	q.stop()
	select {
	case <-q.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *Queue) find(id int) int {
	return slices.IndexFunc(q.items, func(e *entry) bool { return e.ID == id })
}

func (q *Queue) firstWaiting() int {
	i := slices.IndexFunc(q.items, func(e *entry) bool { return e.State == ItemWaiting })
	if i < 0 {
		return len(q.items)
	}
	return i
}

func (q *Queue) tell() {
	if q.changed != nil {
		q.changed(q.Items())
	}
}

// loop runs entries until Close.
func (q *Queue) loop() {
	defer close(q.done)
	for {
		e, ctx := q.begin()
		if e == nil {
			select {
			case <-q.wake:
				continue
			case <-q.ctx.Done():
				return
			}
		}
		q.tell()
		err := guard(func() error { return e.run(ctx) })
		q.finish(e, ctx, err)
		q.tell()
	}
}

// begin makes the next waiting entry the running one.
func (q *Queue) begin() (*entry, context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.firstWaiting()
	if i == len(q.items) || q.ctx.Err() != nil {
		return nil, nil
	}
	e := q.items[i]
	ctx, cancel := context.WithCancel(q.ctx)
	e.State, e.cancel = ItemRunning, cancel
	return e, ctx
}

func (q *Queue) finish(e *entry, ctx context.Context, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case err == nil:
		e.State = ItemDone
	case ctx.Err() != nil:
		e.State = ItemRemoved
	default:
		e.State, e.Err = ItemFailed, err
	}
	e.cancel()
}
