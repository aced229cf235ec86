package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	goruntime "runtime"
	"strconv"

	ort "github.com/yalue/onnxruntime_go"

	"athanor/inference/onnx"
)

// Options say how a session computes.
type Options struct {
	// Threads is how many threads one operator may use; 0 is one for each
	// processor. Results repeat exactly for a fixed number.
	Threads int
	// Device is auto, cpu, webgpu[:n] or cuda[:n]; empty is cpu.
	Device string
	// Spin lets waiting threads burn their processor to start sooner: right for
	// a training loop, wrong beside a window.
	Spin bool
	// SpinInRun lets threads burn their processor between the operators of a run,
	// and stop with it: for small networks of many operators, where waking a thread
	// costs as much as its work.
	SpinInRun bool
	// Kernels makes the operators of onnx.KernelDomain known to a session on the
	// CPU. Sessions on other devices refuse it.
	Kernels bool
	// Optimization is how far the runtime may rewrite the graph.
	Optimization Optimization
	// onCPU names nodes that a device's provider must leave to the processor.
	onCPU []string
}

// Optimization is how far the runtime may rewrite a graph.
type Optimization int

// Optimization levels.
const (
	// Full also changes memory layouts, which pays when weights are constant.
	Full Optimization = iota
	// Extended fuses operators and leaves layouts alone: for training, where
	// weights come as inputs and changed layouts are changed back at every step.
	Extended
	// Basic keeps to operators of the standard.
	Basic
	None
)

// Port is an input or output of a session. Unknown dimensions are -1.
type Port struct {
	Name  string
	Type  onnx.DataType
	Shape []int64
}

// Session is a model ready to run. Run may be called from several goroutines;
// Close waits for nobody, so the owner ends its runs first.
type Session struct {
	inner   *ort.DynamicAdvancedSession
	handle  handle
	inputs  []Port
	outputs []Port
	names   [2]portNames // of inputs and outputs
	device  string
	// fallback is set for devices whose nodes can be moved to the processor.
	fallback *fallback
}

// OpenSession opens a model file, with its external data where it has some.
func OpenSession(path string, options Options) (*Session, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open model: %w", err)
	}
	s, err := newSession(options, func(so *ort.SessionOptions) (*ort.DynamicAdvancedSession, error) {
		return ort.NewDynamicAdvancedSession(path, nil, nil, so)
	}, func() (*onnx.Model, error) { return onnx.Load(path) })
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, err)
	}
	return s, nil
}

// NewSession opens a model held in memory, which must not be changed while the
// session is open.
func NewSession(model []byte, options Options) (*Session, error) {
	return newSession(options, func(so *ort.SessionOptions) (*ort.DynamicAdvancedSession, error) {
		return ort.NewDynamicAdvancedSessionWithONNXData(model, nil, nil, so)
	}, func() (*onnx.Model, error) { return onnx.Decode(model) })
}

func newSession(options Options, open opener, model func() (*onnx.Model, error)) (*Session, error) {
	if err := Load(); err != nil {
		return nil, err
	}
	s := &Session{device: options.Device}
	if err := s.connect(options, open); err != nil {
		return nil, err
	}
	if memoryName(s.device) == webgpuMemory {
		s.fallback = &fallback{options: options, open: open, model: model}
	}
	return s, nil
}

// describe reads what goes in and out.
func (s *Session) describe() error {
	var err error
	if s.handle, err = sessionHandle(s.inner); err != nil {
		return err
	}
	if s.inputs, err = readPorts(s.handle, 0); err != nil {
		return err
	}
	if s.outputs, err = readPorts(s.handle, 1); err != nil {
		return err
	}
	s.names = [2]portNames{newPortNames(s.inputs), newPortNames(s.outputs)}
	return nil
}

// Inputs are the model's inputs in file order.
func (s *Session) Inputs() []Port { return s.inputs }

// Outputs are the model's outputs in file order.
func (s *Session) Outputs() []Port { return s.outputs }

// Close frees the session.
func (s *Session) Close() {
	if s != nil {
		s.release()
	}
}

// ErrClosed says that a session or a tensor was used after its Close.
var ErrClosed = errors.New("already closed")

// Run computes the outputs from the inputs, both in the order of Inputs and
// Outputs. Entries of out that are nil are allocated and become the caller's;
// after an error none is. When ctx ends, the run is terminated and ctx's error
// returned; outputs given by the caller may then be half written.
func (s *Session) Run(ctx context.Context, in, out []*Tensor) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.inner == nil {
		return fmt.Errorf("run model: session %w", ErrClosed)
	}
	if len(in) != len(s.inputs) || len(out) != len(s.outputs) {
		return fmt.Errorf("the model takes %d inputs and gives %d outputs, got %d and %d", len(s.inputs), len(s.outputs), len(in), len(out))
	}
	inputs, outputs, err := handles(in, out)
	if err != nil {
		return err
	}
	err = s.run(ctx, inputs, outputs)
	for err != nil && ctx.Err() == nil && s.moveToCPU(err) {
		clearMade(out, outputs)
		err = s.run(ctx, inputs, outputs)
	}
	goruntime.KeepAlive(in)
	goruntime.KeepAlive(out)
	if err != nil && ctx.Err() == nil {
		return deviceError(s.device, err)
	}
	if err != nil {
		return err
	}
	return adopt(out, outputs)
}

