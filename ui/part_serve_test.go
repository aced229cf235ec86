package ui_test

import (
	"net/http"
	"testing"
	"time"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// TestServeFromTheWindow trains a model, serves it, tests it under load from the
// window, and stops.
func TestServeFromTheWindow(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	s, q, _ := studio(t)
	s.StartDigits()
	q.Until(t, 20*time.Second, s.Ready)
	s.SetEpochs(1)
	s.StartRun()
	q.Until(t, 60*time.Second, s.Idle)
	s.Go("serve")
	q.Until(t, 10*time.Second, func() bool { return s.Servable() > 0 })
	s.StartService("127.0.0.1:0")
	q.Until(t, 20*time.Second, func() bool { return s.ServiceURL() != "" })
	address := s.ServiceURL()
	s.RunLoadTest(300 * time.Millisecond)
	q.Until(t, 20*time.Second, func() bool { return s.LoadTested() > 0 })
	if s.LoadTested() < 10 {
		t.Errorf("%d requests in 300 ms", s.LoadTested())
	}
	for page := range 4 {
		if need := s.ServePageSize(page); need.Width > 1024 || need.Height > 700 {
			t.Errorf("page %d of the running service needs a window of %v × %v units, more than 1024 × 700", page, need.Width, need.Height)
		}
	}
	name := s.ServedName()
	s.SwapService()
	q.Until(t, 20*time.Second, func() bool { return s.ServedVersion() == "2" })
	answer, err := http.Get(address + "/v2/models/" + name + "/versions/2/ready")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("version 2: %s", answer.Status)
	}
	http.DefaultClient.CloseIdleConnections()
	s.StopService()
	q.Until(t, 20*time.Second, func() bool {
		answer, err := http.Get(address + "/v2")
		if err == nil {
			_ = answer.Body.Close()
		}
		return err != nil
	})
	if s.Errors() != 0 {
		t.Errorf("%d errors were shown", s.Errors())
	}
}
