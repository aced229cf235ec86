// Package archive unpacks zip, tar and tar.gz files from strangers: nothing
// climbs out of its folder, links are not made, bombs are stopped, and what was
// left out is said.
package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Errors of Extract.
var (
	// ErrBomb: an archive unpacks to more than it should.
	ErrBomb = errors.New("the archive unpacks to too much")
	// ErrFormat: a file is no archive that can be read.
	ErrFormat = errors.New("not a readable archive")
)

// Limits stop bombs; zero fields take the defaults.
type Limits struct {
	Bytes int64 // unpacked, in all; 64 GiB
	Files int   // 2,000,000
	Ratio int64 // unpacked to packed, once over 64 MiB; 250
}

func (l Limits) orDefault() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 64 << 30
	}
	if l.Files <= 0 {
		l.Files = 2_000_000
	}
	if l.Ratio <= 0 {
		l.Ratio = 250
	}
	return l
}

// ratioFrom is the unpacked size from which the ratio counts.
const ratioFrom = 64 << 20

// Report says what came out.
type Report struct {
	Files   int
	Bytes   int64
	LeftOut map[string]int // by reason
	// Examples are the first entries left out, with the reason.
	Examples []string
}

// Reasons to leave an entry out.
const (
	Climbs  = "its name leads out of the folder"
	IsLink  = "it is a link or a special file"
	Twice   = "its name was there already"
	Damaged = "its data is damaged"
)

// Format names what Detect found.
type Format string

// Formats.
const (
	None  Format = ""
	Zip   Format = "zip"
	Tar   Format = "tar"
	TarGz Format = "tar.gz"
)

// Detect tells by content whether a file is an archive.
func Detect(path string) Format {
	f, err := os.Open(path)
	if err != nil {
		return None
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return None
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return Zip
	case isTar(head):
		return Tar
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return detectTarGz(f)
	}
	return None
}

func detectTarGz(f *os.File) Format {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return None
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return None
	}
	head := make([]byte, 512)
	if _, err := io.ReadFull(z, head); err != nil || !isTar(head) {
		return None
	}
	return TarGz
}

// isTar checks a tar header's checksum.
func isTar(head []byte) bool {
	if len(head) < 512 {
		return false
	}
	_, err := tar.NewReader(bytes.NewReader(head)).Next()
	return (err == nil || errors.Is(err, io.ErrUnexpectedEOF)) && head[0] != 0
}

// Extract unpacks the archive at path below dir, which must exist. On an error
// dir may hold a part of it.
func Extract(ctx context.Context, path, dir string, limits Limits) (*Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	e := &extractor{dir: dir, limits: limits.orDefault(), packed: max(1, info.Size()), report: Report{LeftOut: map[string]int{}}, made: map[string]bool{}}
	switch Detect(path) {
	case Zip:
		err = e.zip(ctx, path)
	case Tar, TarGz:
		err = e.tar(ctx, path)
	case None:
		err = ErrFormat
	}
	if err != nil {
		return &e.report, fmt.Errorf("unpack %s: %w", path, err)
	}
	return &e.report, nil
}

type extractor struct {
	dir    string
	limits Limits
	packed int64
	report Report
	made   map[string]bool
	buffer []byte
}

func (e *extractor) leaveOut(name, reason string) {
	e.report.LeftOut[reason]++
	if e.report.LeftOut[reason] <= 20 {
		e.report.Examples = append(e.report.Examples, fmt.Sprintf("%q: %s", name, reason))
	}
}

func (e *extractor) zip(ctx context.Context, path string) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return fmt.Errorf("%w: %w; it is damaged or cut off, copy it again", ErrFormat, err)
	}
	defer z.Close()
	for _, f := range z.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.zipEntry(f); err != nil {
			return err
		}
	}
	return nil
}

