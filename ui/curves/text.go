package curves

import (
	"time"
)

func secondsOf(x float64) time.Duration { return time.Duration(x * float64(time.Second)) }

func clockText(x float64) string {
	return time.Unix(0, int64(x*1e9)).Local().Format(time.DateTime)
}
