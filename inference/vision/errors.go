package vision

import "errors"

// What can be wrong with a picture, a video or a camera. Errors of this package
// wrap one of these and say in words what happened and what to do.
var (
	ErrEmpty       = errors.New("nothing to see")
	ErrUnsupported = errors.New("format not supported")
	ErrBroken      = errors.New("damaged or cut off")
	ErrTooLarge    = errors.New("too large")
	ErrNoCamera    = errors.New("no camera")
	ErrBusy        = errors.New("in use by another program")
	ErrDenied      = errors.New("permission denied")
	ErrStalled     = errors.New("no frame arrives")
	ErrCascade     = errors.New("not a cascade")
	ErrClosed      = errors.New("source closed")
)
