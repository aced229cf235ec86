package e2e_test

import (
	"math"
	"runtime"
	"syscall"
	"time"
)

// busy tells how much longer work takes on this machine now than it would on
// its own: 1 on a quiet one. Limits on time are multiplied by it, so that a test
// says something about the program and not about what else runs.
func busy() float64 {
	const work = 60 * time.Millisecond
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began, used, x := time.Now(), processorTime(), 1.0
	for processorTime()-used < work {
		for range 20000 {
			x = math.Sqrt(x + 1)
		}
	}
	return max(1, float64(time.Since(began))/float64(work)*x/x)
}

// processorTime is what this thread has worked (man 2 getrusage).
func processorTime() time.Duration {
	var u syscall.Rusage
	const thread = 1 // RUSAGE_THREAD
	if err := syscall.Getrusage(thread, &u); err != nil {
		return time.Duration(time.Now().UnixNano())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
