package face_test

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"athanor/inference/face"
	"athanor/inference/vision"
)

// soakTime is how long TestSoak runs: some seconds with the other tests, and as
// long as ATHANOR_SOAK says (for example 3m) where it is run on its own.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("ATHANOR_SOAK")
	if text == "" {
		return 3 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("ATHANOR_SOAK: %v", err)
	}
	return d
}

// resident is the memory of this process in bytes, as the kernel counts it.
func resident(t *testing.T) int64 {
	t.Helper()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("the kernel tells no memory here")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// TestSoak watches a camera that breaks off again and again, with two detectors
// and hidden faces, and wants neither memory nor OpenCV matrices to grow.
func TestSoak(t *testing.T) {
	total := soakTime(t)
	cam := stream(t, clipJPEGs(t, 5), 30, 300)
	l := startLive(t, face.LiveConfig{
		Feed:      vision.FeedConfig{Spec: cam.URL, Backoff: 10 * time.Millisecond},
		Detectors: []face.Detector{openModel(t, yunetFile), openModel(t, ultrafaceFile)},
		Params:    []face.Params{{Side: 320}}, Hide: vision.Blur,
	})
	var baseMats, views int
	var base, peak int64
	var v *face.View
	start, after := time.Now(), int64(-1)
	for time.Since(start) < total {
		var err error
		if v, err = l.Wait(patient(t), after); err != nil {
			t.Fatal(err)
		}
		after = v.Number
		if views++; views%30 != 0 {
			continue
		}
		mats, _ := vision.OpenMats()
		if base == 0 && time.Since(start) > total/3 { // caches are full now
			debug.FreeOSMemory()
			base, baseMats = resident(t), mats
		}
		peak = resident(t)
		if base > 0 && mats > baseMats+8 { // those of the frame at work
			t.Fatalf("%d matrices are open, %d were after a third of the time", mats, baseMats)
		}
	}
	debug.FreeOSMemory()
	end := resident(t)
	t.Logf("%d views in %v, %d opens, memory %d MB after a third, %d MB at the end (last %d MB), %d different faces",
		views, total, v.Source.Opens, base>>20, end>>20, peak>>20, v.Counts.Total)
	if views < 10 {
		t.Errorf("only %d views", views)
	}
	if base > 0 && end > base+base/4+(24<<20) {
		t.Errorf("memory grew from %d MB to %d MB", base>>20, end>>20)
	}
}
