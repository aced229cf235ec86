//go:build !matprofile

package vision

import "io"

// OpenMats returns how many OpenCV matrices are open right now. They are only
// counted in builds with -tags matprofile; counted is false in others.
func OpenMats() (n int, counted bool) { return 0, false }

// WriteMats writes where the open matrices were made, in builds that count them.
func WriteMats(io.Writer) error { return nil }
