package evaluate

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Energy counts joules where the machine has a counter for its processors.
type Energy struct {
	files []string
	start []float64
}

// PowerCounters is where Linux keeps the counters of processor packages.
const PowerCounters = "/sys/class/powercap"

// StartEnergy reads the counters below dir; without any, Joules says so.
func StartEnergy(dir string) Energy {
	var e Energy
	found, err := filepath.Glob(filepath.Join(dir, "intel-rapl:*", "energy_uj"))
	if err != nil {
		return e
	}
	for _, f := range found {
		if strings.Count(filepath.Base(filepath.Dir(f)), ":") > 1 {
			continue // a part of a package that is counted already
		}
		if v, ok := microjoules(f); ok {
			e.files, e.start = append(e.files, f), append(e.start, v)
		}
	}
	return e
}

func microjoules(file string) (float64, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	return v, err == nil
}

// Joules is what was used since the start by the whole machine's processors;
// ok is false where there is no counter that may be read.
func (e Energy) Joules() (joules float64, ok bool) {
	for i, f := range e.files {
		v, read := microjoules(f)
		if !read {
			return 0, false
		}
		if v < e.start[i] { // the counter began again
			if top, found := microjoules(filepath.Join(filepath.Dir(f), "max_energy_range_uj")); found {
				v += top
			}
		}
		joules += (v - e.start[i]) / 1e6
	}
	return joules, len(e.files) > 0
}
