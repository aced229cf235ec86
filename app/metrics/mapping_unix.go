//go:build unix

package metrics

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// extentSize is how much of a file one map covers; it may reach beyond the end of
// a growing file. Maps overlap, so that a part of a block that begins in one lies
// wholly in it.
const (
	extentSize = 64 << 20
	overlap    = 1 << 20
)

// mapping reads ranges of a growing file through memory maps. Ranges stay valid
// while the mapping is reachable; it is unmapped when nobody holds it any more.
type mapping struct {
	f    *os.File
	maps *extents
}

// extents are the maps of a file; the list is replaced, never changed.
type extents struct {
	mu   sync.Mutex
	list atomic.Pointer[[][]byte]
}

func newMapping(f *os.File) *mapping {
	m := &mapping{f: f, maps: &extents{}}
	runtime.AddCleanup(m, unmap, m.maps)
	return m
}

func unmap(e *extents) {
	if list := e.list.Load(); list != nil {
		for _, b := range *list {
			if b == nil {
				continue
			}
			_ = unix.Munmap(b) // nothing is left that could be told
		}
	}
}

// bytes returns n bytes at off, which must lie within the file. A range that
// crosses two maps is copied.
func (m *mapping) bytes(off int64, n int) ([]byte, error) {
	at := off % extentSize
	if at+int64(n) <= extentSize+overlap {
		b, err := m.extent(int(off / extentSize))
		if err != nil {
			return nil, err
		}
		return b[at : at+int64(n) : at+int64(n)], nil
	}
	b := make([]byte, n)
	if _, err := m.f.ReadAt(b, off); err != nil {
		return nil, fmt.Errorf("read %s: %w", m.f.Name(), err)
	}
	return b, nil
}

func (m *mapping) extent(i int) ([]byte, error) {
	if list := m.maps.list.Load(); list != nil && i < len(*list) && (*list)[i] != nil {
		return (*list)[i], nil
	}
	return m.add(i)
}

func (m *mapping) add(i int) ([]byte, error) {
	m.maps.mu.Lock()
	defer m.maps.mu.Unlock()
	var list [][]byte
	if old := m.maps.list.Load(); old != nil {
		list = slices.Clone(*old)
	}
	for len(list) <= i {
		list = append(list, nil)
	}
	if list[i] != nil {
		return list[i], nil
	}
	b, err := unix.Mmap(int(m.f.Fd()), int64(i)*extentSize, extentSize+overlap, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", m.f.Name(), err)
	}
	list[i] = b
	m.maps.list.Store(&list)
	return b, nil
}
