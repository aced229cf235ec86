package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/text/transform"
)

// Format names a table's file format.
type Format string

// Formats.
const (
	Separated Format = "CSV"
	JSONLines Format = "JSON lines"
	Parquet   Format = "Parquet"
)

// Source says what a file was found to be.
type Source struct {
	Format  Format
	Dialect Dialect // of Separated
	Gzip    bool
	Size    int64 // bytes on disk
}

// counter counts the bytes read from the file.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// Open opens the table at path, plain or gzip; what it is, is told by content.
// The caller closes the reader.
func Open(path string, o Options) (Reader, Source, error) {
	r, src, err := open(path, o)
	if err != nil {
		return nil, src, fmt.Errorf("open table %s: %w", path, err)
	}
	return r, src, nil
}

func open(path string, o Options) (Reader, Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Source{}, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, Source{}, err
	}
	src := Source{Size: info.Size()}
	var magic [4]byte
	n, _ := f.ReadAt(magic[:], 0)
	if n == 4 && string(magic[:]) == "PAR1" {
		f.Close()
		src.Format = Parquet
		r, err := openParquet(path)
		return r, src, err
	}
	count := &counter{r: f}
	plain, err := unzipped(count, &src)
	if err != nil {
		f.Close()
		return nil, src, err
	}
	r, err := openText(plain, count, f, &src, o)
	if err != nil {
		f.Close()
		return nil, src, err
	}
	return r, src, nil
}

func unzipped(r io.Reader, src *Source) (io.Reader, error) {
	var magic [2]byte
	n, err := io.ReadFull(r, magic[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	whole := io.MultiReader(bytes.NewReader(magic[:n]), r)
	if n < 2 || magic != [2]byte{0x1f, 0x8b} {
		return whole, nil
	}
	src.Gzip = true
	z, err := gzip.NewReader(whole)
	if err != nil {
		return nil, fmt.Errorf("%w: damaged gzip file (%w); copy it again", ErrFormat, err)
	}
	return z, nil
}

func openText(r io.Reader, count *counter, c io.Closer, src *Source, o Options) (Reader, error) {
	sample, whole, err := readSample(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if len(bytes.TrimSpace(sample)) == 0 {
		return nil, fmt.Errorf("%w: the file is empty", ErrEmpty)
	}
	src.Dialect = Sniff(sample, o)
	text := src.Dialect.Charset.Decode(whole)
	if bytes.IndexByte(decodedRaw(sample, src.Dialect.Charset), '\n') < 0 {
		text = transform.NewReader(text, oldMac{})
	}
	if isJSON(decodeSample(sample, src.Dialect.Charset)) {
		src.Format = JSONLines
		lines := newSeparated(text, Dialect{})
		lines.counter, lines.closer = count, c
		return newJSONLines(lines)
	}
	if isBinary(sample, src.Dialect.Charset) {
		return nil, fmt.Errorf("%w: it is neither text nor a format that is known", ErrFormat)
	}
	src.Format = Separated
	s := newSeparated(text, src.Dialect)
	s.counter, s.closer = count, c
	if err := s.start(); err != nil {
		return nil, err
	}
	return s, nil
}

func decodedRaw(sample []byte, c Charset) []byte {
	text, _ := io.ReadAll(c.Decode(bytes.NewReader(sample)))
	return text
}

// oldMac turns line ends \r into \n.
type oldMac struct{ transform.NopResetter }

func (oldMac) Transform(dst, src []byte, _ bool) (nDst, nSrc int, err error) {
	n := copy(dst, src)
	for i, c := range dst[:n] {
		if c == '\r' {
			dst[i] = '\n'
		}
	}
	if n < len(src) {
		err = transform.ErrShortDst
	}
	return n, n, err
}

func isJSON(text []byte) bool {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("[")) {
		text = bytes.TrimSpace(text[1:])
	}
	if !bytes.HasPrefix(text, []byte(`{`)) {
		return false
	}
	rest := bytes.TrimSpace(text[1:])
	return bytes.HasPrefix(rest, []byte(`"`)) || bytes.HasPrefix(rest, []byte(`}`))
}

// isBinary tells files that are no text: control characters beyond the usual, in
// more than one of a hundred bytes.
func isBinary(sample []byte, c Charset) bool {
	if c == UTF16LE || c == UTF16BE {
		return false
	}
	control := 0
	for _, b := range sample {
		if b < 0x20 && b != '\n' && b != '\r' && b != '\t' && b != 0x0c && b != 0x1b {
			control++
		}
	}
	return control*100 > len(sample)
}
