package serve_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	goruntime "runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/serve"
)

// gated holds every run until it is let go, and notes the rows of each.
type gated struct {
	*model.Model
	begun, gate chan struct{}
	mu          sync.Mutex
	rows        []int64
	closed      atomic.Bool
}

func gate(tb testing.TB, m *onnx.Model) *gated {
	return &gated{Model: open(tb, m), begun: make(chan struct{}, 100), gate: make(chan struct{}, 100)}
}

func (g *gated) Run(ctx context.Context, in []*runtime.Tensor) ([]*runtime.Tensor, error) {
	g.begun <- struct{}{}
	select {
	case <-g.gate:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	g.mu.Lock()
	g.rows = append(g.rows, in[0].Shape()[0])
	g.mu.Unlock()
	return g.Model.Run(ctx, in)
}

func (g *gated) Close() {
	g.closed.Store(true)
	g.Model.Close()
}

func pair(rows int, first float64) []byte {
	var data []float64
	for i := range 2 * rows {
		data = append(data, first+float64(i))
	}
	text, _ := json.Marshal(data)
	return fmt.Appendf(nil, `{"inputs":[{"name":"x","shape":[%d,2],"datatype":"FP32","data":%s}]}`, rows, text)
}

func waiting(s *serve.Server, n int) func() bool {
	return func() bool { return s.Snapshot().Models[0].Waiting == n }
}

// eventually polls for a state that other goroutines bring about.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(end) {
			tb.Fatalf("never: %s", what)
		}
		goruntime.Gosched()
	}
}

func TestRequestsAreJoinedAndAnsweredApart(t *testing.T) {
	g := gate(t, scaled(10))
	s, url := start(t, serve.Config{Batching: serve.Batching{MaxRows: 8, Queue: 16}}, map[string]serve.Runner{"m": g})
	address := url + "/v2/models/m/infer"
	var wait sync.WaitGroup
	ask := func(rows int, first float64) {
		wait.Go(func() {
			got := call(t, "POST", address, pair(rows, first))
			var res struct{ Outputs []struct{ Data []float64 } }
			if err := json.Unmarshal(got.body, &res); err != nil || got.code != 200 {
				t.Errorf("%d %s", got.code, got.body)
				return
			}
			for i, v := range res.Outputs[0].Data {
				if v != 10*(first+float64(i)) || len(res.Outputs[0].Data) != 2*rows {
					t.Errorf("asked %d rows from %g, got %v", rows, first, res.Outputs[0].Data)
					return
				}
			}
		})
	}
	ask(1, 5)
	<-g.begun
	for i := range 5 { // these wait while the first runs
		ask(2, float64(100*(i+1)))
		eventually(t, "request waits", waiting(s, i+1))
	}
	for range 3 {
		g.gate <- struct{}{}
	}
	wait.Wait()
	if fmt.Sprint(g.rows) != "[1 8 2]" { // five requests of two rows: four fit into eight
		t.Errorf("ran %v", g.rows)
	}
}

func TestOverloadIsRefusedAtOnce(t *testing.T) {
	g := gate(t, scaled(1))
	s, url := start(t, serve.Config{Batching: serve.Batching{MaxRows: 1, Queue: 2}}, map[string]serve.Runner{"m": g})
	var wait sync.WaitGroup
	for i := range 3 { // one runs, two wait
		wait.Go(func() {
			if got := call(t, "POST", url+"/v2/models/m/infer", pair(1, 0)); got.code != 200 {
				t.Errorf("%d %s", got.code, got.body)
			}
		})
		if i == 0 {
			<-g.begun
		}
		eventually(t, "queue", waiting(s, i))
	}
	got := call(t, "POST", url+"/v2/models/m/infer", pair(1, 0))
	if got.code != 503 || got.header.Get("Retry-After") != "1" || !strings.Contains(string(got.body), "overloaded") {
		t.Errorf("%d %s %v", got.code, got.body, got.header)
	}
	for range 3 {
		g.gate <- struct{}{}
	}
	wait.Wait()
}

func TestDeadlineAndCancel(t *testing.T) {
	g := gate(t, scaled(1))
	_, url := start(t, serve.Config{Limits: serve.Limits{Timeout: 20 * time.Millisecond}}, map[string]serve.Runner{"m": g})
	if got := call(t, "POST", url+"/v2/models/m/infer", pair(1, 0)); got.code != 504 {
		t.Errorf("%d %s", got.code, got.body)
	}
	short := strings.Replace(string(pair(1, 0)), "{", `{"parameters":{"timeout":1},`, 1)
	if got := call(t, "POST", url+"/v2/models/m/infer", []byte(short)); got.code != 504 {
		t.Errorf("%d %s", got.code, got.body)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v2/models/m/infer", strings.NewReader(string(pair(1, 0))))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if answer, err := http.DefaultClient.Do(r); !errors.Is(err, context.Canceled) {
		_ = answer.Body.Close()
		t.Errorf("got %v", err)
	}
}

// spoiled fails on every batch of more than one row.
type spoiled struct{ *model.Model }

func (s spoiled) Run(ctx context.Context, in []*runtime.Tensor) ([]*runtime.Tensor, error) {
	if in[0].Shape()[0] > 1 || runtime.Data[float32](in[0])[0] < 0 {
		return nil, errors.New("cannot")
	}
	return s.Model.Run(ctx, in)
}

