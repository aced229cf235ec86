// Package idx reads and writes the IDX format of MNIST: a big-endian header
// (two zero bytes, element type, number of dimensions, one uint32 a dimension)
// and the elements in row-major order. Files may be plain or gzip; which one is
// recognised by content, never by name.
package idx

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Limit is the largest number of data bytes one file may hold. A header that
// claims more is refused before anything is allocated.
const Limit = 2 << 30

// maxDims is the largest number of dimensions taken.
const maxDims = 8

// typeUint8 is the element type code of unsigned bytes.
const typeUint8 = 0x08

// Errors that Read and the functions above it wrap.
var (
	// ErrFormat: the bytes are not an IDX file of unsigned bytes.
	ErrFormat = errors.New("not an IDX file of unsigned bytes")
	// ErrTruncated: the file ends before the elements its header promises.
	ErrTruncated = errors.New("IDX file ends too early")
	// ErrTooLarge: the header claims more than Limit bytes.
	ErrTooLarge = errors.New("IDX header claims too much data")
	// ErrTrailing: bytes follow the last element.
	ErrTrailing = errors.New("IDX file has bytes after its last element")
)

// Array is an IDX file's content: unsigned bytes with a shape.
type Array struct {
	Dims []int
	Data []byte // row-major; its length is the product of Dims
}

// ReadFile reads the IDX file at path. Errors name the file and the cure.
func ReadFile(path string) (*Array, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open IDX file: %w", err)
	}
	defer f.Close()
	a, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return a, nil
}

// Read reads one IDX array from r, plain or gzip. It never allocates much more
// than r really holds, whatever the header claims.
func Read(r io.Reader) (*Array, error) {
	plain, err := Plain(r)
	if err != nil {
		return nil, err
	}
	dims, err := readHeader(plain)
	if err != nil {
		return nil, err
	}
	size, err := sizeOf(dims)
	if err != nil {
		return nil, err
	}
	data, err := readExactly(plain, size)
	if err != nil {
		return nil, err
	}
	return &Array{Dims: dims, Data: data}, nil
}

// Plain returns r's bytes with gzip removed where the content is gzip.
func Plain(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	magic, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the first bytes: %w", err)
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("%w: damaged gzip header (%w); download or copy the file again", ErrFormat, err)
	}
	return z, nil
}

func readHeader(r io.Reader) ([]int, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("%w: no room for the 4-byte header (%w); give the original file", ErrFormat, err)
	}
	if head[0] != 0 || head[1] != 0 || head[2] != typeUint8 {
		return nil, fmt.Errorf("%w: it starts with % x, expected 00 00 08; give an idx-ubyte file", ErrFormat, head[:3])
	}
	n := int(head[3])
	if n == 0 || n > maxDims {
		return nil, fmt.Errorf("%w: %d dimensions, expected 1 to %d", ErrFormat, n, maxDims)
	}
	raw := make([]byte, 4*n)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, fmt.Errorf("%w: inside the header; copy the file again", ErrTruncated)
	}
	dims := make([]int, n)
	for i := range dims {
		dims[i] = int(binary.BigEndian.Uint32(raw[4*i:]))
	}
	return dims, nil
}

func sizeOf(dims []int) (int, error) {
	size := 1
	for _, d := range dims {
		if d != 0 && size > Limit/d {
			return 0, fmt.Errorf("%w: shape %v is over %d bytes; the header is damaged, or split the file", ErrTooLarge, dims, Limit)
		}
		size *= d
	}
	return size, nil
}

// readExactly reads size bytes, growing only as bytes really arrive.
func readExactly(r io.Reader, size int) ([]byte, error) {
	data := make([]byte, 0, min(size, 1<<20))
	for len(data) < size {
		if len(data) == cap(data) {
			grown := make([]byte, len(data), min(size, 4*cap(data)))
			copy(grown, data)
			data = grown
		}
		n, err := io.ReadFull(r, data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err != nil {
			return nil, fmt.Errorf("%w: %d of %d bytes are there (%w); copy or download it again",
				ErrTruncated, len(data), size, err)
		}
	}
	var more [1]byte
	switch _, err := io.ReadFull(r, more[:]); {
	case err == nil:
		return nil, fmt.Errorf("%w: the header promises %d bytes; the header or the file is damaged", ErrTrailing, size)
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: damaged end (%w); copy or download it again", ErrTruncated, err)
	}
	return data, nil
}

// Write writes a as a plain IDX file.
func Write(w io.Writer, a *Array) error {
	head := []byte{0, 0, typeUint8, byte(len(a.Dims))}
	for _, d := range a.Dims {
		head = binary.BigEndian.AppendUint32(head, uint32(d))
	}
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("write IDX header: %w", err)
	}
	if _, err := w.Write(a.Data); err != nil {
		return fmt.Errorf("write IDX data: %w", err)
	}
	return nil
}
