// Package model is a studio model: an ONNX file with its labels and
// preprocessing inside. It opens any ONNX model, tells what the file says about
// itself, and predicts pictures, texts and table rows where the file holds what
// that needs. It does not know how a model was trained.
package model

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/text"
)

// Errors of predictions; each comes with what to do.
var (
	ErrClosed  = errors.New("the model is closed")
	ErrForeign = errors.New("the model does not say what it needs")
	ErrTask    = errors.New("the model does another task")
	ErrInput   = errors.New("input does not fit the model")
)

// Options say how a model computes.
type Options struct {
	Threads int    // per operator, 0: one for each processor
	Device  string // auto, cpu, webgpu[:n], cuda[:n]
	// Told hears a sentence when the device cannot run the model, or fails later,
	// and the processor takes its place; nil tells nobody. It is called from the
	// goroutine that asked.
	Told func(note string)
}

// Model is an open model. All methods may be called from many goroutines;
// Close waits for the runs that have begun.
type Model struct {
	info      Info
	tokenizer text.Tokenizer // of text models

	running sync.RWMutex // held for reading while a run uses the engine
	session engine
	spare   *spare // of a model on a device; nil on the processor
	remote  Runner // instead of session
	// roomy is set once the file's own output shapes proved wrong, so that the
	// runtime must allocate.
	roomy atomic.Bool
}

// Open opens a model file, with external data from the same folder. A model that
// does not fit the free memory is refused before it is read, with ErrMemory.
func Open(path string, o Options) (*Model, error) {
	m, err := openFile(path, o)
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", filepath.Base(path), err)
	}
	return m, nil
}

func openFile(path string, o Options) (*Model, error) {
	skimmed, info, err := skim(path)
	if err != nil {
		return nil, err
	}
	if err := room(info.Memory()); err != nil {
		return nil, err
	}
	if !takable(skimmed) { // its outputs have to be changed
		file, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return open(file, filepath.Dir(path), o)
	}
	if err := skimmed.CheckExternal(filepath.Dir(path)); err != nil {
		return nil, err
	}
	m := &Model{info: info}
	if err := m.readTokenizer(); err != nil {
		return nil, err
	}
	return m, unknownOperators(skimmed, m.start(fromFile(path), o))
}

// New opens a model from the bytes of its file, which may be dropped
// afterwards.
func New(file []byte, o Options) (*Model, error) {
	m, err := open(file, "", o)
	if err != nil {
		return nil, fmt.Errorf("open model: %w", err)
	}
	return m, nil
}

// Runner computes a model's outputs somewhere else; see Run for the contract.
type Runner interface {
	Run(ctx context.Context, in []*runtime.Tensor) ([]*runtime.Tensor, error)
	Close()
}

// Attach makes a model that another machine runs, so that it is used like one
// of this machine. Close closes r.
func Attach(info Info, r Runner) (*Model, error) {
	m := &Model{info: info, remote: r}
	return m, m.readTokenizer()
}

