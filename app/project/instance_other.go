//go:build !unix

package project

import (
	"fmt"
	"os"
	"path/filepath"
)

// lockInstance opens a file; elsewhere than on Unix two studios are told apart
// by the socket alone.
func lockInstance(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, ".instance.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the studio: %w", err)
	}
	return f, nil
}
