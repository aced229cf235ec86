package serve

import (
	"os"
	"runtime"
	"runtime/debug"
)

// Garbage collection of a service: its heap may grow to five times what lives,
// and what lives is counted as at least ballast bytes, which are never touched
// and so cost no memory. A service keeps little and makes much garbage; without
// this it collects ten times a second, long enough to show in its 99th
// percentile.
const (
	growth  = 400
	ballast = 16 << 20
)

// Tune sets the process' garbage collection for serving, unless GOGC does, and
// returns a function that sets it back. It is for processes that do nothing
// else.
func Tune() (restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	old, weight := debug.SetGCPercent(growth), make([]byte, ballast)
	return func() {
		debug.SetGCPercent(old)
		runtime.KeepAlive(weight)
	}
}
