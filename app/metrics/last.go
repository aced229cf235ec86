package metrics

import "time"

// Active is the working time of the last row, zero without rows.
func (w *Writer) Active() time.Duration {
	return time.Duration(w.last(func(r *rows) []int64 { return r.active }, func(m *bucketMeta) int64 { return m.lastActive }))
}

// LastStep is the step of the last row, zero without rows.
func (w *Writer) LastStep() int64 {
	return w.last(func(r *rows) []int64 { return r.step }, func(m *bucketMeta) int64 { return m.lastStep })
}

// last returns a value of the newest row, wherever it lies.
func (w *Writer) last(of func(*rows) []int64, sealed func(*bucketMeta) int64) int64 {
	w.disk.Lock()
	defer w.disk.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range []*rows{w.pending, w.held} {
		if n := r.len(); n > 0 {
			return of(r)[n-1]
		}
	}
	if w.before != nil {
		return sealed(w.before)
	}
	return 0
}
