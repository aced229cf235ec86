package source

import (
	"cmp"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"athanor/pipeline/dataset/feed"
	"athanor/pipeline/dataset/near"
)

// Names in the cache folder: decoded pictures, and what was seen of them.
const (
	cachePrefix = "pictures-"
	cachePixels = ".pixels"
	cacheLooks  = ".looks"
)

// maxCache is how much the decoded pictures of all data sets may take on disk.
const maxCache = 8 << 30

// pictureCache keeps decoded pictures that do not fit into memory for the next
// run. A nil path keeps nothing.
type pictureCache struct {
	dir    string
	name   string // without ending; empty where nothing is kept
	stride int
	files  int
	temp   *os.File
}

// openCache finds the cache's place for the files as they are now: names, sizes
// and times decide.
func (s *fileSource) openCache(size int) (*pictureCache, error) {
	c := &pictureCache{dir: s.c.Cache, stride: size * size * 3, files: len(s.files)}
	bytes := int64(c.stride) * int64(len(s.files))
	if bytes <= feed.MemoryLimit || bytes > maxCache/2 {
		return c, nil
	}
	dir, err := cacheDir(s.c)
	if err != nil {
		return nil, err
	}
	key := newPrint("pictures 1").number(uint64(size))
	for i := range s.files {
		info, err := os.Stat(s.files[i].path)
		if err != nil {
			return c, nil //nolint:nilerr // decoding tells what is wrong with the file
		}
		path, err := filepath.Abs(s.files[i].path)
		if err != nil {
			return nil, fmt.Errorf("find %s: %w", s.files[i].path, err)
		}
		key.text(path).number(uint64(info.Size())).number(uint64(info.ModTime().UnixNano()))
	}
	c.dir, c.name = dir, filepath.Join(dir, cachePrefix+hex.EncodeToString(key.h.Sum(nil)[:10]))
	return c, nil
}

// cachedLook is a picture without its pixels, as it is stored.
type cachedLook struct {
	Hash uint64
	Look near.Perceptual
	OK   bool
	Err  string
}

// load returns what an earlier run kept, if it is whole.
func (c *pictureCache) load(looks []picture) (*feed.Store, []picture, bool) {
	if c.name == "" {
		return nil, looks, false
	}
	kept, err := readLooks(c.name + cacheLooks)
	if err != nil || len(kept) != c.files {
		return nil, looks, false
	}
	good := 0
	for _, k := range kept {
		p := picture{hash: k.Hash, look: k.Look, lookOK: k.OK}
		if k.Err != "" {
			p.err = errors.New(k.Err)
		} else {
			good++
		}
		looks = append(looks, p)
	}
	f, err := os.Open(c.name + cachePixels)
	if err != nil {
		return nil, looks[:0], false
	}
	if info, err := f.Stat(); err != nil || info.Size() != int64(good)*int64(c.stride) {
		f.Close()
		return nil, looks[:0], false
	}
	now := time.Now()
	_ = os.Chtimes(f.Name(), now, now) // only decides what is cleared first
	return feed.OpenFileStore(c.stride, good, f), looks, true
}

func readLooks(path string) (kept []cachedLook, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	err = gob.NewDecoder(f).Decode(&kept)
	return kept, err
}

// store is where decoded pictures go: the cache, or memory and a file that goes
// with the process.
func (c *pictureCache) store() (*feed.Store, error) {
	if c.name == "" {
		return feed.NewStore(c.stride, c.dir, 0), nil
	}
	if err := c.clear(int64(c.stride) * int64(c.files)); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(c.dir, ".decoding-*")
	if err != nil {
		return nil, fmt.Errorf("keep decoded pictures: %w; free some space or set another cache folder", err)
	}
	c.temp = f
	return feed.NewFileStore(c.stride, f), nil
}

// keep gives the finished files their names, the pixels first.
func (c *pictureCache) keep(looks []picture) error {
	if c.temp == nil {
		return nil
	}
	kept := make([]cachedLook, len(looks))
	for i, p := range looks {
		kept[i] = cachedLook{Hash: p.hash, Look: p.look, OK: p.lookOK}
		if p.err != nil {
			kept[i].Err = p.err.Error()
		}
	}
	f, err := os.CreateTemp(c.dir, ".decoding-*")
	if err != nil {
		return errors.Join(err, c.abandon())
	}
	err = errors.Join(gob.NewEncoder(f).Encode(kept), f.Close())
	if err == nil {
		err = os.Rename(c.temp.Name(), c.name+cachePixels)
	}
	if err == nil {
		err = os.Rename(f.Name(), c.name+cacheLooks)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()), c.abandon())
	}
	return nil
}

// abandon takes the unfinished file's name away; who has it open may read on.
func (c *pictureCache) abandon() error {
	if c.temp == nil {
		return nil
	}
	if err := os.Remove(c.temp.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// clear removes what was used longest ago until there is room for more bytes.
func (c *pictureCache) clear(more int64) error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("look into the cache: %w; set another cache folder", err)
	}
	var all []fs.FileInfo
	total := more
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), cachePrefix) || !strings.HasSuffix(e.Name(), cachePixels) {
			continue
		}
		if info, err := e.Info(); err == nil {
			all = append(all, info)
			total += info.Size()
		}
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int { return cmp.Compare(a.ModTime().UnixNano(), b.ModTime().UnixNano()) })
	for _, info := range all {
		if total <= maxCache {
			return nil
		}
		name := filepath.Join(c.dir, strings.TrimSuffix(info.Name(), cachePixels))
		if err := errors.Join(os.Remove(name+cachePixels), os.Remove(name+cacheLooks)); err != nil {
			return fmt.Errorf("clear the cache: %w", err)
		}
		total -= info.Size()
	}
	return nil
}
