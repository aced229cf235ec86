package serve_test

import (
	"os"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"athanor/inference/serve"
)

// TestSoak holds the service at full load while its model is swapped every
// second: no request may fail, and nothing may grow. ATHANOR_SOAK says how long.
func TestSoak(t *testing.T) {
	d, err := time.ParseDuration(os.Getenv("ATHANOR_SOAK"))
	if err != nil {
		t.Skip("set ATHANOR_SOAK=3m to hold the service at full load for so long")
	}
	s, url := start(t, serve.Config{}, map[string]serve.Runner{"m": open(t, scaled(1))})
	end := time.Now().Add(d)
	var asked atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for time.Now().Before(end) {
				asked.Add(1)
				if got := call(t, "POST", url+"/v2/models/m/infer", pair(1, 1)); got.code != 200 {
					t.Errorf("%d %s", got.code, got.body)
					return
				}
			}
		})
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var early, late usage
	for n := 0; time.Now().Before(end); n++ {
		<-tick.C
		if err := s.Swap("m", "1", open(t, scaled(float32(n)))); err != nil {
			t.Error(err)
		}
		late = measure()
		if n == 5 {
			early = late
		}
	}
	wait.Wait()
	t.Logf("%d requests; from %+v to %+v", asked.Load(), early, late)
	if early.goroutines == 0 {
		t.Skip("too short to see growth")
	}
	if late.goroutines > early.goroutines+20 || late.heap > 2*early.heap+8<<20 || late.resident > early.resident*5/4+32<<20 {
		t.Errorf("grew from %+v to %+v", early, late)
	}
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
