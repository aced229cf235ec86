package serve

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of tracing: spans that wait to be sent, spans sent together, and how
// often.
const (
	spansWaiting  = 2048
	spansTogether = 512
	tracePeriod   = 2 * time.Second
)

// span is one answered request, in the words of OpenTelemetry.
type span struct {
	trace, parent string // hexadecimal; parent may be empty
	name          string
	begin, end    time.Time
	status        int
}

// tracer sends spans to a collector with OTLP over HTTP, as JSON. Spans are
// dropped rather than that a slow collector slows a request.
type tracer struct {
	url     string
	client  *http.Client
	spans   chan span
	stop    chan struct{}
	stopped sync.WaitGroup
	dropped atomic.Int64
	log     func(msg string, args ...any)
}

func newTracer(endpoint string, log func(string, ...any)) *tracer {
	t := &tracer{
		url:    strings.TrimSuffix(endpoint, "/") + "/v1/traces",
		client: &http.Client{Timeout: 5 * time.Second},
		spans:  make(chan span, spansWaiting), stop: make(chan struct{}), log: log,
	}
	t.stopped.Go(t.loop)
	return t
}

// close sends what waits and ends.
func (t *tracer) close() {
	if t != nil {
		close(t.stop)
		t.stopped.Wait()
	}
}

// add hands over the span of a request; header is its traceparent.
func (t *tracer) add(header, name string, begin time.Time, status int) {
	if t == nil {
		return
	}
	trace, parent := parentOf(header)
	select {
	case t.spans <- span{trace, parent, name, begin, time.Now(), status}:
	default:
		t.dropped.Add(1)
	}
}

// parentOf reads a W3C traceparent; without one the trace begins here.
func parentOf(header string) (trace, parent string) {
	part := strings.Split(header, "-")
	if len(part) == 4 && isHex(part[1], 32) && isHex(part[2], 16) {
		return part[1], part[2]
	}
	return randomHex(16), ""
}

func isHex(s string, n int) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == n
}

func randomHex(n int) string {
	b := make([]byte, 0, n)
	for len(b) < n {
		v := rand.Uint64()
		b = append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
	}
	return hex.EncodeToString(b[:n])
}

func (t *tracer) loop() {
	tick := time.NewTicker(tracePeriod)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.flush()
		case <-t.stop:
			t.flush()
			return
		}
	}
}

// flush sends all spans that wait.
func (t *tracer) flush() {
	for {
		var list []map[string]any
		for len(list) < spansTogether && len(t.spans) > 0 {
			list = append(list, (<-t.spans).otlp())
		}
		if len(list) == 0 {
			return
		}
		if err := t.send(list); err != nil {
			t.log("traces were not sent", "error", err, "spans", len(list))
			return
		}
	}
}

// otlp is the span as OTLP's JSON writes it.
func (s span) otlp() map[string]any {
	code := 1 // ok
	if s.status >= http.StatusInternalServerError {
		code = 2 // error
	}
	nanos := func(at time.Time) string { return strconv.FormatInt(at.UnixNano(), 10) }
	return map[string]any{
		"traceId": s.trace, "spanId": randomHex(8), "parentSpanId": s.parent, "name": s.name, "kind": 2, // of a server
		"startTimeUnixNano": nanos(s.begin), "endTimeUnixNano": nanos(s.end),
		"attributes": []any{map[string]any{"key": "http.response.status_code", "value": map[string]any{"intValue": strconv.Itoa(s.status)}}},
		"status":     map[string]any{"code": code},
	}
}

func (t *tracer) send(spans []map[string]any) error {
	service := map[string]any{"key": "service.name", "value": map[string]any{"stringValue": "athanor"}}
	body, err := json.Marshal(map[string]any{"resourceSpans": []any{map[string]any{
		"resource":   map[string]any{"attributes": []any{service}},
		"scopeSpans": []any{map[string]any{"scope": map[string]any{"name": "athanor/serve"}, "spans": spans}},
	}}})
	if err != nil {
		return fmt.Errorf("encode traces: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send traces: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := t.client.Do(r)
	if err != nil {
		return fmt.Errorf("send traces: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16)) // so that the connection can be used again
	if answer.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("send traces: the collector answered %d", answer.StatusCode)
	}
	return nil
}
