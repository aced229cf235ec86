package serve_test

import (
	"context"
	"testing"

	"athanor/inference/serve"
)

// TestSwapsKeepTheirMemory swaps a model many times between requests: what the
// process holds, native memory included, must level off.
func TestSwapsKeepTheirMemory(t *testing.T) {
	s, err := serve.New(serve.Config{})
	if err != nil {
		t.Fatal(err)
	}
	swap := func(times int) usage {
		for i := range times {
			if err := s.Swap("m", "1", open(t, scaled(float32(i)))); err != nil {
				t.Fatal(err)
			}
		}
		return measure()
	}
	first, second, third := swap(100), swap(400), swap(400)
	t.Logf("after 100 swaps %+v, 500 %+v, 900 %+v", first, second, third)
	if third.goroutines > second.goroutines+20 || third.resident > second.resident+24<<20 {
		t.Errorf("grew from %+v to %+v", second, third)
	}
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
