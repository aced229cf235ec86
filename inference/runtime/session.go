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
	// Optimization, when Basic, keeps the runtime from replacing operators by
	// its own fused ones, so that two graphs stay comparable.
	Optimization Optimization
}

// Optimization is how far the runtime may rewrite a graph.
type Optimization int

// Optimization levels.
const (
	Full Optimization = iota
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
	inputs  []Port
	outputs []Port
}

// OpenSession opens a model file.
func OpenSession(path string, options Options) (*Session, error) {
	model, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	s, err := NewSession(model, options)
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, err)
	}
	return s, nil
}

// NewSession opens a model held in memory; model may be dropped afterwards.
func NewSession(model []byte, options Options) (*Session, error) {
	if err := Load(); err != nil {
		return nil, err
	}
	so, err := sessionOptions(options)
	if err != nil {
		return nil, err
	}
	defer func() { _ = so.Destroy() }()
	in, out, err := ort.GetInputOutputInfoWithONNXData(model)
	if err != nil {
		return nil, fmt.Errorf("the runtime does not accept this model: %w", err)
	}
	s := &Session{inputs: ports(in), outputs: ports(out)}
	s.inner, err = ort.NewDynamicAdvancedSessionWithONNXData(model, names(s.inputs), names(s.outputs), so)
	if err != nil {
		return nil, fmt.Errorf("the runtime does not accept this model: %w", err)
	}
	return s, nil
}

// Inputs are the model's inputs in file order.
func (s *Session) Inputs() []Port { return s.inputs }

// Outputs are the model's outputs in file order.
func (s *Session) Outputs() []Port { return s.outputs }

// Close frees the session.
func (s *Session) Close() {
	if s != nil && s.inner != nil {
		_ = s.inner.Destroy()
		s.inner = nil
	}
}

// Run computes the outputs from the inputs, both in the order of Inputs and
// Outputs. Entries of out that are nil are allocated and become the caller's.
// When ctx ends, the run is terminated and ctx's error returned.
func (s *Session) Run(ctx context.Context, in, out []*Tensor) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	inputs, err := values(in, "input")
	if err != nil {
		return err
	}
	outputs := make([]ort.Value, len(out))
	for i, t := range out {
		if t != nil {
			outputs[i] = t.value
		}
	}
	if err := s.run(ctx, inputs, outputs); err != nil {
		return err
	}
	goruntime.KeepAlive(in)
	goruntime.KeepAlive(out)
	return adopt(out, outputs)
}

func (s *Session) run(ctx context.Context, in, out []ort.Value) error {
	if ctx.Done() == nil {
		return s.inner.Run(in, out)
	}
	options, err := ort.NewRunOptions()
	if err != nil {
		return fmt.Errorf("make run options: %w", err)
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = options.Terminate()
	})
	err = s.inner.RunWithOptions(in, out, options)
	if !stop() {
		<-ended // Terminate must be over before its options are freed
	}
	err = errors.Join(err, options.Destroy())
	if cause := ctx.Err(); cause != nil && err != nil {
		return cause
	}
	return err
}

func values(tensors []*Tensor, what string) ([]ort.Value, error) {
	list := make([]ort.Value, len(tensors))
	for i, t := range tensors {
		if t == nil || t.value == nil {
			return nil, fmt.Errorf("%s %d is missing or closed", what, i)
		}
		list[i] = t.value
	}
	return list, nil
}

// adopt wraps the outputs that the runtime allocated.
func adopt(out []*Tensor, values []ort.Value) error {
	for i, t := range out {
		if t != nil {
			continue
		}
		var err error
		if out[i], err = fromValue(values[i]); err != nil {
			return err
		}
	}
	return nil
}

func ports(infos []ort.InputOutputInfo) []Port {
	list := make([]Port, len(infos))
	for i, info := range infos {
		list[i] = Port{Name: info.Name, Type: onnx.DataType(info.DataType), Shape: info.Dimensions}
	}
	return list
}

func names(ports []Port) []string {
	list := make([]string, len(ports))
	for i, p := range ports {
		list[i] = p.Name
	}
	return list
}

func sessionOptions(o Options) (*ort.SessionOptions, error) {
	so, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("make session options: %w", err)
	}
	if o.Threads <= 0 {
		o.Threads = goruntime.NumCPU()
	}
	spin := map[bool]string{true: "1", false: "0"}[o.Spin]
	level := map[Optimization]ort.GraphOptimizationLevel{
		Full: ort.GraphOptimizationLevelEnableAll, Basic: ort.GraphOptimizationLevelEnableBasic, None: ort.GraphOptimizationLevelDisableAll,
	}[o.Optimization]
	err = errors.Join(
		so.SetIntraOpNumThreads(o.Threads),
		so.SetInterOpNumThreads(1),
		so.SetGraphOptimizationLevel(level),
		so.AddSessionConfigEntry("session.intra_op.allow_spinning", spin),
		so.AddSessionConfigEntry("session.set_denormal_as_zero", "1"),
	)
	if err == nil {
		err = appendDevice(so, o.Device)
	}
	if err != nil {
		_ = so.Destroy()
		return nil, fmt.Errorf("set session options (threads %s): %w", strconv.Itoa(o.Threads), err)
	}
	return so, nil
}
