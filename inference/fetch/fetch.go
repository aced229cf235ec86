// Package fetch brings known models by name: from a pinned address, with licence
// and size known before anything is asked of the network, resumed after a break,
// and believed only when its SHA-256 is right.
package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Errors of this package.
var (
	ErrUnknown  = errors.New("no model of this name")
	ErrChecksum = errors.New("the file is not the one that was pinned")
	ErrServer   = errors.New("the server does not give the file")
)

// Item is a file that can be fetched. Everything about it is known beforehand.
type Item struct {
	Name    string // what a person types
	Title   string
	File    string // its name on disk, without a folder
	URL     string // of one version for ever: the address holds a commit
	License string // SPDX
	Source  string // page of the project
	Size    int64  // bytes
	SHA256  string // hex
}

// Known lists the models that can be fetched by name, in a fixed order.
func Known() []Item {
	const github = "https://github.com/"
	return []Item{
		{
			Name: "yunet", Title: "YuNet, face detector (March 2023)", File: "face_detection_yunet_2023mar.onnx",
			URL:     github + "opencv/opencv_zoo/raw/82b38c8f98e7b52aa171400f3e4c722352d0669f/models/face_detection_yunet/face_detection_yunet_2023mar.onnx",
			License: "Apache-2.0", Source: github + "opencv/opencv_zoo", Size: 232589,
			SHA256: "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
		},
		{
			Name: "ultraface", Title: "UltraFace RFB-320, face detector", File: "version-RFB-320_simplified.onnx",
			URL:     github + "Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB/raw/442599cebf11307bc231e2e5c3c6c869369fee48/models/onnx/version-RFB-320_simplified.onnx",
			License: "MIT", Source: github + "Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB", Size: 1114081,
			SHA256: "faf6740b495e8b9508e6fda11e8c0368bbdde01143e8f0a3e511d0892c4d794e",
		},
	}
}

// Find returns a known model by name.
func Find(name string) (Item, error) {
	var names []string
	for _, item := range Known() {
		if item.Name == name {
			return item, nil
		}
		names = append(names, item.Name)
	}
	return Item{}, fmt.Errorf("%w: %q; known are %s", ErrUnknown, name, strings.Join(names, ", "))
}

// Have returns the path of an item in a folder, and whether the right file lies
// there: its size and SHA-256 are checked.
func Have(item Item, dir string) (string, bool) {
	path := filepath.Join(dir, item.File)
	return path, verify(path, item) == nil
}

// Config says where to and how.
type Config struct {
	Dir      string       // made when it is not there
	Client   *http.Client // nil is the usual one
	Progress func(done, total int64)
}

// Get fetches an item into a folder and returns its path; a right file that lies
// there already is left alone. A part of the file is kept when ctx ends or the
// line breaks, and the next Get goes on from there. Errors wrap ErrChecksum,
// ErrServer, or what the network said.
func Get(ctx context.Context, item Item, cfg Config) (string, error) {
	if item.File != filepath.Base(item.File) || item.File == "." {
		return "", fmt.Errorf("fetch %s: %q is not a file name", item.Name, item.File)
	}
	path, have := Have(item, cfg.Dir)
	if have {
		return path, nil
	}
	if cfg.Client == nil {
		cfg.Client = http.DefaultClient
	}
	if cfg.Progress == nil {
		cfg.Progress = func(int64, int64) {}
	}
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return "", fmt.Errorf("fetch %s: %w", item.Name, err)
	}
	part := path + ".part"
	if err := download(ctx, item, part, cfg); err != nil {
		return "", fmt.Errorf("fetch %s from %s: %w", item.Name, item.URL, err)
	}
	if err := verify(part, item); err != nil {
		_ = os.Remove(part)
		return "", fmt.Errorf("fetch %s from %s: %w; nothing was kept", item.Name, item.URL, err)
	}
	if err := os.Rename(part, path); err != nil {
		return "", fmt.Errorf("fetch %s: %w", item.Name, err)
	}
	return path, nil
}

// download completes a partial file.
func download(ctx context.Context, item Item, part string, cfg Config) error {
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	err = fill(ctx, item, f, cfg)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func fill(ctx context.Context, item Item, f *os.File, cfg Config) error {
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if have > item.Size { // of something else
		have = 0
	}
	if have == item.Size {
		return nil
	}
	resp, err := ask(ctx, item.URL, have, cfg.Client)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK { // the server starts from the beginning
		have = 0
	}
	if err := f.Truncate(have); err != nil {
		return err
	}
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return err
	}
	w := &counter{file: f, done: have, total: item.Size, tell: cfg.Progress}
	if _, err := io.Copy(w, resp.Body); errors.Is(err, ErrChecksum) {
		return errors.Join(err, f.Truncate(0))
	} else if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if w.done < item.Size {
		return fmt.Errorf("the line broke after %d of %d bytes: %w; fetch again to go on from there", w.done, item.Size, io.ErrUnexpectedEOF)
	}
	return nil
}

func ask(ctx context.Context, url string, from int64, client *http.Client) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if from > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w; look at the network, or download the file elsewhere and drop it onto the window", err)
	}
	partial := resp.StatusCode == http.StatusPartialContent &&
		strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", from))
	if resp.StatusCode == http.StatusOK || partial {
		return resp, nil
	}
	_ = resp.Body.Close()
	return nil, fmt.Errorf("%w: it answers %s", ErrServer, resp.Status)
}

// counter writes to a file, tells the progress, and refuses what is too much.
type counter struct {
	file        io.Writer
	done, total int64
	tell        func(done, total int64)
}

func (c *counter) Write(p []byte) (int, error) {
	if c.done+int64(len(p)) > c.total {
		return 0, fmt.Errorf("%w: it is larger than %d bytes", ErrChecksum, c.total)
	}
	n, err := c.file.Write(p)
	c.done += int64(n)
	c.tell(c.done, c.total)
	return n, err
}

// verify checks a file against its item.
func verify(path string, item Item) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Size() != item.Size) {
		return fmt.Errorf("%w: %d bytes instead of %d", ErrChecksum, info.Size(), item.Size)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); !strings.EqualFold(got, item.SHA256) {
		return fmt.Errorf("%w: SHA-256 %s instead of %s", ErrChecksum, got, item.SHA256)
	}
	return nil
}

// Match returns the known item that a file on disk is, by its SHA-256, so that a
// dropped model gets its name and licence.
func Match(path string) (Item, bool) {
	known := Known()
	i := slices.IndexFunc(known, func(item Item) bool { return verify(path, item) == nil })
	if i < 0 {
		return Item{}, false
	}
	return known[i], true
}

// Keep copies a file that a person brought into a folder, under its usual name,
// when it is one of the known items by its SHA-256; then Have finds it there.
// Other files are refused with ErrUnknown. The original stays where it is.
func Keep(path, dir string) (Item, error) {
	item, ok := Match(path)
	if !ok {
		return Item{}, fmt.Errorf("%w: %s is none of the files that are known by their checksum", ErrUnknown, path)
	}
	if _, have := Have(item, dir); have {
		return item, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return item, fmt.Errorf("keep %s: %w", item.Name, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return item, fmt.Errorf("keep %s: %w", item.Name, err)
	}
	part := filepath.Join(dir, item.File+".part")
	err = os.WriteFile(part, data, 0o644)
	if err == nil {
		err = verify(part, item)
	}
	if err == nil {
		err = os.Rename(part, filepath.Join(dir, item.File))
	}
	if err != nil {
		_ = os.Remove(part)
		return item, fmt.Errorf("keep %s: %w", item.Name, err)
	}
	return item, nil
}
