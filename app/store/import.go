package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"athanor/app/metrics"
	"athanor/pipeline/curve"
	"athanor/pipeline/eventfile"
)

// Imported is a run that came from elsewhere.
type Imported struct {
	Dir    string
	Points int
	// Damaged lists what could not be read; what came before it was taken.
	Damaged []error
}

// ImportPath brings in event files of TensorBoard (a file, or a folder of which
// every folder with event files becomes a run) or a table of metrics (CSV, TSV,
// JSON Lines; see eventfile.ReadTable). The originals are only read.
func ImportPath(ctx context.Context, runs, path string, now time.Time) ([]Imported, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("import metrics: %w", err)
	}
	c := collector{runs: map[string]*collected{}, ctx: ctx}
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if info.IsDir() || strings.Contains(filepath.Base(path), "tfevents") {
		err = c.events(path)
		base = filepath.Base(path)
	} else {
		err = c.table(path)
	}
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", path, err)
	}
	var out []Imported
	for _, name := range slices.Sorted(maps.Keys(c.runs)) {
		full := strings.Trim(base+"-"+name, "-")
		one, err := c.runs[name].write(runs, full, path, now)
		if err != nil {
			return out, fmt.Errorf("import %s: %w", path, err)
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("import %s: %w", path, eventfile.ErrTable)
	}
	return out, nil
}

// collector gathers scalars by run and tag.
type collector struct {
	ctx  context.Context //nolint:containedctx // lives as long as one import
	runs map[string]*collected
	n    int
}

// collected is one run in memory: 24 bytes a point.
type collected struct {
	tags    map[string]*tagged
	order   []string
	damaged []error
}

type tagged struct {
	step        []int64
	time, value []float64
}

func (c *collector) add(run string, s eventfile.Scalar) error {
	r := c.runs[run]
	if r == nil {
		r = &collected{tags: map[string]*tagged{}}
		c.runs[run] = r
	}
	t := r.tags[s.Tag]
	if t == nil {
		t = &tagged{}
		r.tags[s.Tag] = t
		r.order = append(r.order, s.Tag)
	}
	t.step, t.time, t.value = append(t.step, s.Step), append(t.time, s.Time), append(t.value, s.Value)
	if c.n++; c.n%4096 == 0 {
		return c.ctx.Err()
	}
	return nil
}

func (c *collector) events(path string) error {
	files, err := eventfile.Files(path)
	if err != nil {
		return err
	}
	for _, file := range files {
		rel, err := filepath.Rel(path, filepath.Dir(file))
		if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
			rel = ""
		}
		err = eventfile.ReadFile(file, func(s eventfile.Scalar) error { return c.add(rel, s) })
		if errors.Is(err, eventfile.ErrDamaged) && c.runs[rel] != nil {
			c.runs[rel].damaged = append(c.runs[rel].damaged, err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) table(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open table: %w", err)
	}
	defer f.Close()
	return eventfile.ReadTable(f, c.add)
}

// write makes a run folder of what was gathered.
func (r *collected) write(runs, name, source string, now time.Time) (out Imported, err error) {
	dir, err := makeFolder(runs, name, now)
	if err != nil {
		return Imported{}, err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return Imported{}, err
	}
	run := &Run{dir: dir, lock: lock}
	defer func() { err = errors.Join(err, run.Close()) }()
	out = Imported{Dir: run.Dir(), Damaged: r.damaged}
	for i, tags := range r.groups() {
		n, err := r.writeTable(run.metricsDir(), "t"+strconv.Itoa(i), tags)
		if err != nil {
			return out, err
		}
		out.Points += n
	}
	return out, run.setStatus(func(s *Status) { r.describe(s, source, now) })
}

// groups are the tags that have the same steps and times, which can share a table.
func (r *collected) groups() [][]string {
	seed := maphash.MakeSeed()
	groups, order := map[uint64][]string{}, []uint64(nil)
	for _, tag := range r.order {
		h := r.tags[tag].hash(seed)
		if groups[h] == nil {
			order = append(order, h)
		}
		groups[h] = append(groups[h], tag)
	}
	out := make([][]string, len(order))
	for i, h := range order {
		out[i] = groups[h]
	}
	return out
}

func (t *tagged) hash(seed maphash.Seed) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, step := range t.step {
		maphash.WriteComparable(&h, step)
	}
	return h.Sum64()
}

// writeTable writes tags with equal steps as the columns of one table.
func (r *collected) writeTable(dir, table string, tags []string) (int, error) {
	w, err := metrics.Create(dir, table, tags)
	if err != nil {
		return 0, err
	}
	lead := r.tags[tags[0]]
	row := metrics.Row{Values: make([]float64, len(tags))}
	for i := range lead.step {
		row.Step, row.Time = lead.step[i], fromSeconds(lead.time[i])
		if i > 0 {
			row.Active += max(0, row.Time.Sub(fromSeconds(lead.time[i-1])))
		}
		for c, tag := range tags {
			row.Values[c] = r.tags[tag].value[i]
		}
		if err := w.Append(row); err != nil {
			return 0, errors.Join(err, w.Close())
		}
	}
	return len(lead.step) * len(tags), w.Close()
}

// fromSeconds is a time since 1970 that nanoseconds can hold; others are 1970.
func fromSeconds(s float64) time.Time {
	if !(math.Abs(s) < 9e9) {
		return time.Unix(0, 0)
	}
	return time.Unix(0, int64(s*1e9))
}

// maxImportedMetrics is how many metrics a list of runs knows the best value of.
const maxImportedMetrics = 200

// describe fills the status with first and last time and the best values.
func (r *collected) describe(s *Status, source string, now time.Time) {
	s.State, s.Source, s.Started, s.Ended = StateImported, source, now, now
	s.Last, s.Best = map[string]float64{}, map[string]float64{}
	for i, tag := range r.order {
		t := r.tags[tag]
		s.Step = max(s.Step, int(slices.Max(t.step)))
		if i < maxImportedMetrics {
			s.Last[tag], s.Best[tag] = t.value[len(t.value)-1], t.best(HigherIsBetter(tag))
		}
		if first := slices.Min(t.time); first > 0 && first < 9e9 {
			s.Started = earlier(s.Started, fromSeconds(first))
			s.Ended = fromSeconds(slices.Max(t.time))
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if cmp.Compare(a.UnixNano(), b.UnixNano()) <= 0 {
		return a
	}
	return b
}

func (t *tagged) best(higher bool) float64 {
	b := math.NaN()
	for _, v := range t.value {
		if !curve.IsAbsent(v) {
			b = best(b, v, higher)
		}
	}
	return b
}
