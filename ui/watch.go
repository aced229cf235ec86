package ui

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// watch keeps the status bar's memory figure fresh until the window's life ends.
func (s *Studio) watch() {
	go func() {
		tick := time.NewTicker(3 * time.Second)
		defer tick.Stop()
		for {
			resident := residentBytes()
			resident = resident >> 20 << 20 // every change of the text draws the window anew
			s.post(func() { s.status.SetMemory(s.book.Bytes(resident)) })
			select {
			case <-s.ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
}

// residentBytes is the program's memory as /proc tells it (man 5 proc, statm); 0
// where it does not.
func residentBytes() int64 {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(raw))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
