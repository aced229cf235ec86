package serve

import (
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// Latencies are counted in buckets that grow by a quarter octave, about 19 %,
// from 1 µs to over an hour.
const (
	bucketsPerOctave = 4
	latencyBuckets   = 32 * bucketsPerOctave
	slotLength       = time.Second
	windowSlots      = 120 // what is kept
	recentSlots      = 60  // what percentiles and rates are of
)

func bucketOf(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 1))
	octave := bits.Len64(us) - 1
	quarter := int(us<<2>>octave) & 3
	return min(octave*bucketsPerOctave+quarter, latencyBuckets-1)
}

// upperBound is the largest latency of a bucket.
func upperBound(bucket int) time.Duration {
	octave, quarter := bucket/bucketsPerOctave, bucket%bucketsPerOctave
	return time.Duration(math.Ldexp(float64(5+quarter), octave-2) * float64(time.Microsecond))
}

type histogram struct {
	counts [latencyBuckets]int64
	total  int64
	errors int64
}

// percentile returns a latency that a share p of the requests did not exceed.
func (h *histogram) percentile(p float64) time.Duration {
	want := int64(math.Ceil(p * float64(h.total)))
	for i, n := range h.counts {
		if want -= n; want <= 0 && h.total > 0 {
			return upperBound(i)
		}
	}
	return 0
}

// add adds the counts of another histogram.
func (h *histogram) add(o *histogram) {
	for k, n := range o.counts {
		h.counts[k] += n
	}
	h.total += o.total
	h.errors += o.errors
}

// window keeps the latencies of the last two minutes, second by second.
type window struct {
	mu    sync.Mutex
	slots [windowSlots]histogram
	began [windowSlots]int64 // number of the slot's second
}

func (w *window) add(now time.Time, d time.Duration, failed bool) {
	number := now.UnixNano() / int64(slotLength)
	i := number % windowSlots
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.began[i] != number {
		w.slots[i], w.began[i] = histogram{}, number
	}
	w.slots[i].counts[bucketOf(d)]++
	w.slots[i].total++
	if failed {
		w.slots[i].errors++
	}
}

// sum joins the slots of the last minute, and says how many seconds they cover.
func (w *window) sum(now time.Time) (h histogram, seconds float64) {
	number := now.UnixNano() / int64(slotLength)
	oldest := number
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.slots {
		if w.slots[i].total == 0 || w.began[i] <= number-recentSlots {
			continue
		}
		oldest = min(oldest, w.began[i])
		h.add(&w.slots[i])
	}
	begin := time.Duration(oldest) * slotLength
	return h, max((time.Duration(now.UnixNano()) - begin).Seconds(), 1)
}

// into adds the whole seconds before now to a history, whose first entry is the
// oldest.
func (w *window) into(history *[windowSlots]histogram, now time.Time) {
	number := now.UnixNano() / int64(slotLength)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.slots {
		if age := number - w.began[i]; age >= 1 && age <= windowSlots {
			history[windowSlots-age].add(&w.slots[i])
		}
	}
}

// modelStats counts the work of one model, all versions together.
type modelStats struct {
	requests, failures atomic.Int64
	rows, runs         atomic.Int64
	waited, computed   atomic.Int64 // nanoseconds
	recent             window
	latency            cumulative // seconds, since the start
	batches            cumulative // rows
}

func newModelStats() *modelStats {
	s := &modelStats{}
	s.latency.bounds = []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10}
	s.batches.bounds = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}
	return s
}

func (s *modelStats) request(d time.Duration, failed bool) {
	s.requests.Add(1)
	if failed {
		s.failures.Add(1)
	}
	s.recent.add(time.Now(), d, failed)
	s.latency.observe(d.Seconds())
}

func (s *modelStats) batch(rows int64) {
	s.runs.Add(1)
	s.rows.Add(rows)
	s.batches.observe(float64(rows))
}

// cumulative is a Prometheus histogram.
type cumulative struct {
	mu     sync.Mutex
	bounds []float64
	counts [16]int64
	sum    float64
	total  int64
}

func (c *cumulative) observe(v float64) {
	i := 0
	for i < len(c.bounds) && v > c.bounds[i] {
		i++
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[i]++
	c.sum += v
	c.total++
}
