package curves

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"athanor/app/store"
)

// Board is how a person arranged the charts: what they added, took away and
// resized. Metrics that it does not mention are shown as Charts groups them.
type Board struct {
	// Added are charts that a person put together, Removed those they took away.
	Added   [][]string `toml:"added,omitempty"`
	Removed []string   `toml:"removed,omitempty"` // by ChartKey
	// Sizes are those of charts that are not of the usual size, by ChartKey.
	Sizes map[string]Size `toml:"sizes,omitempty"`
	// ByRun draws a chart for each run instead of one for each metric.
	ByRun bool `toml:"by_run,omitempty"`
}

// Size is how many places of the grid a chart takes.
type Size struct {
	Wide int `toml:"wide"`
	High int `toml:"high"`
}

// maxSize is the most places in either direction.
const maxSize = 3

// ChartKey names the chart of some metrics.
func ChartKey(names []string) string { return strings.Join(names, " + ") }

// Arrange returns the charts to show of some metrics: the usual ones without
// those that were removed, then those that were added and have a metric here.
func (b *Board) Arrange(names []string) [][]string {
	var out [][]string
	for _, g := range Charts(names) {
		if !slices.Contains(b.Removed, ChartKey(g)) {
			out = append(out, g)
		}
	}
	for _, g := range b.Added {
		have := slices.ContainsFunc(g, func(n string) bool { return slices.Contains(names, n) })
		twice := slices.ContainsFunc(out, func(o []string) bool { return slices.Equal(o, g) })
		if have && !twice {
			out = append(out, g)
		}
	}
	return out
}

// Add shows a chart of some metrics.
func (b *Board) Add(names []string) {
	key := ChartKey(names)
	if i := slices.Index(b.Removed, key); i >= 0 {
		b.Removed = slices.Delete(b.Removed, i, i+1)
		return
	}
	if !slices.ContainsFunc(b.Added, func(g []string) bool { return slices.Equal(g, names) }) {
		b.Added = append(b.Added, slices.Clone(names))
	}
}

// Remove takes a chart away.
func (b *Board) Remove(names []string) {
	before := len(b.Added)
	b.Added = slices.DeleteFunc(b.Added, func(g []string) bool { return slices.Equal(g, names) })
	if key := ChartKey(names); len(b.Added) == before && !slices.Contains(b.Removed, key) {
		b.Removed = append(b.Removed, key)
	}
}

// Size is how large a chart is drawn.
func (b *Board) Size(names []string) Size {
	s := b.Sizes[ChartKey(names)]
	return Size{min(max(s.Wide, 1), maxSize), min(max(s.High, 1), maxSize)}
}

// Resize changes a chart's size by places of the grid; it stays within bounds.
func (b *Board) Resize(names []string, wide, high int) {
	s := b.Size(names)
	s = Size{min(max(s.Wide+wide, 1), maxSize), min(max(s.High+high, 1), maxSize)}
	if b.Sizes == nil {
		b.Sizes = map[string]Size{}
	}
	b.Sizes[ChartKey(names)] = s
	if s == (Size{1, 1}) {
		delete(b.Sizes, ChartKey(names))
	}
}

// Clone is a copy that later changes do not reach.
func (b *Board) Clone() Board {
	out := Board{Removed: slices.Clone(b.Removed), ByRun: b.ByRun, Sizes: map[string]Size{}}
	for _, g := range b.Added {
		out.Added = append(out.Added, slices.Clone(g))
	}
	maps.Copy(out.Sizes, b.Sizes)
	return out
}

// LoadBoard reads a board; none is an empty one, as is one that cannot be read.
func LoadBoard(path string) (Board, error) {
	var b Board
	err := store.ReadTOML(path, &b)
	if errors.Is(err, fs.ErrNotExist) {
		return Board{}, nil
	}
	if err != nil {
		return Board{}, fmt.Errorf("read the charts' arrangement: %w", err)
	}
	return b, nil
}

// Save writes the board.
func (b *Board) Save(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep the charts' arrangement: %w", err)
	}
	return store.WriteTOML(path, b)
}
