//go:build !unix

package metrics

import (
	"fmt"
	"os"
)

// mapping reads ranges of a file; here without memory maps.
type mapping struct{ f *os.File }

func newMapping(f *os.File) *mapping { return &mapping{f} }

// bytes returns n bytes at off.
func (m *mapping) bytes(off int64, n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := m.f.ReadAt(b, off); err != nil {
		return nil, fmt.Errorf("read %s: %w", m.f.Name(), err)
	}
	return b, nil
}
