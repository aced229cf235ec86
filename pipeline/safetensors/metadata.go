package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// Metadata reads the metadata at the head of a file and none of its tensors.
func Metadata(r io.Reader) (map[string]string, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	length := binary.LittleEndian.Uint64(head[:])
	if length > maxHeader {
		return nil, fmt.Errorf("%w: a header of %d bytes", ErrFormat, length)
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(length)))
	if err != nil {
		return nil, fmt.Errorf("read safetensors header: %w", err)
	}
	if uint64(len(text)) < length {
		return nil, fmt.Errorf("%w: inside the header", ErrTruncated)
	}
	var f struct {
		Metadata map[string]string `json:"__metadata__"`
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return f.Metadata, nil
}
