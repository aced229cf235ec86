package vision

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gocv.io/x/gocv"
)

// capture reads a camera or a network stream through OpenCV. A read can hang
// for seconds when a cable is pulled, so it happens on a goroutine of its own
// that owns the device: nobody waits for it longer than the stall time, and it
// gives the device back when the read returns.
type capture struct {
	info   SourceInfo
	stall  time.Duration
	frames chan *Frame // one slot: newest wins
	failed chan struct{}
	closed chan struct{}
	once   sync.Once
	err    error // set before failed is closed
}

// openCapture opens a device or an address within the stall time. open runs on
// the goroutine that will read.
func openCapture(ctx context.Context, info SourceInfo, stall time.Duration, open func() (*gocv.VideoCapture, error)) (Source, error) {
	c := &capture{
		info: info, stall: stall,
		frames: make(chan *Frame, 1), failed: make(chan struct{}), closed: make(chan struct{}),
	}
	ready := make(chan SourceInfo, 1)
	go c.run(open, ready)
	timer := time.NewTimer(2 * stall)
	defer timer.Stop()
	select {
	case c.info = <-ready:
		return c, nil
	case <-c.failed:
		return nil, c.err
	case <-ctx.Done():
		_ = c.Close()
		return nil, ctx.Err()
	case <-timer.C:
		_ = c.Close()
		return nil, fmt.Errorf("%s: %w: it did not open within %v", info.Name, ErrStalled, 2*stall)
	}
}

func (c *capture) run(open func() (*gocv.VideoCapture, error), ready chan<- SourceInfo) {
	defer close(c.failed)
	dev, err := open()
	if err != nil {
		c.err = err
		return
	}
	defer dev.Close()
	info := captureInfo(dev, c.info.Name, c.info.Kind)
	ready <- info
	mat := gocv.NewMat()
	defer mat.Close()
	for n := int64(0); ; n++ {
		if !dev.Read(&mat) || mat.Empty() {
			c.err = fmt.Errorf("%s: %w any more: unplugged, switched off or disconnected", info.Name, ErrStalled)
			return
		}
		f, err := frameOf(&mat)
		if err != nil {
			c.err = err
			return
		}
		f.Time, f.Index = time.Now(), n
		if !c.offer(f) {
			return
		}
	}
}

// offer puts a frame where Next finds it, in place of an older one that nobody
// has fetched. It is false after Close.
func (c *capture) offer(f *Frame) bool {
	select {
	case <-c.closed:
		return false
	default:
	}
	select {
	case <-c.frames:
	default:
	}
	c.frames <- f // never waits: run is the only sender and the slot is empty
	return true
}

func (c *capture) Info() SourceInfo { return c.info }

func (c *capture) Next(ctx context.Context) (*Frame, error) {
	timer := time.NewTimer(c.stall)
	defer timer.Stop()
	select {
	case f := <-c.frames:
		return f, nil
	case <-c.closed:
		return nil, ErrClosed
	case <-c.failed:
		return nil, c.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, fmt.Errorf("%s: %w for %v", c.info.Name, ErrStalled, c.stall)
	}
}

func (c *capture) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

func joinClose(errs ...error) error {
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close video: %w", err)
	}
	return nil
}
