package model

import (
	"context"
	"errors"
	"fmt"

	"athanor/inference/runtime"
)

// engine runs the model: a runtime.Session.
type engine interface {
	Run(ctx context.Context, in, out []*runtime.Tensor) error
	Outputs() []runtime.Port
	Close()
}

// spare is what it takes to go on with the processor when a device fails.
type spare struct {
	open    opener
	options Options
}

// deviceFailed tells whether err is of a device, and another may do better.
func deviceFailed(err error) bool {
	return errors.Is(err, runtime.ErrDevice) || errors.Is(err, runtime.ErrDeviceMemory)
}

// opener opens the model's session.
type opener func(runtime.Options) (*runtime.Session, error)

// fromFile opens a file as it lies; its external data is mapped, not read.
func fromFile(path string) opener {
	return func(o runtime.Options) (*runtime.Session, error) { return runtime.OpenSession(path, o) }
}

func fromBytes(file []byte) opener {
	return func(o runtime.Options) (*runtime.Session, error) { return runtime.NewSession(file, o) }
}

// start opens the session where the options say, else on the processor.
func (m *Model) start(open opener, o Options) error {
	session, err := open(runtime.Options{Threads: o.Threads, Device: o.Device})
	if err == nil {
		m.session = session
	}
	if runtime.OnCPU(o.Device) {
		return err
	}
	m.spare = &spare{open: open, options: o}
	if deviceFailed(err) {
		return m.toProcessor(err)
	}
	return err
}

// leave moves the model to the processor after err of a session; true where it is
// there now and may be asked again.
func (m *Model) leave(failed engine, err error) bool {
	if failed == nil || !deviceFailed(err) {
		return false
	}
	m.running.Lock()
	defer m.running.Unlock()
	if m.session == nil || m.session != failed {
		return m.session != nil // closed, or another run has moved it
	}
	return m.spare != nil && m.toProcessor(err) == nil
}

// toProcessor puts a session on the processor in place of the device's, and says
// why.
func (m *Model) toProcessor(cause error) error {
	session, err := m.spare.open(runtime.Options{Threads: m.spare.options.Threads})
	if err != nil {
		return errors.Join(cause, err)
	}
	if m.session != nil {
		m.session.Close()
	}
	told := m.spare.options.Told
	m.session, m.spare = session, nil
	if told != nil {
		told(fmt.Sprintf("the processor runs the model, as the device cannot: %v", cause))
	}
	return nil
}