func (m *Model) readTokenizer() (err error) {
	if m.info.tokenizer == "" {
		return nil
	}
	if m.tokenizer, err = text.Parse([]byte(m.info.tokenizer)); err != nil {
		return fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	return nil
}

func open(file []byte, dir string, o Options) (*Model, error) {
	decoded, err := onnx.Decode(file)
	if err != nil {
		return nil, err
	}
	info, err := describe(decoded, int64(len(file)))
	if err != nil {
		return nil, err
	}
	if file, err = runnable(decoded, file, dir); err != nil {
		return nil, err
	}
	m := &Model{info: info}
	if err := m.readTokenizer(); err != nil {
		return nil, err
	}
	err = m.start(fromBytes(file), o)
	return m, unknownOperators(decoded, err)
}

// takable tells whether all outputs are tensors.
func takable(m *onnx.Model) bool {
	return !slices.ContainsFunc(m.Graph.Outputs, func(v *onnx.ValueInfo) bool { return v.Type == nil || v.Type.Tensor == nil })
}

// runnable returns the bytes for the runtime: external data inside, and outputs
// that are no tensors left out, as no caller here can take them.
func runnable(m *onnx.Model, file []byte, dir string) ([]byte, error) {
	external := m.HasExternal()
	if external && dir == "" {
		return nil, fmt.Errorf("%w: its weights lie in other files; open it by its path", onnx.ErrExternal)
	}
	if external {
		if err := m.LoadExternal(dir); err != nil {
			return nil, err
		}
	}
	var kept []*onnx.ValueInfo
	for _, v := range m.Graph.Outputs {
		if v.Type != nil && v.Type.Tensor != nil {
			kept = append(kept, v)
		}
	}
	if len(kept) == len(m.Graph.Outputs) && !external {
		return file, nil
	}
	m.Graph.Outputs = kept
	return m.Encode()
}

// Info returns what the file says about itself. The caller must not change it.
func (m *Model) Info() Info { return m.info }

// Inputs are the tensors Run takes, in order.
func (m *Model) Inputs() []Port { return m.info.Inputs }

// Outputs are the tensors Run gives, in order: those of Info without the
// sequences and maps.
func (m *Model) Outputs() []Port {
	var out []Port
	for _, p := range m.info.Outputs {
		if p.Tensor {
			out = append(out, p)
		}
	}
	return out
}

// Close waits for running predictions and frees the model.
func (m *Model) Close() {
	m.running.Lock()
	defer m.running.Unlock()
	if m.remote != nil {
		m.remote.Close()
	}
	if m.session != nil {
		m.session.Close()
	}
	m.session, m.remote, m.spare = nil, nil, nil
}

// Run computes all outputs from all inputs, in the order of Outputs and Inputs.
// The inputs stay the caller's; the outputs become the caller's to close.
// Errors wrap ErrInput, ErrClosed or ctx's error; others come from the runtime.
// Where a device fails, the processor answers from then on.
func (m *Model) Run(ctx context.Context, in []*runtime.Tensor) ([]*runtime.Tensor, error) {
	out, failed, err := m.attempt(ctx, in)
	if err != nil && ctx.Err() == nil && m.leave(failed, err) {
		out, _, err = m.attempt(ctx, in)
	}
	return out, err
}

// attempt runs the model where it is and tells in which session.
func (m *Model) attempt(ctx context.Context, in []*runtime.Tensor) ([]*runtime.Tensor, engine, error) {
	m.running.RLock()
	defer m.running.RUnlock()
	out, err := m.inSession(ctx, in)
	return out, m.session, err
}

func (m *Model) inSession(ctx context.Context, in []*runtime.Tensor) ([]*runtime.Tensor, error) {
	if m.session == nil && m.remote == nil {
		return nil, ErrClosed
	}
	if len(in) != len(m.info.Inputs) {
		return nil, fmt.Errorf("%w: it takes %d inputs, got %d", ErrInput, len(m.info.Inputs), len(in))
	}
	shapes, err := m.bind(in)
	if err != nil {
		return nil, err
	}
	if m.remote != nil {
		return m.remote.Run(ctx, in)
	}
	if m.roomy.Load() {
		return m.run(ctx, in, nil)
	}
	out, err := m.run(ctx, in, shapes)
	if err != nil && ctx.Err() == nil && len(shapes) > 0 && !deviceFailed(err) {
		if out, retry := m.run(ctx, in, nil); retry == nil { // the file's shapes were wrong
			m.roomy.Store(true)
			return out, nil
		}
	}
	return out, err
}

// run gives the runtime memory for the outputs whose shape is known.
func (m *Model) run(ctx context.Context, in []*runtime.Tensor, shapes [][]int64) ([]*runtime.Tensor, error) {
	ports := m.session.Outputs()
	out := make([]*runtime.Tensor, len(ports))
	for i, shape := range shapes {
		if shape == nil {
			continue
		}
		var err error
		if out[i], err = runtime.NewZeros(ports[i].Type, shape); err != nil {
			closeAll(out)
			return nil, err
		}
	}
	if err := m.session.Run(ctx, in, out); err != nil {
		closeAll(out)
		return nil, err
	}
	return out, nil
}

func closeAll(list []*runtime.Tensor) {
	for _, t := range list {
		t.Close()
	}
}

// bind checks the inputs against the file and computes the shapes of the
// outputs from named dimensions; nil where they cannot be known.
func (m *Model) bind(in []*runtime.Tensor) ([][]int64, error) {
	sizes := map[string]int64{}
	for i, p := range m.info.Inputs {
		if err := p.accepts(in[i], sizes); err != nil {
			return nil, err
		}
	}
	var shapes [][]int64
	for _, p := range m.info.Outputs {
		if p.Tensor {
			shapes = append(shapes, p.resolve(sizes))
		}
	}
	return shapes, nil
}

// Accepts says whether a tensor of that type and shape fits the port.
func (p Port) Accepts(kind onnx.DataType, shape []int64) error {
	if !p.Tensor {
		return fmt.Errorf("%w: input %q is %s, which cannot be given", ErrInput, p.Name, p.Text)
	}
	if kind != p.Type {
		return fmt.Errorf("%w: input %q takes %s, got %s", ErrInput, p.Name, p.Type, kind)
	}
	fits := !p.Ranked || len(shape) == len(p.Shape)
	for i := 0; fits && p.Ranked && i < len(shape); i++ {
		fits = !p.Shape[i].Known || p.Shape[i].Value < 0 || p.Shape[i].Value == shape[i]
	}
	if !fits {
		return fmt.Errorf("%w: input %q takes %s, got shape %v", ErrInput, p.Name, p.Text, shape)
	}
	return nil
}

func (p Port) accepts(t *runtime.Tensor, sizes map[string]int64) error {
	if t == nil {
		return fmt.Errorf("%w: input %q is missing", ErrInput, p.Name)
	}
	shape := t.Shape()
	if err := p.Accepts(t.Type(), shape); err != nil {
		return err
	}
	for i, d := range p.Shape {
		if d.Param == "" {
			continue
		}
		if n, ok := sizes[d.Param]; ok && n != shape[i] {
			return fmt.Errorf("%w: input %q: dimension %s is %d here and %d in another input",
				ErrInput, p.Name, d.Param, shape[i], n)
		}
		sizes[d.Param] = shape[i]
	}
	return nil
}

// resolve fills in named dimensions; nil when one stays unknown, or when the
// runtime must allocate anyway.
func (p Port) resolve(sizes map[string]int64) []int64 {
	if !p.Ranked || len(p.Shape) == 0 || p.Type == onnx.String {
		return nil
	}
	shape := make([]int64, len(p.Shape))
	for i, d := range p.Shape {
		n, bound := sizes[d.Param]
		switch {
		case d.Known:
			n = d.Value
		case !bound || d.Param == "":
			return nil
		}
		if n <= 0 {
			return nil
		}
		shape[i] = n
	}
	return shape
}
