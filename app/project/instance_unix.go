//go:build unix

package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockInstance takes the lock that one studio holds; it goes with the process.
func lockInstance(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, ".instance.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the studio: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, errors.Join(ErrRunning, f.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("lock the studio: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}