func (e *extractor) zipEntry(f *zip.File) error {
	mode := f.Mode()
	name := f.Name
	if f.NonUTF8 {
		name = oldName(name)
	}
	if mode.IsDir() {
		return nil
	}
	if !mode.IsRegular() {
		e.leaveOut(name, IsLink)
		return nil
	}
	r, err := f.Open()
	if err != nil {
		e.leaveOut(name, Damaged)
		return nil
	}
	defer r.Close()
	return e.file(name, r)
}

// oldName reads a name without the UTF-8 mark: in GB18030 where it is no UTF-8,
// or where only so Chinese characters stand side by side.
func oldName(name string) string {
	decoded, err := simplifiedchinese.GB18030.NewDecoder().String(name)
	if err != nil || utf8.ValidString(name) && (chineseRun(name) > 0 || chineseRun(decoded) < 2) {
		return name
	}
	return decoded
}

// chineseRun is the length of the longest run of Chinese characters.
func chineseRun(s string) (longest int) {
	run := 0
	for _, r := range s {
		if !unicode.Is(unicode.Han, r) {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

func (e *extractor) tar(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if Detect(path) == TarGz {
		z, err := gzip.NewReader(f)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrFormat, err)
		}
		r = z
	}
	t := tar.NewReader(r)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w; it is damaged or cut off, copy it again", ErrFormat, err)
		}
		if err := e.tarEntry(h, t); err != nil {
			return err
		}
	}
}

func (e *extractor) tarEntry(h *tar.Header, t *tar.Reader) error {
	switch h.Typeflag {
	case tar.TypeReg:
		return e.file(h.Name, t)
	case tar.TypeDir, tar.TypeXGlobalHeader:
		return nil
	}
	e.leaveOut(h.Name, IsLink)
	return nil
}

// file writes one entry.
func (e *extractor) file(name string, r io.Reader) error {
	if e.report.Files >= e.limits.Files {
		return fmt.Errorf("%w: over %d files; unpack it yourself and give the folder if that is right", ErrBomb, e.limits.Files)
	}
	local := filepath.FromSlash(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "./"))
	if !filepath.IsLocal(local) || strings.ContainsRune(local, 0) || !fits(local) {
		e.leaveOut(name, Climbs)
		return nil
	}
	to := filepath.Join(e.dir, local)
	if e.made[to] {
		e.leaveOut(name, Twice)
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		e.leaveOut(name, Twice)
		return nil
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		if errors.Is(err, os.ErrExist) {
			e.leaveOut(name, Twice)
			return nil
		}
		return fmt.Errorf("write %s: %w; free some space or set another cache folder", local, err)
	}
	e.made[to] = true
	err = e.copy(f, r, name)
	return errors.Join(err, f.Close())
}

// fits keeps names within what file systems take.
func fits(local string) bool {
	for part := range strings.SplitSeq(local, string(filepath.Separator)) {
		if len(part) > 255 {
			return false
		}
	}
	return len(local) < 4000 && strings.Count(local, string(filepath.Separator)) < 64
}

func (e *extractor) copy(w io.Writer, r io.Reader, name string) error {
	if e.buffer == nil {
		e.buffer = make([]byte, 256<<10)
	}
	for {
		n, err := r.Read(e.buffer)
		e.report.Bytes += int64(n)
		if e.report.Bytes > e.limits.Bytes || e.report.Bytes > ratioFrom && e.report.Bytes > e.limits.Ratio*e.packed {
			return fmt.Errorf("%w: over %d bytes from %d; unpack it yourself and give the folder if that is right", ErrBomb, e.report.Bytes, e.packed)
		}
		if _, werr := w.Write(e.buffer[:n]); werr != nil {
			return fmt.Errorf("write %s: %w; free some space or set another cache folder", name, werr)
		}
		if errors.Is(err, io.EOF) {
			e.report.Files++
			return nil
		}
		if err != nil {
			e.report.Files++
			e.leaveOut(name, Damaged)
			return nil
		}
	}
}
