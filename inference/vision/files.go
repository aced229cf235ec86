package vision

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// pictures delivers picture files in order; one bad file does not end it.
type pictures struct {
	info  SourceInfo
	paths []string
	next  int
}

func openPicture(path string) (Source, error) {
	f, err := ReadPicture(path)
	if err != nil {
		return nil, err
	}
	info := SourceInfo{Name: path, Kind: KindPicture, W: f.W, H: f.H, Frames: 1}
	return &pictures{info: info, paths: []string{path}}, nil
}

func openFolder(dir string) (Source, error) {
	paths, err := PicturesIn(dir)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%w: no pictures in %s", ErrEmpty, dir)
	}
	return &pictures{info: SourceInfo{Name: dir, Kind: KindFolder, Frames: len(paths)}, paths: paths}, nil
}

// PicturesIn lists the picture files below a folder by their names' endings,
// sorted. Hidden files and folders are left out.
func PicturesIn(dir string) ([]string, error) {
	endings := []string{".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".heic", ".heif", ".avif"}
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && path != dir
		if d.IsDir() {
			if hidden {
				return fs.SkipDir
			}
			return nil
		}
		if !hidden && slices.Contains(endings, strings.ToLower(filepath.Ext(path))) {
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read folder %s: %w", dir, err)
	}
	slices.Sort(paths)
	return paths, nil
}

func (p *pictures) Info() SourceInfo { return p.info }

// Path returns the file of the frame that Next returned last.
func (p *pictures) Path() string { return p.paths[max(0, p.next-1)] }

func (p *pictures) Next(ctx context.Context) (*Frame, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.next >= len(p.paths) {
		return nil, io.EOF
	}
	path := p.paths[p.next]
	p.next++
	f, err := ReadPicture(path)
	if err != nil {
		return nil, &FrameError{Name: path, Err: err}
	}
	f.Index, f.Time = int64(p.next-1), time.Now()
	return f, nil
}

func (p *pictures) Close() error { return nil }

// PathOf returns the file that a source's last frame came from, for pictures
// and folders, and "" for others.
func PathOf(s Source) string {
	if p, ok := s.(interface{ Path() string }); ok {
		return p.Path()
	}
	return ""
}
