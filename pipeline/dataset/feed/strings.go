package feed

import (
	"errors"
	"fmt"
	"os"
)

// Strings keeps texts of any length, in memory up to a limit and in a temporary
// file beyond it, which goes with the process. Appending belongs to one goroutine;
// after that, Read is safe for concurrent use.
type Strings struct {
	dir    string
	limit  int64
	ends   []int64 // of each text among all bytes
	memory []byte  // of the first texts
	file   *os.File
	wrote  int64 // bytes in the file
}

// NewStrings makes an empty store that goes on below dir beyond limit bytes (0 is
// MemoryLimit).
func NewStrings(dir string, limit int64) *Strings {
	if limit <= 0 {
		limit = MemoryLimit
	}
	return &Strings{dir: dir, limit: limit}
}

// Append adds a text.
func (s *Strings) Append(text string) error {
	if s.file == nil && int64(len(s.memory)+len(text)) <= s.limit {
		s.memory = append(s.memory, text...)
		s.ends = append(s.ends, int64(len(s.memory)))
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "athanor-texts-*")
		if err != nil {
			return fmt.Errorf("keep texts on disk: %w; free some space or set another cache folder", err)
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil {
			return fmt.Errorf("keep texts on disk: %w", err)
		}
	}
	if _, err := s.file.WriteAt([]byte(text), s.wrote); err != nil {
		return fmt.Errorf("keep texts on disk: %w; free some space or set another cache folder", err)
	}
	s.wrote += int64(len(text))
	s.ends = append(s.ends, int64(len(s.memory))+s.wrote)
	return nil
}

// Read returns text number row.
func (s *Strings) Read(row int) (string, error) {
	if row < 0 || row >= len(s.ends) {
		return "", fmt.Errorf("%w: %d of %d", ErrRow, row, len(s.ends))
	}
	from := int64(0)
	if row > 0 {
		from = s.ends[row-1]
	}
	to := s.ends[row]
	if kept := int64(len(s.memory)); to > kept {
		b := make([]byte, to-from)
		if _, err := s.file.ReadAt(b, from-kept); err != nil {
			return "", fmt.Errorf("read text %d back from disk: %w", row, err)
		}
		return string(b), nil
	}
	return string(s.memory[from:to]), nil
}

// Close frees the memory and the file.
func (s *Strings) Close() error {
	s.memory, s.ends = nil, nil
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close())
}
