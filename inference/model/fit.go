package model

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"athanor/inference/onnx"
)

// Errors of files that are models but cannot run here.
var (
	ErrMemory   = errors.New("the model does not fit the free memory")
	ErrOperator = errors.New("the model uses operators that ONNX Runtime does not have")
)

// Memory is about how many bytes opening the model takes at most: the runtime
// reads the file and keeps its weights once more; external data is mapped and
// read once.
func (i *Info) Memory() int64 { return 2*(i.Size-i.external) + i.external + 32<<20 }

// room says whether so many bytes are free; where the system does not tell, all
// fits.
func room(wanted int64) error {
	if free := freeMemory(); free > 0 && wanted > free {
		return fmt.Errorf("%w: it takes about %d MB, %d MB are free", ErrMemory, wanted>>20, free>>20)
	}
	return nil
}

// freeMemory is what programs may still take, 0 where that is not known (man 5
// proc, /proc/meminfo).
func freeMemory() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64) // else 0, not known
			return kb << 10
		}
	}
	return 0
}

// unknownOperators names the operators of other makers where a model that has
// some could not be opened.
func unknownOperators(m *onnx.Model, err error) error {
	if list := m.ForeignOperators(); err != nil && len(list) > 0 {
		return fmt.Errorf("%w: %s: %w", ErrOperator, strings.Join(list, ", "), err)
	}
	return err
}
