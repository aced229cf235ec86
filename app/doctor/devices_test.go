package doctor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"athanor/app/doctor"
	"athanor/inference/runtime"
)

func TestDevicesAreTestedAndNamed(t *testing.T) {
	host := newMachine(t).host
	host.Devices = func() ([]runtime.Device, error) {
		return []runtime.Device{{Name: "cpu", Title: "Testium"}, {Name: "webgpu:0", Title: "Card"}, {Name: "webgpu:1", Title: "Pipe", Software: true}}, nil
	}
	host.Test = func(_ context.Context, device string, _ time.Duration) (runtime.Speed, error) {
		if device == "webgpu:0" {
			return runtime.Speed{}, errors.New("its driver crashed")
		}
		return runtime.Speed{GFLOPS: 123}, nil
	}
	for _, f := range doctor.Check(t.Context(), host) {
		if f.ID != "devices" {
			continue
		}
		says := f.Message("en")
		for _, part := range []string{"cpu Testium: 123 GFLOP/s", "webgpu:1 Pipe (software)", "webgpu:0 Card (its driver crashed)"} {
			if !strings.Contains(says, part) {
				t.Errorf("%q does not say %q", says, part)
			}
		}
		if f.State != doctor.Warning || f.Message("zh") == says {
			t.Errorf("%+v", f)
		}
		return
	}
	t.Fatal("devices were not looked at")
}
