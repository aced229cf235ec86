package ui

import (
	"os"
	"path/filepath"
)

// DataFolder is where projects and runs are kept: ATHANOR_HOME, else the XDG
// data folder.
func DataFolder() string {
	if dir := os.Getenv("ATHANOR_HOME"); dir != "" {
		return dir
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "athanor")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	return filepath.Join(home, ".local", "share", "athanor")
}
