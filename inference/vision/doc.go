// Package vision is the studio's eye: pictures, videos, cameras and network
// streams as plain Go frames, and the few drawing and resizing steps around
// them. It is the only package that talks to OpenCV; no OpenCV value leaves it.
//
// OpenCV reports some mistakes by C++ exceptions, which would end the process.
// Everything that comes from outside (pictures, cascade files) is therefore
// checked here in Go before OpenCV sees it.
package vision
