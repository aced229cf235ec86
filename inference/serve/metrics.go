package serve

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// codeCounter counts answers by status.
type codeCounter struct {
	mu     sync.Mutex
	counts map[int]int64
}

func (c *codeCounter) count(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[int]int64{}
	}
	c.counts[code]++
}

func (c *codeCounter) copy() map[int]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

// Seen is one request as the log and the screen show it: never its content.
type Seen struct {
	Time   time.Time
	Method string
	Path   string
	Status int
	Took   time.Duration
	Bytes  int // of the answer
}

// recent keeps the last requests.
type recent struct {
	mu   sync.Mutex
	ring [100]Seen
	next int
	full bool
}

func (r *recent) add(s Seen) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring[r.next] = s
	r.next = (r.next + 1) % len(r.ring)
	r.full = r.full || r.next == 0
}

// list returns the last requests, the newest first.
func (r *recent) list() []Seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []Seen
	if r.full {
		out = append(out, r.ring[r.next:]...)
	}
	out = append(out, r.ring[:r.next]...)
	slices.Reverse(out)
	return out
}

// ModelStats is what a screen shows of one model.
type ModelStats struct {
	Name      string
	Versions  []string
	Requests  int64
	Failures  int64
	PerSecond float64 // over the last minute
	P50       time.Duration
	P95       time.Duration
	P99       time.Duration
	MeanBatch float64 // rows in a run
	Waiting   int
}

// Moment is what the service did in one second.
type Moment struct {
	Time     time.Time // its beginning
	Requests int64
	Failures int64
	P50, P99 time.Duration // 0 where nothing was asked
}

// History returns the last two minutes, the oldest second first, of all models
// together.
func (s *Server) History() []Moment {
	now := time.Now()
	var seconds [windowSlots]histogram
	s.models.mu.RLock()
	for _, stats := range s.models.stats {
		stats.recent.into(&seconds, now)
	}
	s.models.mu.RUnlock()
	list := make([]Moment, windowSlots)
	for i := range seconds {
		h := &seconds[i]
		list[i] = Moment{
			Time:     now.Truncate(slotLength).Add(-time.Duration(windowSlots-i) * slotLength),
			Requests: h.total, Failures: h.errors, P50: h.percentile(.5), P99: h.percentile(.99),
		}
	}
	return list
}

// Snapshot is the service at one moment.
type Snapshot struct {
	Addr, GRPCAddr string
	Draining       bool
	Since          time.Time
	Active         int64         // requests under way
	Refused        int64         // connections over the limit
	Codes          map[int]int64 // answers by status
	Models         []ModelStats
	Last           []Seen // the newest first
}

// Snapshot returns what a screen shows. It is cheap enough for ten times a second.
func (s *Server) Snapshot() Snapshot {
	snap := Snapshot{
		Addr: s.Addr(), GRPCAddr: s.GRPCAddr(), Draining: s.draining.Load(), Since: s.started,
		Active: s.traffic.active.Load(), Refused: s.traffic.refused.Load(),
		Codes: s.traffic.codes.copy(), Last: s.traffic.last.list(),
	}
	for _, name := range s.models.names() {
		if v, err := s.models.acquire(name, ""); err == nil {
			snap.Models = append(snap.Models, s.statsOf(v))
			v.release()
		}
	}
	return snap
}

func (s *Server) statsOf(v *version) ModelStats {
	h, seconds := v.stats.recent.sum(time.Now())
	m := ModelStats{
		Name: v.model, Versions: s.models.versions(v.model),
		Requests: v.stats.requests.Load(), Failures: v.stats.failures.Load(),
		PerSecond: float64(h.total) / seconds,
		P50:       h.percentile(.5), P95: h.percentile(.95), P99: h.percentile(.99),
		Waiting: len(v.batcher.queue),
	}
	if runs := v.stats.runs.Load(); runs > 0 {
		m.MeanBatch = float64(v.stats.rows.Load()) / float64(runs)
	}
	return m
}

// metrics answers GET /metrics in the text format of Prometheus.
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	p := &exposition{w: w}
	p.head("athanor_http_responses_total", "counter", "Answers by status.")
	codes := s.traffic.codes.copy()
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		p.line("athanor_http_responses_total", `code="`+strconv.Itoa(code)+`"`, float64(codes[code]))
	}
	p.head("athanor_requests_active", "gauge", "Requests under way.")
	p.line("athanor_requests_active", "", float64(s.traffic.active.Load()))
	p.head("athanor_connections_refused_total", "counter", "Connections over the limit.")
	p.line("athanor_connections_refused_total", "", float64(s.traffic.refused.Load()))
	s.modelMetrics(p)
	return nil
}

func (s *Server) modelMetrics(p *exposition) {
	s.models.mu.RLock()
	stats := maps.Clone(s.models.stats)
	queues := map[string]int{}
	for name, versions := range s.models.models {
		for _, v := range versions {
			queues[name] += len(v.batcher.queue)
		}
	}
	s.models.mu.RUnlock()
	names := slices.Sorted(maps.Keys(stats))
	each := func(name, kind, help string, value func(string, string)) {
		p.head(name, kind, help)
		for _, m := range names {
			value(m, `model="`+m+`"`)
		}
	}
	each("athanor_requests_total", "counter", "Requests for a model.", func(m, l string) {
		p.line("athanor_requests_total", l, float64(stats[m].requests.Load()))
	})
	each("athanor_failures_total", "counter", "Requests for a model that failed.", func(m, l string) {
		p.line("athanor_failures_total", l, float64(stats[m].failures.Load()))
	})
	each("athanor_queue_length", "gauge", "Requests waiting.", func(m, l string) {
		p.line("athanor_queue_length", l, float64(queues[m]))
	})
	each("athanor_request_seconds", "histogram", "Time from a whole body to the answer.", func(m, l string) {
		p.histogram("athanor_request_seconds", l, &stats[m].latency)
	})
	each("athanor_batch_rows", "histogram", "Rows run at once.", func(m, l string) {
		p.histogram("athanor_batch_rows", l, &stats[m].batches)
	})
}

// exposition writes the text format.
type exposition struct{ w io.Writer }

func (p *exposition) head(name, kind, help string) {
	_, _ = fmt.Fprintf(p.w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (p *exposition) line(name, labels string, v float64) {
	if labels != "" {
		labels = "{" + labels + "}"
	}
	_, _ = fmt.Fprintf(p.w, "%s%s %s\n", name, labels, strconv.FormatFloat(v, 'g', -1, 64))
}

func (p *exposition) histogram(name, labels string, c *cumulative) {
	c.mu.Lock()
	counts, sum, total := c.counts, c.sum, c.total
	c.mu.Unlock()
	running := int64(0)
	for i, bound := range c.bounds {
		running += counts[i]
		p.line(name+"_bucket", labels+`,le="`+strconv.FormatFloat(bound, 'g', -1, 64)+`"`, float64(running))
	}
	p.line(name+"_bucket", labels+`,le="+Inf"`, float64(total))
	p.line(name+"_sum", labels, sum)
	p.line(name+"_count", labels, float64(total))
}
