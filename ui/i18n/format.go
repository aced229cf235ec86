package i18n

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Count writes a whole number with thousands separators: 1,200,000.
func (b *Book) Count(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	var parts []string
	for len(s) > 3 {
		parts = append([]string{s[len(s)-3:]}, parts...)
		s = s[:len(s)-3]
	}
	return sign + strings.Join(append([]string{s}, parts...), ",")
}

// Percent writes a share in [0, 1] as "97.4 %"; NaN as a dash.
func (b *Book) Percent(share float64) string {
	if math.IsNaN(share) {
		return "–"
	}
	return strconv.FormatFloat(share*100, 'f', 1, 64) + " %"
}

// Number writes a measured value with about four significant digits; NaN as a dash.
func (b *Book) Number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 0):
		return "∞"
	case a != 0 && a < 0.001:
		return strconv.FormatFloat(v, 'e', 1, 64)
	case a < 10:
		return strconv.FormatFloat(v, 'f', 4, 64)
	case a < 1000:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return b.Count(int(math.Round(v)))
}

// Bytes writes a size in binary units.
func (b *Book) Bytes(n int64) string {
	const kib = 1024
	switch {
	case n < kib:
		return fmt.Sprintf("%d B", n)
	case n < kib*kib:
		return fmt.Sprintf("%.0f KB", float64(n)/kib)
	case n >= 100*kib*kib && n < kib*kib*kib:
		return fmt.Sprintf("%.0f MB", float64(n)/kib/kib)
	case n < kib*kib*kib:
		return fmt.Sprintf("%.1f MB", float64(n)/kib/kib)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/kib/kib/kib)
}

// Duration writes a span as a person says it: "3 min", never "187.2 s".
func (b *Book) Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "–"
	case d < time.Second:
		return b.T("time.less_second")
	case d < 90*time.Second:
		return b.T("time.seconds", int(math.Round(d.Seconds())))
	case d < 90*time.Minute:
		return b.T("time.minutes", int(math.Round(d.Minutes())))
	case d < 48*time.Hour:
		return b.T("time.hours", int(d.Hours()), int(d.Minutes())%60)
	}
	return b.T("time.days", int(math.Round(d.Hours()/24)))
}

// Ago writes how long ago at was, seen from now.
func (b *Book) Ago(at, now time.Time) string {
	d := now.Sub(at)
	if d < time.Minute {
		return b.T("time.just_now")
	}
	return b.T("time.ago", b.Duration(d))
}
