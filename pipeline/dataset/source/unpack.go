package source

import (
	"context"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"athanor/pipeline/dataset/archive"
)

// unpack unpacks an archive once: its folder in the cache is named after the
// archive's path, size and time, and appears only when it is complete.
func unpack(ctx context.Context, c Config, path string, info fs.FileInfo) (string, error) {
	cache, err := cacheDir(c)
	if err != nil {
		return "", err
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", path, err)
	}
	key := newPrint("archive").text(whole).number(uint64(info.Size())).number(uint64(info.ModTime().UnixNano()))
	dir := filepath.Join(cache, "unpacked-"+hex.EncodeToString(key.h.Sum(nil)[:10]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	work, err := os.MkdirTemp(cache, "unpacking-*")
	if err != nil {
		return "", fmt.Errorf("unpack %s: %w; name another cache folder", path, err)
	}
	defer os.RemoveAll(work)
	report, err := archive.Extract(ctx, path, work, archive.Limits{})
	if err != nil {
		return "", err
	}
	if report.Files == 0 {
		return "", fmt.Errorf("%w: the archive holds no file that may be unpacked; %q", ErrEmpty, report.Examples)
	}
	if err := os.Rename(work, dir); err != nil {
		if _, stat := os.Stat(dir); stat == nil {
			return dir, nil // another process was faster
		}
		return "", fmt.Errorf("unpack %s: %w", path, err)
	}
	return dir, nil
}
