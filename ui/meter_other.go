//go:build !linux

package ui

import (
	"os"
	"time"
)

// threadTime is not known here.
func threadTime() time.Duration { return 0 }

// notifyReport does nothing here: the counters are written at the end.
func notifyReport(chan os.Signal) {}

func clears(os.Signal) bool { return false }
