package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"athanor/app/metrics"
	"athanor/pipeline/train"
)

// Curves reads the metrics and events of a run, also while another process
// writes them. It is safe for several goroutines.
type Curves struct {
	dir string

	mu     sync.Mutex
	tables []*metrics.Table
	names  []string // of the tables
}

// OpenCurves opens the metrics of the run in dir. A run without any yet is
// empty; Refresh finds them later.
func OpenCurves(dir string) (*Curves, error) {
	c := &Curves{dir: dir}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	if err := c.findTables(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// findTables opens the tables that are not open yet.
func (c *Curves) findTables() error {
	dir := filepath.Join(c.dir, MetricsDir)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("open metrics: %w", err)
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".blocks")
		if !ok || strings.HasPrefix(name, ".") || slices.Contains(c.names, name) {
			continue
		}
		t, err := metrics.Open(dir, name)
		if err != nil {
			return err
		}
		c.tables, c.names = append(c.tables, t), append(c.names, name)
	}
	return nil
}

// Refresh looks for new points and reports whether there are any.
func (c *Curves) Refresh() (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := len(c.tables)
	if err := c.findTables(); err != nil {
		return false, err
	}
	changed := len(c.tables) != before
	for _, t := range c.tables {
		news, err := t.Refresh()
		if err != nil {
			return false, fmt.Errorf("refresh run: %w", err)
		}
		changed = changed || news
	}
	return changed, nil
}

// Metrics returns the names of all metrics, in the order of the tables.
func (c *Curves) Metrics() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, t := range c.steppedFirst() {
		out = append(out, t.Columns()...)
	}
	return out
}

// steppedFirst returns the tables with that of the steps in front.
func (c *Curves) steppedFirst() []*metrics.Table {
	i := slices.Index(c.names, StepsTable)
	if i <= 0 {
		return c.tables
	}
	out := []*metrics.Table{c.tables[i]}
	out = append(out, c.tables[:i]...)
	return append(out, c.tables[i+1:]...)
}

// Series returns a metric as the last Refresh saw it, to be drawn as a
// curve.Line.
func (c *Curves) Series(metric string, axis metrics.Axis) (*metrics.Series, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.tables {
		if slices.Contains(t.Columns(), metric) {
			return t.View().Series(metric, axis)
		}
	}
	return nil, fmt.Errorf("run %s has no metric %q", filepath.Base(c.dir), metric)
}

// Views returns what the last Refresh saw of every table, by the table's name.
func (c *Curves) Views() map[string]*metrics.View {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]*metrics.View{}
	for i, t := range c.tables {
		out[c.names[i]] = t.View()
	}
	return out
}

// Events returns the run's events so far.
func (c *Curves) Events() ([]train.Event, error) {
	return ReadEvents(filepath.Join(c.dir, EventsFile))
}

// Dir is the run's folder.
func (c *Curves) Dir() string { return c.dir }

// Close closes the files.
func (c *Curves) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, t := range c.tables {
		errs = append(errs, t.Close())
	}
	return errors.Join(errs...)
}
