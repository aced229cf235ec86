package ui

import (
	"context"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"athanor/app/message"
	"athanor/inference/face"
	"athanor/inference/vision"
	"athanor/pipeline/train"
	"athanor/ui/data"
)

// captureEvery is the least time between two pictures while a button is held.
const captureEvery = 120 * time.Millisecond

// thumbSide is the side of a thumbnail in pixels.
const thumbSide = 96

// teaching is a capture of classes under way.
type teaching struct {
	p       *dataPart
	view    *data.Capture
	capture *face.Capture
	names   []string // of the classes, in their order
	taken   map[string]*data.Taken
	files   map[string][]string    // of each class, oldest first
	held    atomic.Pointer[string] // the class whose button is down
	cancel  context.CancelFunc     // of the watching
	network bool
}

// teach shows the capture of classes; pictures that were taken before are there.
func (p *dataPart) teach() {
	if p.view == nil {
		return
	}
	if p.teaching == nil {
		capture, err := face.OpenCapture(filepath.Join(p.s.capturesFolder(), "webcam"))
		if err != nil {
			p.s.fail(err)
			return
		}
		p.teaching = &teaching{p: p, capture: capture, taken: map[string]*data.Taken{}, files: map[string][]string{}}
	}
	t := p.teaching
	t.build()
	p.view.ApplyCapture(t.view)
	t.find()
	t.load()
}

// build makes the view, anew after a change of language or look.
func (t *teaching) build() {
	v := data.NewCapture(t.p.s.book)
	t.view = v
	v.OnWatch, v.OnStop = t.watch, t.stop
	v.OnAdd, v.OnUndo = t.add, t.undo
	v.OnHold = func(class string) { t.held.Store(&class) }
	v.OnRelease = func() { t.held.Store(nil) }
	v.OnTrain, v.OnBack = t.train, t.leave
	t.show()
}

// find lists the cameras.
func (t *teaching) find() {
	async(t.p.s, func(context.Context) ([]vision.Camera, error) { return vision.Cameras() }, func(list []vision.Camera, err error) {
		if err != nil {
			list = nil // the field for a file or stream works without any
		}
		cameras := make([]data.Camera, len(list))
		for i, c := range list {
			cameras[i] = data.Camera{Spec: strconv.Itoa(c.Index), Name: c.Name}
		}
		t.view.ApplyCameras(cameras)
	})
}

// found is what lay in the folder already.
type found struct {
	files  map[string][]string
	newest map[string][]image.Image
}

// load reads what was taken before.
func (t *teaching) load() {
	capture := t.capture
	async(t.p.s, func(ctx context.Context) (found, error) { return readCapture(ctx, capture) }, func(f found, err error) {
		if err != nil {
			t.p.s.fail(err)
			return
		}
		t.files = f.files
		t.names = slices.Sorted(maps.Keys(f.files))
		for _, name := range t.names {
			t.taken[name] = &data.Taken{Name: name, Count: len(f.files[name]), Newest: f.newest[name]}
		}
		t.show()
	})
}

func readCapture(ctx context.Context, c *face.Capture) (found, error) {
	f := found{files: map[string][]string{}, newest: map[string][]image.Image{}}
	classes, err := c.Classes()
	if err != nil {
		return f, err
	}
	for name := range classes {
		paths, err := vision.PicturesIn(filepath.Join(c.Dir(), name))
		if err != nil || ctx.Err() != nil {
			return f, errors.Join(err, ctx.Err())
		}
		slices.Sort(paths)
		f.files[name] = paths
		for _, path := range paths[max(len(paths)-data.Strip, 0):] {
			if picture, err := readThumb(path); err == nil { // a broken file has no thumbnail; Health will name it
				f.newest[name] = append(f.newest[name], picture)
			}
		}
	}
	return f, nil
}

func readThumb(path string) (image.Image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	picture, err := jpeg.Decode(file)
	if err != nil {
		return nil, err
	}
	return data.Thumbnail(picture, thumbSide), nil
}

// show brings the classes to the screen.
func (t *teaching) show() {
	list := make([]data.Taken, len(t.names))
	for i, name := range t.names {
		list[i] = *t.taken[name]
	}
	t.view.ApplyClasses(list)
}

