package vision_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"athanor/inference/vision"
)

// TestMain fails the package when any test left an OpenCV matrix open. They are
// counted with -tags matprofile.
func TestMain(m *testing.M) {
	code := m.Run()
	for wait := time.Millisecond; wait < 5*time.Second; wait *= 2 { // a device that hung closes a little later
		if n, _ := vision.OpenMats(); n == 0 {
			break
		}
		time.Sleep(wait)
	}
	if n, counted := vision.OpenMats(); counted && n > 0 {
		fmt.Fprintf(os.Stderr, "%d OpenCV matrices were not closed:\n", n)
		_ = vision.WriteMats(os.Stderr)
		code = 1
	} else if counted {
		fmt.Fprintln(os.Stderr, "all OpenCV matrices were closed")
	}
	os.Exit(code) //nolint:forbidigo // the contract of TestMain
}
