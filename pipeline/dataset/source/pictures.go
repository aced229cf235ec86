package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"athanor/inference/onnx"
	"athanor/inference/vision"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/augment"
	"athanor/pipeline/dataset/feed"
	"athanor/pipeline/dataset/near"

	"golang.org/x/sync/errgroup"
)

// Defaults of image tasks.
const (
	defaultSize = 64
	maxSize     = 1024
	// maxPicture is the largest picture file that is read, in bytes.
	maxPicture = 512 << 20
	// chunk is how many pictures are decoded before they are stored in order.
	chunk = 256
)

// picture is one decoded sample.
type picture struct {
	pixels []byte
	hash   uint64
	look   near.Perceptual
	lookOK bool
	err    error
}

func (s *fileSource) pictures(ctx context.Context) (*dataset.Set, error) {
	size := s.c.Size
	if size == 0 {
		size = defaultSize
	}
	if size < 1 || size > maxSize {
		return nil, fmt.Errorf("%w: pictures of %d×%d; choose a size from 1 to %d", ErrTask, size, size, maxSize)
	}
	change, err := augment.Parse(s.c.Augment)
	if err != nil {
		return nil, err
	}
	finder := near.NewPictures(s.c.Cache)
	defer finder.Close()
	store, rows, err := s.decoded(ctx, size, finder)
	if err != nil {
		return nil, err
	}
	if s.copies, s.same, err = finder.Find(ctx); err != nil {
		return nil, err
	}
	layout, err := json.Marshal(map[string]any{"height": size, "width": size, "channels": 3, "order": "RGB", "fit": "stretch"})
	if err != nil {
		return nil, err
	}
	set := &dataset.Set{Task: dataset.Image, Metadata: []onnx.Pair{{Key: "athanor.image", Value: string(layout)}}}
	if s.c.AnySize {
		set.Preprocess = Resizer("image", size)
	}
	return s.finish(set, rows, func(a *feed.Answers) (maker, error) {
		return func(rows []int32, training bool) dataset.Feed {
			shape := [3]int{size, size, 3}
			if !training || change == nil {
				return feed.NewStored(store, shape, a, rows, nil, s.c.Seed)
			}
			return feed.NewStored(store, shape, a, rows, change, s.c.Seed)
		}, nil
	})
}

// decoded returns the decoded pictures and the file of each: from the cache of an
// earlier run where they do not fit into memory and it has them.
func (s *fileSource) decoded(ctx context.Context, size int, finder *near.Pictures) (*feed.Store, []int, error) {
	cache, err := s.openCache(size)
	if err != nil {
		return nil, nil, err
	}
	looks := make([]picture, 0, len(s.files))
	store, looks, hit := cache.load(looks)
	if !hit {
		if store, err = cache.store(); err != nil {
			return nil, nil, err
		}
		if looks, err = s.decode(ctx, size, store, looks); err != nil {
			return nil, nil, errors.Join(err, cache.abandon())
		}
		if err := cache.keep(looks); err != nil {
			s.note("decoded pictures are not kept for the next run: %v", err)
		}
	}
	rows, err := s.book(looks, finder)
	return store, rows, err
}

// book notes the pictures in the files' order and returns the file of each that
// could be read.
func (s *fileSource) book(looks []picture, finder *near.Pictures) (rows []int, err error) {
	failed := map[int]error{}
	for i := range looks {
		p := &looks[i]
		if p.err != nil {
			failed[i] = p.err
			continue
		}
		if err := finder.Add(p.hash, p.look, p.lookOK); err != nil {
			return nil, err
		}
		s.print.number(p.hash)
		rows = append(rows, i)
	}
	s.leaveOut(failed)
	return rows, nil
}

// decode fills the store in the files' order on all processors and returns what
// was seen of each picture, without its pixels.
func (s *fileSource) decode(ctx context.Context, size int, store *feed.Store, looks []picture) ([]picture, error) {
	batch := make([]picture, chunk)
	for from := 0; from < len(s.files); from += chunk {
		part := s.files[from:min(from+chunk, len(s.files))]
		if err := decodeAll(ctx, part, size, batch); err != nil {
			return nil, err
		}
		for _, p := range batch[:len(part)] {
			if p.err == nil {
				if err := store.Append(p.pixels); err != nil {
					return nil, err
				}
			}
			p.pixels = nil
			looks = append(looks, p)
		}
		s.progress(from)
	}
	return looks, store.Flush()
}

func decodeAll(ctx context.Context, files []labelled, size int, into []picture) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range files {
		g.Go(func() error {
			if ctx.Err() == nil {
				into[i] = decodeOne(files[i].path, size)
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}

func decodeOne(path string, size int) (p picture) {
	data, err := readUpTo(path, maxPicture)
	if err != nil {
		p.err = err
		return p
	}
	p.hash = near.Hash(data)
	if p.pixels, p.err = DecodePicture(data, size); p.err != nil {
		return p
	}
	grey := make([]byte, size*size)
	for i := range grey {
		grey[i] = byte((299*int(p.pixels[3*i]) + 587*int(p.pixels[3*i+1]) + 114*int(p.pixels[3*i+2])) / 1000)
	}
	p.look, p.lookOK = near.NewPerceptual(grey, size, size)
	return p
}

// DecodePicture decodes a picture file to size×size RGB triples [H,W,3], as
// training sees it and as Resizer does in a model: each side is averaged where it
// shrinks and interpolated where it grows.
func DecodePicture(data []byte, size int) ([]byte, error) {
	to := vision.Shape{W: size, H: size}
	info, err := vision.Probe(data)
	if err != nil {
		return nil, err
	}
	if (info.W >= size) == (info.H >= size) {
		return vision.DecodeResize(data, to)
	}
	// One side shrinks and the other grows: one after the other.
	f, err := vision.Decode(data)
	if err != nil {
		return nil, err
	}
	if f, err = f.Resize(size, f.H); err != nil {
		return nil, err
	}
	return f.Fit(to)
}

// unpacked returns path itself, or where the archive at path lies unpacked
// below the cache folder.
func unpacked(ctx context.Context, c Config, path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return path, nil
	}
	return unpack(ctx, c, path, info)
}

func cacheDir(c Config) (string, error) {
	if c.Cache != "" {
		return c.Cache, nil
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w; name one", err)
	}
	dir := filepath.Join(base, "athanor")
	if err := os.MkdirAll(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make the cache folder: %w; name another", err)
	}
	return dir, nil
}
