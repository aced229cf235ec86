package doctor

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Below these a person is warned: a day of runs with checkpoints, and a
// training with room for the rest of the machine.
const (
	enoughDisk   = 2 << 30
	enoughMemory = 1 << 30
)

// dataFolder tries to write, as a run would.
func dataFolder(h Host) Finding {
	f := Finding{ID: "data", State: OK, Code: "writable", Values: map[string]string{"Path": h.DataDir}}
	folder := existing(h.DataDir)
	file, err := os.CreateTemp(folder, ".athanor-doctor-*")
	if err != nil {
		f.State, f.Code = Missing, "closed"
		f.Values["Error"] = err.Error()
		f.Cure = fmt.Sprintf("mkdir -p %[1]q && sudo chown -R \"$USER\" %[1]q", h.DataDir)
		return f
	}
	err = errors.Join(file.Close(), os.Remove(file.Name()))
	if err != nil {
		f.State, f.Code = Warning, "odd"
		f.Values["Error"] = err.Error()
	}
	return f
}

// existing is the deepest folder of path that is there: where a first run
// would make the others.
func existing(path string) string {
	for path != filepath.Dir(path) {
		if _, err := os.Stat(path); err == nil || !errors.Is(err, os.ErrNotExist) {
			return path
		}
		path = filepath.Dir(path)
	}
	return path
}

func disk(h Host) Finding {
	f := Finding{ID: "disk", State: OK, Code: "free"}
	var fs unix.Statfs_t
	if err := unix.Statfs(existing(h.DataDir), &fs); err != nil {
		f.State, f.Code = Optional, "unknown"
		return f
	}
	free := fs.Bavail * uint64(fs.Bsize) //nolint:gosec // a block size is positive
	f.Values = map[string]string{"Free": size(free), "Path": h.DataDir}
	if free < enoughDisk {
		f.State, f.Code, f.Cure = Warning, "low", "athanor runs"
	}
	return f
}

func memory(h Host) Finding {
	f := Finding{ID: "memory", State: OK, Code: "free"}
	total, available, err := meminfo(h.path("/proc/meminfo"))
	if err != nil {
		f.State, f.Code = Optional, "unknown"
		return f
	}
	if limit, ok := number(h.path("/sys/fs/cgroup/memory.max")); ok {
		total, available = min(total, limit), min(available, limit)
	}
	f.Values = map[string]string{"Total": size(total), "Free": size(available)}
	if available < enoughMemory {
		f.State, f.Code = Warning, "low"
	}
	return f
}

// meminfo reads the kernel's figures, in bytes.
func meminfo(path string) (total, available uint64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, 0, fmt.Errorf("read memory figures: %w", err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		kib, _ := strconv.ParseUint(fields[1], 10, 54)
		switch fields[0] {
		case "MemTotal:":
			total = kib << 10
		case "MemAvailable:":
			available = kib << 10
		}
	}
	if total == 0 {
		return 0, 0, fmt.Errorf("read memory figures: no MemTotal in %s", path)
	}
	return total, available, nil
}

// number reads a file that holds one number; "max" is no number.
func number(path string) (uint64, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}

// threads tells the cores the machine has, and those this process may use
// (affinity and container limits).
func threads(Host) Finding {
	usable := goruntime.GOMAXPROCS(0)
	f := Finding{ID: "threads", State: OK, Code: "found", Values: map[string]string{
		"Cores": strconv.Itoa(goruntime.NumCPU()), "Usable": strconv.Itoa(usable),
	}}
	if usable < 2 {
		f.State, f.Code = Warning, "one"
	}
	return f
}

// size is a number of bytes as a person reads it.
func size(bytes uint64) string {
	const unit = 1 << 30
	if bytes >= 10*unit {
		return fmt.Sprintf("%d GB", bytes/unit)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/unit)
}
