package face

import (
	"time"

	"athanor/inference/vision"
)

// View is what a screen shows: the newest frame and what is known about it.
type View struct {
	Number int64         // counts views from 0
	Frame  *vision.Frame // faces hidden when that was asked for
	// Looked is the frame that Results were found on: Frame itself where detection
	// keeps up and while faces are hidden, an older one otherwise, nil before the first.
	Looked  *vision.Frame
	Results []Result // newest of each detector
	Tracks  []Track  // where the faces are now, by number
	Counts  Counts
	Events  []Event // since the last view
	Recent  []Event // the newest eight, oldest first
	Stages  Stages
	FPS     float64 // views a second
	Every   int     // detection saw every n-th frame lately
	Source  vision.FeedState
}

// Result is what one detector found on a frame.
type Result struct {
	Detector string
	Frame    int64 // index of the frame it saw
	Faces    []Face
	Took     time.Duration
	Err      error
}

// Counts are numbers of faces.
type Counts struct {
	Now   int // tracks at this moment
	Total int // different faces since the session began
	// Past is one number a second, faces at that second, oldest first; the last
	// ten minutes.
	Past []int
}

// Stages are the milliseconds that the view's frame spent.
type Stages struct {
	Wait   float64 // from its arrival until the session took it
	Detect float64 // all detectors on the last frame they saw
	Track  float64
	Hide   float64
	Total  float64 // from its arrival until the view was there
}
