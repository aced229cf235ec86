package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/pipeline/dataset/archive"

	"golang.org/x/text/encoding/simplifiedchinese"
)

type entry struct {
	name string
	data string
	link string
}

func zipped(t testing.TB, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, NonUTF8: true}
		if e.link != "" {
			h.SetMode(os.ModeSymlink | 0o777)
			e.data = e.link
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t testing.TB, gz bool, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.Writer = &b
	if gz {
		z := gzip.NewWriter(&b)
		defer z.Close()
		w = z
	}
	a := tar.NewWriter(w)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Size: int64(len(e.data)), Mode: 0o644, Typeflag: tar.TypeReg}
		if e.link != "" {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, e.link, 0
		}
		if err := a.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(a, e.data[:h.Size]); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if c, ok := w.(io.Closer); ok {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func save(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func nasty() []entry {
	return []entry{
		{name: "a/one.txt", data: "one"},
		{name: "./b/two.txt", data: "two"},
		{name: "../out.txt", data: "x"},
		{name: "/etc/passwd", data: "x"},
		{name: `c\..\..\up.txt`, data: "x"},
		{name: "link", link: "/etc/passwd"},
		{name: "a/one.txt", data: "again"},
		{name: strings.Repeat("x", 300), data: "x"},
		{name: "a/one.txt/below", data: "x"},
	}
}

func TestExtractKeepsInside(t *testing.T) {
	for name, data := range map[string][]byte{"zip": zipped(t, nasty()), "tar": tarred(t, false, nasty()), "tar.gz": tarred(t, true, nasty())} {
		t.Run(name, func(t *testing.T) {
			path := save(t, data)
			if f := archive.Detect(path); string(f) != name {
				t.Fatalf("detected %q", f)
			}
			outer := t.TempDir()
			dir := filepath.Join(outer, "in")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			r, err := archive.Extract(t.Context(), path, dir, archive.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Files != 2 || r.LeftOut[archive.Climbs] != 4 || r.LeftOut[archive.IsLink] != 1 || r.LeftOut[archive.Twice] != 2 {
				t.Errorf("%+v", r)
			}
			if b, err := os.ReadFile(filepath.Join(dir, "a", "one.txt")); err != nil || string(b) != "one" {
				t.Errorf("%q, %v", b, err)
			}
			if entries, err := os.ReadDir(outer); err != nil || len(entries) != 1 {
				t.Errorf("something climbed out: %v, %v", entries, err)
			}
		})
	}
}

func TestBombs(t *testing.T) {
	data := zipped(t, []entry{{name: "big", data: strings.Repeat("\x00", 80<<20)}})
	if _, err := archive.Extract(t.Context(), save(t, data), t.TempDir(), archive.Limits{}); !errors.Is(err, archive.ErrBomb) {
		t.Errorf("by ratio: %v", err)
	}
	small := zipped(t, []entry{{name: "a", data: "12345"}, {name: "b", data: "12345"}})
	for _, l := range []archive.Limits{{Bytes: 8}, {Files: 1}} {
		if _, err := archive.Extract(t.Context(), save(t, small), t.TempDir(), l); !errors.Is(err, archive.ErrBomb) {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

func TestChineseNamesOfOldZips(t *testing.T) {
	name, err := simplifiedchinese.GB18030.NewEncoder().String("猫/图片.txt")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := archive.Extract(t.Context(), save(t, zipped(t, []entry{{name: name, data: "喵"}})), dir, archive.Limits{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "猫", "图片.txt")); err != nil {
		t.Error(err)
	}
}

func TestRefuses(t *testing.T) {
	whole := tarred(t, true, []entry{{name: "a", data: strings.Repeat("abc", 5000)}})
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "gzip of text": whole[:20], "zip head only": []byte("PK\x03\x04junk"),
		"half": zipped(t, nasty())[:100],
	} {
		if _, err := archive.Extract(t.Context(), save(t, data), t.TempDir(), archive.Limits{}); !errors.Is(err, archive.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzExtract(f *testing.F) {
	f.Add(zipped(f, nasty()))
	f.Add(tarred(f, false, nasty()))
	f.Add(tarred(f, true, nasty()[:2]))
	f.Fuzz(func(t *testing.T, data []byte) {
		outer := t.TempDir()
		path, dir := filepath.Join(outer, "x"), filepath.Join(outer, "in")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		_, _ = archive.Extract(t.Context(), path, dir, archive.Limits{Bytes: 1 << 20, Files: 100})
		if entries, err := os.ReadDir(outer); err != nil || len(entries) != 2 {
			t.Fatalf("outside the folder: %v, %v", entries, err)
		}
	})
}