func TestOneBadRequestDoesNotSpoilItsBatch(t *testing.T) {
	_, url := start(t, serve.Config{Batching: serve.Batching{MaxRows: 8, Delay: 50 * time.Millisecond}},
		map[string]serve.Runner{"m": spoiled{open(t, scaled(1))}})
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			first, want := float64(i), 200
			if i == 0 {
				first, want = -5, 500
			}
			if got := call(t, "POST", url+"/v2/models/m/infer", pair(1, first)); got.code != want {
				t.Errorf("%g: %d %s", first, got.code, got.body)
			}
		})
	}
	wait.Wait()
}

func TestModelsThatMustNotBeJoined(t *testing.T) {
	fixed := scaled(1)
	fixed.Graph.Inputs[0].Type.Tensor.Shape[0] = onnx.Fixed(1)
	unnamed := scaled(1)
	unnamed.Graph.Inputs[0].Type.Tensor.Shape[0] = onnx.Dim{}
	unnamed.Graph.Outputs[0].Type.Tensor.Shape[0] = onnx.Dim{}
	other := scaled(1)
	other.Graph.Outputs[0].Type.Tensor.Shape[0] = onnx.Named("M")
	for name, m := range map[string]*onnx.Model{"fixed": fixed, "unnamed": unnamed, "other": other} {
		_, url := start(t, serve.Config{}, map[string]serve.Runner{"m": open(t, m)})
		if v := call(t, "GET", url+"/v2/models/m/config", nil).json(t); v["max_batch_size"] != 0.0 {
			t.Errorf("%s: %v", name, v)
		}
		if got := call(t, "POST", url+"/v2/models/m/infer", pair(1, 0)); got.code != 200 {
			t.Errorf("%s: %d %s", name, got.code, got.body)
		}
	}
}

func TestSwapLosesNoRequest(t *testing.T) {
	s, url := start(t, serve.Config{}, map[string]serve.Runner{"m": open(t, scaled(1))})
	end := time.Now().Add(700 * time.Millisecond)
	var wait sync.WaitGroup
	var asked, swaps atomic.Int64
	for range 4 {
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
	wait.Go(func() {
		for factor := float32(2); time.Now().Before(end); factor++ {
			if err := s.Swap("m", "1", open(t, scaled(factor))); err != nil {
				t.Error(err)
			}
			swaps.Add(1)
		}
	})
	wait.Wait()
	if asked.Load() < 20 || swaps.Load() < 3 {
		t.Errorf("only %d requests and %d swaps", asked.Load(), swaps.Load())
	}
}

func TestSwapClosesTheOldModelAfterItsLastRequest(t *testing.T) {
	old := gate(t, scaled(1))
	s, url := start(t, serve.Config{}, map[string]serve.Runner{"m": old})
	answered := make(chan reply, 1)
	go func() { answered <- call(t, "POST", url+"/v2/models/m/infer", pair(1, 4)) }()
	<-old.begun
	if err := s.Swap("m", "1", open(t, scaled(7))); err != nil {
		t.Fatal(err)
	}
	if got := call(t, "POST", url+"/v2/models/m/infer", pair(1, 1)); !strings.Contains(string(got.body), `"data":[7,14]`) {
		t.Errorf("the new one: %s", got.body)
	}
	if old.closed.Load() {
		t.Error("closed while it runs")
	}
	old.gate <- struct{}{}
	if got := <-answered; !strings.Contains(string(got.body), `"data":[4,5]`) {
		t.Errorf("the old one: %s", got.body)
	}
	eventually(t, "the old model is closed", old.closed.Load)
}

func TestVersionsAndNames(t *testing.T) {
	s, url := start(t, serve.Config{}, map[string]serve.Runner{"m": open(t, scaled(1))})
	if err := s.Add("m", "10", open(t, scaled(10))); err != nil {
		t.Fatal(err)
	}
	if err := s.Add("m", "2", open(t, scaled(2))); err != nil {
		t.Fatal(err)
	}
	if got := call(t, "POST", url+"/v2/models/m/infer", pair(1, 1)); !strings.Contains(string(got.body), `"model_version":"10"`) {
		t.Errorf("the latest: %s", got.body)
	}
	if v := call(t, "GET", url+"/v2/models/m", nil).json(t); fmt.Sprint(v["versions"]) != "[1 2 10]" {
		t.Errorf("got %v", v)
	}
	spare := open(t, scaled(1))
	defer spare.Close()
	if err := s.Add("m", "2", spare); !errors.Is(err, serve.ErrExists) {
		t.Errorf("twice: %v", err)
	}
	for name, version := range map[string]string{"a/b": "1", "": "1", "..": "1", "a b": "1", "a": "0", "b": "x", "c": "", "d": "01"} {
		if err := s.Add(name, version, spare); err == nil {
			t.Errorf("accepted %q version %q", name, version)
		}
	}
	if err := s.Remove("m", "10"); err != nil {
		t.Error(err)
	}
	if err := s.Remove("m", "10"); !errors.Is(err, serve.ErrUnknown) {
		t.Errorf("removed twice: %v", err)
	}
	if got := call(t, "POST", url+"/v2/models/m/infer", pair(1, 1)); !strings.Contains(string(got.body), `"model_version":"2"`) {
		t.Errorf("after removal: %s", got.body)
	}
}
