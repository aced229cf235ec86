package ui

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is the processor time of the calling thread (man 2 clock_gettime).
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// notifyReport passes on the signals that ask for the counters.
func notifyReport(to chan os.Signal) { signal.Notify(to, syscall.SIGUSR1, syscall.SIGUSR2) }

// clears reports whether the longest times count anew after this signal.
func clears(s os.Signal) bool { return s == syscall.SIGUSR1 }
