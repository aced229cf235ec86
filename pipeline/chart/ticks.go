package chart

import (
	"math"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/plot"
)

// ticker places ticks at round numbers, about one every spacing pixels.
type ticker struct {
	axis  Axis
	count int
}

// Ticks implements plot.Ticker.
func (t ticker) Ticks(lo, hi float64) []plot.Tick {
	if t.axis.Log {
		return logTicks(lo, hi, t.count)
	}
	step := niceStep(hi/2-lo/2, t.count, t.axis.Kind)
	var out []plot.Tick
	first := math.Ceil(lo / step)
	for i := 0.0; i < 100; i++ {
		v := (first + i) * step
		if v > hi || math.IsInf(v, 0) {
			break
		}
		out = append(out, plot.Tick{Value: v, Label: t.axis.Kind.format(v, step)})
	}
	return out
}

// niceStep is the round step that gives about n ticks over twice half.
func niceStep(half float64, n int, k Kind) float64 {
	raw := half / float64(max(n, 1)) * 2
	if k == Duration || k == Clock {
		for _, s := range []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400} {
			if raw > 0.5 && s >= raw {
				return s
			}
		}
		if raw > 86400 {
			return 86400 * niceStep(raw/86400/2, 1, Number)
		}
	}
	ten := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if m*ten >= raw*(1-1e-9) {
			return m * ten
		}
	}
	return 10 * ten
}

// logTicks labels powers of ten; where there are few, also 2 and 5 between them.
func logTicks(lo, hi float64, n int) []plot.Tick {
	a, b := max(math.Floor(math.Log10(lo)), -330), min(math.Ceil(math.Log10(hi)), 310)
	every := max(1, math.Ceil((b-a)/float64(max(n, 2))))
	fine := math.Log10(hi)-math.Log10(lo) <= 2.2
	var out []plot.Tick
	for e := a; e <= b; e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < lo || v > hi || m > 1 && b-a > 12 {
				continue
			}
			label := ""
			if m == 1 && math.Mod(e, every) == 0 || fine && (m == 2 || m == 5) {
				label = formatNumber(v, v)
			}
			out = append(out, plot.Tick{Value: v, Label: label})
		}
	}
	return out
}

// format writes a value of an axis whose ticks are step apart.
func (k Kind) format(v, step float64) string {
	switch k {
	case Duration:
		return formatDuration(v, step)
	case Clock:
		return formatClock(v, step)
	case Percent:
		return formatNumber(v*100, step*100) + " %"
	}
	return formatNumber(v, step)
}

// formatNumber writes v with as many digits as steps of that size need.
func formatNumber(v, step float64) string {
	if v == 0 || math.Abs(v) < step*1e-9 {
		return "0"
	}
	a := math.Abs(v)
	if a >= 1e15 || a < 1e-4 {
		text := strconv.FormatFloat(v, 'e', mantissa(v, step), 64)
		text = strings.Replace(strings.Replace(text, "e+0", "e", 1), "e-0", "e-", 1)
		return strings.Replace(text, "e+", "e", 1)
	}
	for _, u := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if a >= u.size && (u.size > 1e3 || a >= 1e4 || step >= 1e3) {
			return strconv.FormatFloat(v/u.size, 'f', decimals(step/u.size), 64) + u.name
		}
	}
	return strconv.FormatFloat(v, 'f', decimals(step), 64)
}

// decimals is how many digits after the point tell steps of that size apart.
func decimals(step float64) int {
	return max(0, min(12, int(math.Ceil(-math.Log10(math.Abs(step))-1e-9))))
}

// mantissa is decimals for numbers with an exponent.
func mantissa(v, step float64) int {
	n := math.Floor(math.Log10(math.Abs(v))) - math.Floor(math.Log10(math.Abs(step))+1e-9)
	return max(0, min(6, int(n)))
}

func formatDuration(v, step float64) string {
	s := math.Abs(v)
	sign := ""
	if v < 0 {
		sign = "−"
	}
	switch {
	case s < 60 || step < 1:
		return sign + formatNumber(s, step) + " s"
	case s < 3600 && step < 60:
		return sign + clock(int(s)/60, int(s)%60)
	case s < 3600:
		return sign + strconv.Itoa(int(s+0.5)/60) + " min"
	case s < 2*86400:
		return sign + clock(int(s+0.5)/3600, int(s+0.5)%3600/60) + " h"
	}
	return sign + formatNumber(s/86400, step/86400) + " d"
}

func clock(a, b int) string {
	return strconv.Itoa(a) + ":" + strconv.Itoa(b/10) + strconv.Itoa(b%10)
}

func formatClock(v, step float64) string {
	t := time.Unix(0, int64(v*1e9)).Local()
	switch {
	case step >= 86400:
		return t.Format("2006-01-02")
	case step >= 60:
		return t.Format("01-02 15:04")
	}
	return t.Format("15:04:05")
}
