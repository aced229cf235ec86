package serve_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	goruntime "runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"athanor/inference/serve"
	"athanor/inference/serve/oip"
)

// soakTime is how long TestSoak runs: some seconds with the other tests, three
// minutes where continuous integration asks for them.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("ATHANOR_SERVE_SOAK")
	if text == "" {
		return 4 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("ATHANOR_SERVE_SOAK: %v", err)
	}
	return d
}

// TestSoak holds the service at full load, half of it as JSON and half in
// binary, while its model is swapped every second: no request may fail, and
// nothing may grow.
func TestSoak(t *testing.T) {
	d := soakTime(t)
	s := running(t, serve.Config{Batching: serve.Batching{Delay: serve.Adaptive}})
	if err := s.Add("m", "1", open(t, scaled(1))); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	load := startLoad(t, "http://"+s.Addr()+"/v2/models/m/infer", begin.Add(d))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var early, late usage
	swaps := 0
	for time.Since(begin) < d {
		<-tick.C
		if err := s.Swap("m", "1", open(t, scaled(float32(swaps)))); err != nil {
			t.Error(err)
		}
		swaps++
		late = measure()
		if early.goroutines == 0 && time.Since(begin) > d/3 {
			early = late
		}
	}
	load.wait.Wait()
	t.Logf("%d requests, %d swaps in %v; from %+v to %+v", load.asked.Load(), swaps, d, early, late)
	if load.asked.Load() == 0 || swaps == 0 {
		t.Error("nothing was asked or swapped")
	}
	if late.goroutines > early.goroutines+20 || late.heap > 2*early.heap+8<<20 || late.resident > early.resident*3/2+64<<20 { // the race detector keeps memory of its own
		t.Errorf("grew from %+v to %+v", early, late)
	}
}

// load is sixteen clients that ask again as soon as they are answered.
type load struct {
	asked atomic.Int64
	wait  sync.WaitGroup
}

func startLoad(t *testing.T, url string, end time.Time) *load {
	t.Helper()
	x := oip.Floats("x", []int64{1, 2}, []float32{1, 2})
	x.Binary = true
	binary, header, err := oip.AppendRequest(nil, &oip.Request{Inputs: []oip.Tensor{x}, BinaryOutput: true})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	t.Cleanup(client.CloseIdleConnections)
	l := &load{}
	for i := range 16 {
		l.wait.Go(func() {
			for time.Now().Before(end) {
				body, length := pair(1, 1), ""
				if i%2 == 0 {
					body, length = binary, strconv.Itoa(header)
				}
				l.asked.Add(1)
				if err := askOnce(t, client, url, body, length); err != nil {
					t.Errorf("a request failed: %v", err)
					return
				}
			}
		})
	}
	return l
}

func askOnce(t *testing.T, client *http.Client, url string, body []byte, header string) error {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if header != "" {
		r.Header.Set(oip.HeaderLength, header)
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%d %s", answer.StatusCode, text)
	}
	return err
}

type usage struct {
	goroutines     int
	heap, resident uint64 // bytes
}

func measure() usage {
	goruntime.GC()
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	return usage{goruntime.NumGoroutine(), m.HeapAlloc, residentBytes()}
}

// residentBytes is what the process holds in memory, native memory included; 0
// where the system does not tell.
func residentBytes() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var pages, field uint64
	for _, c := range text {
		if c == ' ' {
			if field++; field == 2 {
				break
			}
		} else if field == 1 {
			pages = pages*10 + uint64(c-'0')
		}
	}
	return pages * uint64(os.Getpagesize())
}
