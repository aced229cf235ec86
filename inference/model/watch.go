package model

import (
	"context"
	"time"

	"athanor/inference/vision"
)

// Seen is a frame of a camera, video or stream with what the model says of it.
type Seen struct {
	Frame      *vision.Frame
	Prediction Prediction
	Took       time.Duration // of the prediction alone
}

// Watch judges the newest frame of a feed, over and over; what the feed drops
// meanwhile is never seen. tell gets each answer on the caller's goroutine and
// keeps Watch waiting. It ends with the feed's error (io.EOF at its end), ctx's,
// or that of a prediction.
func (m *Model) Watch(ctx context.Context, feed *vision.Feed, tell func(Seen)) error {
	for after := int64(-1); ; {
		frame, err := feed.Next(ctx, after)
		if err != nil {
			return err
		}
		after = frame.Index
		began := time.Now()
		list, err := m.Images(ctx, frame)
		if err != nil {
			return err
		}
		tell(Seen{Frame: frame, Prediction: list[0], Took: time.Since(began)})
	}
}
