//go:build !linux

package vision

// queryCamera finds nothing: cameras are listed on Linux only. Elsewhere they
// can still be opened by number.
func queryCamera(string) (Camera, bool) { return Camera{}, false }

func isBusy(error) bool { return false }
