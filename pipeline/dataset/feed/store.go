package feed

import (
	"fmt"
	"os"
	"sync"
)

// MemoryLimit is how many bytes of samples a Store keeps in memory before it
// goes on on disk.
const MemoryLimit = 64 << 20

// blockBytes is about the size of one block of a Store's memory.
const blockBytes = 4 << 20

// Store keeps samples of equal size, in memory up to a limit and in a temporary
// file beyond it, which goes with the process. Appending belongs to one
// goroutine; after that, Read is safe for concurrent use.
type Store struct {
	stride int
	limit  int // samples in memory
	per    int // samples a block
	dir    string
	blocks [][]byte
	n      int
	file   *os.File
	buffer []byte
	wrote  int64
	mu     sync.Mutex
}

// NewStore makes an empty store of samples of stride bytes. It spills below dir,
// or the system's folder for temporary files, beyond limit bytes (0 is
// MemoryLimit).
func NewStore(stride int, dir string, limit int) *Store {
	if limit <= 0 {
		limit = MemoryLimit
	}
	per := max(1, blockBytes/max(1, stride))
	return &Store{stride: stride, limit: max(per, limit/max(1, stride)/per*per), per: per, dir: dir}
}

// NewFileStore makes an empty store that writes every sample to file, which it
// takes over: Close closes it.
func NewFileStore(stride int, file *os.File) *Store {
	return &Store{stride: stride, per: 1, file: file}
}

// OpenFileStore is a store of the n samples that NewFileStore wrote to file.
func OpenFileStore(stride, n int, file *os.File) *Store {
	return &Store{stride: stride, per: 1, file: file, n: n, wrote: int64(n) * int64(stride)}
}

// Len is the number of samples.
func (s *Store) Len() int { return s.n }

// Stride is the size of a sample in bytes.
func (s *Store) Stride() int { return s.stride }

// inMemory tells whether no sample is read from a file.
func (s *Store) inMemory() bool { return s.file == nil }

// Append adds a sample of Stride bytes, which it copies.
func (s *Store) Append(sample []byte) error {
	if len(sample) != s.stride {
		return fmt.Errorf("store a sample of %d bytes: samples have %d", len(sample), s.stride)
	}
	if s.n >= s.limit {
		return s.spill(sample)
	}
	if s.n%s.per == 0 {
		s.blocks = append(s.blocks, make([]byte, 0, s.per*s.stride))
	}
	last := &s.blocks[len(s.blocks)-1]
	*last = append(*last, sample...)
	s.n++
	return nil
}

func (s *Store) spill(sample []byte) error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "athanor-samples-*")
		if err != nil {
			return fmt.Errorf("keep samples on disk: %w; free some space or set another cache folder", err)
		}
		os.Remove(f.Name())
		s.file = f
	}
	if s.buffer == nil {
		s.buffer = make([]byte, 0, blockBytes+s.stride)
	}
	s.buffer = append(s.buffer, sample...)
	s.n++
	if len(s.buffer) < blockBytes {
		return nil
	}
	return s.write()
}

// Flush writes what is buffered; call it after the last Append.
func (s *Store) Flush() error {
	err := s.write()
	s.buffer = nil
	return err
}

func (s *Store) write() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.buffer) == 0 {
		return nil
	}
	if _, err := s.file.WriteAt(s.buffer, s.wrote); err != nil {
		return fmt.Errorf("keep samples on disk: %w; free some space or set another cache folder", err)
	}
	s.wrote += int64(len(s.buffer))
	s.buffer = s.buffer[:0]
	return nil
}

// Read copies sample row into dst, which has Stride bytes.
func (s *Store) Read(dst []byte, row int) error {
	if row < 0 || row >= s.n {
		return fmt.Errorf("%w: %d of %d", ErrRow, row, s.n)
	}
	if row < s.limit {
		at := row % s.per * s.stride
		copy(dst, s.blocks[row/s.per][at:at+s.stride])
		return nil
	}
	if _, err := s.file.ReadAt(dst[:s.stride], int64(row-s.limit)*int64(s.stride)); err != nil {
		return fmt.Errorf("read sample %d back from disk: %w", row, err)
	}
	return nil
}

// Close frees the memory and the file.
func (s *Store) Close() error {
	s.blocks, s.n = nil, 0
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
