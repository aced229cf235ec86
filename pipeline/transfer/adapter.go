package transfer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"athanor/pipeline/safetensors"
	"athanor/pipeline/train"
)

// AdapterName is the adapter's file in a run's folder.
const AdapterName = "adapter.safetensors"

// ErrAdapter: the file holds no low-rank additions that fit.
var ErrAdapter = errors.New("adapter cannot be used")

// maxAdapter bounds an adapter's file, in bytes.
const maxAdapter = 1 << 30

// WriteAdapter writes the low-rank additions and the new head of a trained
// network in the safetensors format: all that is needed, with the original file,
// to have the taught model again.
func WriteAdapter(w io.Writer, values []train.Value) error {
	f := &safetensors.File{}
	for _, v := range values {
		f.Tensors = append(f.Tensors, safetensors.Tensor{Name: v.Name, Type: "F32", Shape: v.Shape, Data: v.Raw})
	}
	return f.Write(w)
}

// begin puts an adapter's tensors among first values.
func begin(start map[string][]float32, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("open adapter: %w", err)
	}
	if info.Size() > maxAdapter {
		return fmt.Errorf("%w: %s has %d bytes", ErrAdapter, path, info.Size())
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("open adapter: %w", err)
	}
	f, err := safetensors.Decode(raw)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrAdapter, path, err)
	}
	found := false
	for _, t := range f.Tensors {
		if t.Type != "F32" {
			return fmt.Errorf("%w: %s holds %s as %s, F32 is read", ErrAdapter, path, t.Name, t.Type)
		}
		found = found || strings.HasPrefix(t.Name, lowRank+"/")
		values := make([]float32, len(t.Data)/4)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
		}
		start[t.Name] = values
	}
	if !found {
		return fmt.Errorf("%w: %s holds no low-rank additions", ErrAdapter, path)
	}
	return nil
}
