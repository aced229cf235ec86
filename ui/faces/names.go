package faces

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"athanor/inference/vision"
)

// CameraSpec is the source that a camera is.
func CameraSpec(c vision.Camera) string { return strconv.Itoa(c.Index) }

// CameraTitle names a camera and the largest picture it gives.
func CameraTitle(c vision.Camera) string {
	title := fmt.Sprintf("%s (%d)", c.Name, c.Index)
	var best vision.CameraFormat
	for _, f := range c.Formats {
		if f.W*f.H > best.W*best.H {
			best = f
		}
	}
	if best.W > 0 {
		title += fmt.Sprintf(" · %d×%d %s", best.W, best.H, best.Code)
	}
	return title
}

// SourceTitle is what the screen calls a source: a file by its name, an address
// without its password.
func SourceTitle(spec string) string {
	if u, err := url.Parse(spec); err == nil && strings.Contains(spec, "://") {
		return u.Redacted()
	}
	return filepath.Base(spec)
}
