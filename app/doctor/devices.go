package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"athanor/inference/runtime"
)

// testLength is how long each device is measured.
const testLength = time.Second

// DeviceTest starts a device and measures it for so long.
type DeviceTest func(ctx context.Context, device string, length time.Duration) (runtime.Speed, error)

// devices tests what can compute here, the processor included. A device that
// the processor computes in software is named and not measured.
func devices(ctx context.Context, h Host) Finding {
	f := Finding{ID: "devices", State: OK, Code: "found"}
	list, err := h.Devices()
	if err != nil {
		f.State, f.Code = Optional, "unknown"
		return f
	}
	var good, bad []string
	for _, d := range list {
		name := strings.TrimSpace(d.Name + " " + d.Title)
		if d.Software {
			good = append(good, name+" (software)")
			continue
		}
		speed, err := h.Test(ctx, d.Name, testLength)
		if err != nil {
			bad = append(bad, fmt.Sprintf("%s (%v)", name, err))
			continue
		}
		good = append(good, fmt.Sprintf("%s: %.0f GFLOP/s", name, speed.GFLOPS))
	}
	f.Values = map[string]string{"List": strings.Join(good, "; "), "Failed": strings.Join(bad, "; ")}
	if len(bad) > 0 {
		f.State, f.Code = Warning, "failed"
	}
	return f
}
