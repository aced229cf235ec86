// Package safetensors reads and writes the safetensors format: eight bytes of
// header length, a JSON header with name, type, shape and place of every
// tensor, then the data (github.com/huggingface/safetensors, format 0.4).
package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Errors of Decode.
var (
	// ErrFormat: the bytes are not a safetensors file.
	ErrFormat = errors.New("not a safetensors file")
	// ErrTruncated: the file ends before its data does.
	ErrTruncated = errors.New("safetensors file is cut off")
)

// maxHeader is the format's own limit for the JSON header, in bytes.
const maxHeader = 100 << 20

// Tensor is one named tensor; Data is little-endian and row-major.
type Tensor struct {
	Name  string
	Type  string // F32, F64, F16, BF16, I64, I32, I16, I8, U8, BOOL, …
	Shape []int
	Data  []byte
}

// File is the content of one file. Decoded tensors share memory with the input.
type File struct {
	Metadata map[string]string
	Tensors  []Tensor // in the order of their data
}

type entry struct {
	Type    string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

const metadataKey = "__metadata__"

// Write writes f to w.
func (f *File) Write(w io.Writer) error {
	header, err := f.header()
	if err != nil {
		return err
	}
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(header)))
	if _, err := w.Write(append(length[:], header...)); err != nil {
		return fmt.Errorf("write safetensors header: %w", err)
	}
	for _, t := range f.Tensors {
		if _, err := w.Write(t.Data); err != nil {
			return fmt.Errorf("write tensor %s: %w", t.Name, err)
		}
	}
	return nil
}

func (f *File) header() ([]byte, error) {
	entries := map[string]any{}
	if len(f.Metadata) > 0 {
		entries[metadataKey] = f.Metadata
	}
	at := 0
	for _, t := range f.Tensors {
		if _, twice := entries[t.Name]; twice || t.Name == metadataKey {
			return nil, fmt.Errorf("tensor name %q is taken", t.Name)
		}
		shape := t.Shape
		if shape == nil {
			shape = []int{}
		}
		entries[t.Name] = entry{t.Type, shape, [2]int{at, at + len(t.Data)}}
		at += len(t.Data)
	}
	header, err := json.Marshal(entries)
	if err != nil {
		return nil, fmt.Errorf("encode safetensors header: %w", err)
	}
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	return header, nil
}

// Decode reads a file held in memory. Every claim of the header is checked
// against the bytes that are there.
func Decode(data []byte) (*File, error) {
	if len(data) < 8 {
		return nil, fmt.Errorf("%w: only %d bytes", ErrTruncated, len(data))
	}
	length := binary.LittleEndian.Uint64(data)
	if length > maxHeader {
		return nil, fmt.Errorf("%w: a header of %d bytes", ErrFormat, length)
	}
	if uint64(len(data)-8) < length {
		return nil, fmt.Errorf("%w: inside the header", ErrTruncated)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data[8:8+length], &raw); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	f := &File{}
	if m, ok := raw[metadataKey]; ok {
		if err := json.Unmarshal(m, &f.Metadata); err != nil {
			return nil, fmt.Errorf("%w: metadata: %w", ErrFormat, err)
		}
		delete(raw, metadataKey)
	}
	return f, f.place(raw, data[8+length:])
}

// place cuts the tensors out of the data; they must lie side by side.
func (f *File) place(raw map[string]json.RawMessage, data []byte) error {
	entries := make(map[string]entry, len(raw))
	names := make([]string, 0, len(raw))
	for name, text := range raw {
		var e entry
		decoder := json.NewDecoder(bytes.NewReader(text))
		if err := decoder.Decode(&e); err != nil {
			return fmt.Errorf("%w: tensor %q: %w", ErrFormat, name, err)
		}
		entries[name] = e
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := entries[a].Offsets[0] - entries[b].Offsets[0]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	at := 0
	for _, name := range names {
		e := entries[name]
		if e.Offsets[0] != at || e.Offsets[1] < at || !e.fits() {
			return fmt.Errorf("%w: tensor %q does not lie where its shape says", ErrFormat, name)
		}
		if e.Offsets[1] > len(data) {
			return fmt.Errorf("%w: inside tensor %q", ErrTruncated, name)
		}
		f.Tensors = append(f.Tensors, Tensor{Name: name, Type: e.Type, Shape: e.Shape, Data: data[at:e.Offsets[1]]})
		at = e.Offsets[1]
	}
	if at != len(data) {
		return fmt.Errorf("%w: %d bytes behind the last tensor", ErrFormat, len(data)-at)
	}
	return nil
}

// fits tells whether type and shape make up exactly the bytes claimed.
func (e entry) fits() bool {
	size := map[string]int{
		"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
		"F8_E5M2": 1, "F8_E4M3": 1,
	}[e.Type]
	if size == 0 {
		return false
	}
	for _, d := range e.Shape {
		if d < 0 || (d > 0 && size > (1<<50)/d) {
			return false
		}
		size *= d
	}
	return size == e.Offsets[1]-e.Offsets[0]
}

// Find returns the tensor called name.
func (f *File) Find(name string) (Tensor, bool) {
	for _, t := range f.Tensors {
		if t.Name == name {
			return t, true
		}
	}
	return Tensor{}, false
}
