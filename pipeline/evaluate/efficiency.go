package evaluate

import (
	"slices"
	"time"
)

// Efficiency is what a model costs to run.
type Efficiency struct {
	LatencyP50 float64 `json:"latency_p50_ms"` // of one sample alone
	LatencyP99 float64 `json:"latency_p99_ms"`
	Throughput float64 `json:"throughput"` // samples a second in large batches
	Size       int64   `json:"size_bytes"` // of the model file
	PeakRSS    int64   `json:"peak_rss_bytes"`
	// JoulesPerThousand is what a thousand answers in batches took, by the
	// processors' own counter; 0 where there is none that may be read.
	JoulesPerThousand float64 `json:"joules_per_thousand,omitempty"`
	TrainSeconds      float64 `json:"train_seconds,omitempty"` // pauses left out; 0 where the model does not say
	TrainJoules       float64 `json:"train_joules,omitempty"`
}

// Latency runs one sample's prediction often and returns the median and the
// 99th percentile in milliseconds.
func Latency(runs int, predict func() error) (p50, p99 float64, err error) {
	times := make([]float64, runs)
	for i := range times {
		start := time.Now()
		if err := predict(); err != nil {
			return 0, 0, err
		}
		times[i] = float64(time.Since(start)) / float64(time.Millisecond)
	}
	slices.Sort(times)
	return Quantile(times, 0.5), Quantile(times, 0.99), nil
}

// Quantile is the q-quantile of sorted values, between neighbours linearly.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (sorted[high]-sorted[low])*(at-float64(low))
}
