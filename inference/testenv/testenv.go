// Package testenv tells tests where native libraries and the real test data
// are. A test that lacks one skips with a reason; where
// ATHANOR_REQUIRE_NATIVE=1 (continuous integration) lacking a native library
// is a failure instead.
package testenv

import (
	"os"
	"path/filepath"
	"testing"
)

// Root returns the project's root folder, found by walking up to go.mod.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	tb.Fatal("no go.mod above the test's folder")
	return ""
}

// SharedData returns a path under the folder of real test data
// (ATHANOR_TEST_DATA, or ../shared/data beside the project) and skips the test
// where it is absent.
func SharedData(tb testing.TB, elem ...string) string {
	tb.Helper()
	base := os.Getenv("ATHANOR_TEST_DATA")
	if base == "" {
		base = filepath.Join(Root(tb), "..", "shared", "data")
	}
	path := filepath.Join(append([]string{base}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		tb.Skipf("test data %s is not on this machine", filepath.Join(elem...))
	}
	return path
}

// NeedNative ends the test when err says that a native library is missing: a
// failure where ATHANOR_REQUIRE_NATIVE=1, else a skip with the reason.
func NeedNative(tb testing.TB, err error) {
	tb.Helper()
	if err == nil {
		return
	}
	if os.Getenv("ATHANOR_REQUIRE_NATIVE") == "1" {
		tb.Fatalf("native library needed: %v", err)
	}
	tb.Skipf("native library missing: %v", err)
}
