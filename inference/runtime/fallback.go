package runtime

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"athanor/inference/onnx"
)

// fallback lets a session go on when a device's provider accepted a node and
// then cannot run it: the session is opened anew with that node on the
// processor. WebGPU alone can be told so, by the node's name.
type fallback struct {
	lock    sync.RWMutex // held for reading by runs
	options Options
	open    opener
	model   func() (*onnx.Model, error)
	moved   []string // names of nodes the processor runs now
	notes   []string // what the provider said of each
}

// opener opens the model with the given options.
type opener func(*ort.SessionOptions) (*ort.DynamicAdvancedSession, error)

// maxMoved bounds how often a session is opened anew.
const maxMoved = 32

// failedNode finds the node in the runtime's message about a failed run.
var failedNode = regexp.MustCompile(`while running (\w+) node\. Name:'([^']+)'`)

// moveToCPU opens the session anew without the node that err is about; false
// where that is not possible or would not help.
func (s *Session) moveToCPU(err error) bool {
	f := s.fallback
	match := failedNode.FindStringSubmatch(err.Error())
	if f == nil || match == nil || errors.Is(deviceError(s.device, err), ErrDeviceMemory) {
		return false
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	more := f.culprits(match[1], match[2])
	if len(more) == 0 || len(f.notes) == maxMoved {
		return false
	}
	f.moved = append(f.moved, more...)
	options := f.options
	options.onCPU = f.moved
	fresh := &Session{device: s.device}
	if fresh.connect(options, f.open) != nil {
		return false
	}
	f.notes = append(f.notes, err.Error())
	s.release()
	s.inner, s.handle, s.inputs, s.outputs, s.names = fresh.inner, fresh.handle, fresh.inputs, fresh.outputs, fresh.names
	return true
}

// culprits are the names, not moved yet, that the model's file has for a node.
// The runtime renames nodes whose layout it changes: then all of the operator
// are meant.
func (f *fallback) culprits(op, name string) []string {
	m, err := f.model()
	if err != nil {
		return nil
	}
	var one, all []string
	for _, n := range m.Graph.Nodes {
		switch {
		case slices.Contains(f.moved, n.Name):
		case n.Name == name:
			one = []string{name}
		case n.OpType == op && n.Name != "":
			all = append(all, n.Name)
		}
	}
	if one != nil {
		return one
	}
	return all
}

// Moved tells which nodes were moved to the processor while the session ran,
// and what the device's provider said of each.
func (s *Session) Moved() (names, notes []string) {
	f := s.fallback
	if f == nil {
		return nil, nil
	}
	f.lock.RLock()
	defer f.lock.RUnlock()
	return slices.Clone(f.moved), slices.Clone(f.notes)
}

// connect opens the model and reads what goes in and out.
func (s *Session) connect(options Options, open opener) error {
	so, err := sessionOptions(options)
	if err != nil {
		return err
	}
	defer func() { _ = so.Destroy() }()
	if s.inner, err = open(so); err != nil {
		return deviceError(s.device, fmt.Errorf("the runtime does not accept this model: %w", err))
	}
	if err := s.describe(); err != nil {
		s.release()
		return fmt.Errorf("the runtime does not accept this model: %w", err)
	}
	return nil
}

// release frees what connect made.
func (s *Session) release() {
	if s.inner == nil {
		return
	}
	_ = s.inner.Destroy()
	s.inner, s.handle = nil, nil
	s.names[0].free()
	s.names[1].free()
	s.names = [2]portNames{}
}
