//go:build unix

package metrics

import (
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// extentSize is how much of a file one map covers; it may reach beyond the end
// of a growing file.
const extentSize = 64 << 20

// mapping reads ranges of a growing file through memory maps. Ranges stay valid
// while the mapping is reachable; it is unmapped when nobody holds it any more.
type mapping struct {
	f       *os.File
	mu      sync.RWMutex
	extents map[int64][]byte
}

func newMapping(f *os.File) *mapping {
	m := &mapping{f: f, extents: map[int64][]byte{}}
	runtime.AddCleanup(m, unmap, m.extents)
	return m
}

func unmap(extents map[int64][]byte) {
	for _, b := range extents {
		_ = unix.Munmap(b) // nothing is left that could be told
	}
}

// bytes returns n bytes at off, which must lie within the file. A range that
// crosses two maps is copied.
func (m *mapping) bytes(off int64, n int) ([]byte, error) {
	at := off % extentSize
	if at+int64(n) <= extentSize {
		b, err := m.extent(off / extentSize)
		if err != nil {
			return nil, err
		}
		return b[at : at+int64(n)], nil
	}
	b := make([]byte, n)
	if _, err := m.f.ReadAt(b, off); err != nil {
		return nil, fmt.Errorf("read %s: %w", m.f.Name(), err)
	}
	return b, nil
}

func (m *mapping) extent(i int64) ([]byte, error) {
	m.mu.RLock()
	b := m.extents[i]
	m.mu.RUnlock()
	if b != nil {
		return b, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.extents[i]; b != nil {
		return b, nil
	}
	b, err := unix.Mmap(int(m.f.Fd()), i*extentSize, extentSize, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", m.f.Name(), err)
	}
	m.extents[i] = b
	return b, nil
}