// add makes a class.
func (t *teaching) add(name string) {
	if err := t.capture.AddClass(name); err != nil {
		t.p.s.fail(err)
		return
	}
	t.view.Added()
	if t.taken[name] == nil {
		t.names = append(t.names, name)
		t.taken[name] = &data.Taken{Name: name}
	}
	t.show()
}

// watch starts a camera, file, folder or stream.
func (t *teaching) watch(spec string) {
	t.stop()
	ctx, cancel := context.WithCancel(t.p.s.ctx)
	t.cancel = cancel
	if u, err := url.Parse(spec); err == nil && u.Host != "" {
		t.network = true
		t.p.s.status.SetNetwork(t.p.s.book.T("capture.network", u.Host))
	}
	feed := vision.Watch(ctx, vision.FeedConfig{Spec: spec, Loop: true, Slide: captureEvery})
	go t.follow(ctx, feed)
}

// stop ends the watching.
func (t *teaching) stop() {
	t.held.Store(nil)
	if t.cancel != nil {
		t.cancel()
		t.cancel = nil
	}
	if t.network {
		t.network = false
		t.p.s.status.SetNetwork("")
	}
	t.view.ApplyFrame(nil, "")
}

// follow shows frames and saves those that are wanted, on a goroutine of its own.
func (t *teaching) follow(ctx context.Context, feed *vision.Feed) {
	defer feed.Close() //nolint:errcheck // the session is over
	after, saved, shown := int64(-1), time.Time{}, time.Time{}
	for {
		frame, err := feed.Next(ctx, after)
		if err != nil {
			t.ended(ctx, err)
			return
		}
		after = frame.Index
		now := time.Now()
		if class := t.held.Load(); class != nil && now.Sub(saved) >= captureEvery {
			saved = now
			t.save(ctx, *class, frame)
		}
		if now.Sub(shown) < time.Second/mostFrames {
			continue
		}
		shown = now
		picture, trouble := frame.RGBA(nil), feed.State().Err
		t.p.s.post(func() {
			if ctx.Err() == nil {
				t.view.ApplyFrame(picture, t.words(trouble))
			}
		})
	}
}

func (t *teaching) words(err error) string {
	if err == nil {
		return ""
	}
	return message.Of(err, string(t.p.s.book.Language())).What
}

func (t *teaching) ended(ctx context.Context, err error) {
	t.p.s.post(func() {
		if ctx.Err() != nil {
			return
		}
		t.stop()
		if !errors.Is(err, io.EOF) {
			t.p.s.fail(err)
		}
	})
}

// save keeps one frame; the file is complete before its thumbnail is shown.
func (t *teaching) save(ctx context.Context, class string, frame *vision.Frame) {
	path, err := t.capture.Add(class, frame)
	if err != nil {
		t.p.s.post(func() {
			t.held.Store(nil)
			t.p.s.fail(err)
		})
		return
	}
	thumb := data.Thumbnail(frame, thumbSide)
	t.p.s.post(func() {
		if ctx.Err() == nil {
			t.arrived(class, path, thumb)
		}
	})
}

func (t *teaching) arrived(class, path string, thumb image.Image) {
	taken := t.taken[class]
	t.files[class] = append(t.files[class], path)
	taken.Count++
	taken.Newest = append(slices.Clone(taken.Newest), thumb)
	taken.Newest = taken.Newest[max(len(taken.Newest)-data.Strip, 0):]
	t.show()
}

// undo takes the newest picture of a class away.
func (t *teaching) undo(class string) {
	files := t.files[class]
	if len(files) == 0 {
		return
	}
	if err := os.Remove(files[len(files)-1]); err != nil {
		t.p.s.fail(err)
		return
	}
	t.files[class] = files[:len(files)-1]
	taken := t.taken[class]
	taken.Count--
	if n := len(taken.Newest); n > 0 {
		taken.Newest = slices.Clone(taken.Newest[:n-1])
	}
	t.show()
}

// train goes on with the pictures as data.
func (t *teaching) train() {
	t.leave()
	t.p.s.jobs.openFor(train.Webcam(t.capture.Dir()), func() { t.p.s.Go(placeTrain) })
}

// leave goes back to the data.
func (t *teaching) leave() {
	t.stop()
	t.p.teaching = nil
	t.p.view.ApplyCapture(nil)
	t.p.apply()
}