func (s *Session) run(ctx context.Context, in, out []handle) error {
	if s.fallback != nil {
		s.fallback.lock.RLock()
		defer s.fallback.lock.RUnlock()
	}
	if ctx.Done() == nil {
		return runNative(s.handle, runOptions{}, s.names, in, out)
	}
	options, err := newRunOptions()
	if err != nil {
		return fmt.Errorf("make run options: %w", err)
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		options.terminate()
	})
	err = runNative(s.handle, options, s.names, in, out)
	if !stop() {
		<-ended // terminate must be over before its options are freed
	}
	options.free()
	if cause := ctx.Err(); cause != nil && err != nil {
		return cause
	}
	return err
}

func handles(in, out []*Tensor) (inputs, outputs []handle, err error) {
	inputs, outputs = make([]handle, len(in), len(in)+1), make([]handle, len(out), len(out)+1)
	for i, t := range in {
		if t == nil {
			return nil, nil, fmt.Errorf("input %d is missing", i)
		}
		if t.value == nil {
			return nil, nil, fmt.Errorf("input %d: tensor %w", i, ErrClosed)
		}
		inputs[i] = t.value
	}
	for i, t := range out {
		switch {
		case t == nil:
			continue
		case t.value == nil:
			return nil, nil, fmt.Errorf("output %d: tensor %w", i, ErrClosed)
		case t.kind == onnx.String:
			return nil, nil, fmt.Errorf("output %d: strings cannot be written into a given tensor: leave the output nil", i)
		}
		outputs[i] = t.value
	}
	return inputs, outputs, nil
}

// clearMade forgets outputs of a failed run that the runtime was to allocate.
func clearMade(out []*Tensor, values []handle) {
	for i, t := range out {
		if t == nil {
			values[i] = nil
		}
	}
}

// adopt wraps the outputs that the runtime allocated: all of them, or none.
func adopt(out []*Tensor, values []handle) error {
	var made []int
	var failed error
	for i, t := range out {
		if t != nil {
			continue
		}
		if failed != nil {
			releaseValue(values[i])
			continue
		}
		if out[i], failed = adoptValue(values[i]); failed == nil {
			made = append(made, i)
		}
	}
	if failed == nil {
		return nil
	}
	for _, i := range made {
		out[i].Close()
		out[i] = nil
	}
	return failed
}

// spinMicroseconds is how long a thread of a session with Spin waits for the next
// operator before it sleeps. The runtime's own, longer wait takes the processor
// from whoever needs it: the thread that prepares a batch, a window that draws,
// and the other half of a core that two threads share. Measured on such a core,
// small steps are half as fast again with 20 to 100 in place of the default, and
// convolutions as fast as before.
const spinMicroseconds = "50"

func sessionOptions(o Options) (*ort.SessionOptions, error) {
	so, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("make session options: %w", err)
	}
	if o.Threads <= 0 {
		o.Threads = goruntime.NumCPU()
	}
	flag := map[bool]string{true: "1", false: "0"}
	level := map[Optimization]ort.GraphOptimizationLevel{
		Full: ort.GraphOptimizationLevelEnableAll, Extended: ort.GraphOptimizationLevelEnableExtended, Basic: ort.GraphOptimizationLevelEnableBasic, None: ort.GraphOptimizationLevelDisableAll,
	}[o.Optimization]
	err = errors.Join(
		so.SetIntraOpNumThreads(o.Threads),
		so.SetInterOpNumThreads(1),
		so.SetGraphOptimizationLevel(level),
		so.AddSessionConfigEntry("session.intra_op.allow_spinning", flag[o.Spin || o.SpinInRun]),
		so.AddSessionConfigEntry("session.force_spinning_stop", flag[o.SpinInRun]),
		so.AddSessionConfigEntry("session.set_denormal_as_zero", "1"),
	)
	if o.Spin {
		err = errors.Join(err, so.AddSessionConfigEntry("session.intra_op.spin_duration_us", spinMicroseconds))
	}
	if err == nil {
		err = appendDevice(so, o)
	}
	if err == nil && o.Kernels {
		err = appendKernels(so, o.Device)
	}
	if err != nil {
		_ = so.Destroy()
		return nil, fmt.Errorf("set session options (threads %s): %w", strconv.Itoa(o.Threads), err)
	}
	return so, nil
}
