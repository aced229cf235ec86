//go:build matprofile

package vision

import (
	"io"

	"gocv.io/x/gocv"
)

// OpenMats returns how many OpenCV matrices are open right now. They are only
// counted in builds with -tags matprofile; counted is false in others.
func OpenMats() (n int, counted bool) { return gocv.MatProfile.Count(), true }

// WriteMats writes where the open matrices were made, in builds that count them.
func WriteMats(w io.Writer) error { return gocv.MatProfile.WriteTo(w, 1) }
