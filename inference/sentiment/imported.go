package sentiment

import (
	"context"
	"fmt"
	"math"
	"slices"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/text"
)

// Import says of a foreign classifier what its file does not: BERT and its
// family, exported to ONNX with ids, attention mask and token types in, one
// number a class out.
type Import struct {
	Vocabulary []byte   // vocab.txt or tokenizer.json (WordPiece)
	Labels     []string // class names, in the order of the outputs
	Length     int      // tokens a text at most; 0: 128, or what the file fixes
}

// defaultTokens is the length of an imported model that takes any.
const defaultTokens = 128

// NewImported opens a foreign text classifier from the bytes of its ONNX file.
func NewImported(file []byte, name string, i Import) (*Model, error) {
	decoded, err := onnx.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("open text model %s: %w", name, err)
	}
	m := &Model{name: name, sum: checksum(file), labels: slices.Clone(i.Labels), length: i.Length}
	if len(m.labels) < 2 {
		return nil, fmt.Errorf("open text model %s: %w: name its classes, two or more", name, ErrModel)
	}
	if err := m.describeImport(decoded.Graph); err != nil {
		return nil, fmt.Errorf("open text model %s: %w", name, err)
	}
	definition, err := text.ReadVocabulary(i.Vocabulary, m.length)
	if err != nil {
		return nil, fmt.Errorf("open text model %s: %w", name, err)
	}
	if m.tokens, err = text.New(definition); err != nil {
		return nil, fmt.Errorf("open text model %s: %w", name, err)
	}
	m.pad, m.specials = definition.Pad(), definition.Specials()
	m.values, m.polar = classValues(m.labels)
	if m.session, err = runtime.NewSession(file, runtime.Options{Threads: 1}); err != nil {
		return nil, fmt.Errorf("open text model %s: %w", name, err)
	}
	return m, nil
}

// describeImport finds the roles of the graph's inputs and its answer.
func (m *Model) describeImport(g *onnx.Graph) error {
	for _, in := range g.Feeds() {
		if err := m.addPort(in); err != nil {
			return err
		}
	}
	if m.length == 0 {
		m.length = defaultTokens
	}
	if n := len(m.ports); n == 0 || n > 3 || m.length < 3 || m.length > 1<<16 || m.rows < 0 || m.rows > 1024 {
		return fmt.Errorf("%w: it takes %d inputs of %d tokens", ErrModel, n, m.length)
	}
	m.outputs = len(g.Outputs)
	return nil
}

// addPort takes over one input.
func (m *Model) addPort(in *onnx.ValueInfo) error {
	if in.Type == nil || in.Type.Tensor == nil || len(in.Type.Tensor.Shape) != 2 {
		return fmt.Errorf("%w: input %s is no list of tokens", ErrModel, in.Name)
	}
	t := in.Type.Tensor
	if t.Elem != onnx.Int64 && t.Elem != onnx.Int32 {
		return fmt.Errorf("%w: input %s takes %s, not whole numbers", ErrModel, in.Name, t.Elem)
	}
	m.ports = append(m.ports, port{role: text.RoleOf(in.Name), narrow: t.Elem == onnx.Int32})
	if t.Shape[0].Known {
		m.rows = int(t.Shape[0].Value)
	}
	m.flexible = !t.Shape[1].Known
	if t.Shape[1].Known {
		m.length = int(t.Shape[1].Value)
	}
	return nil
}

type port struct {
	role   text.Role
	narrow bool // int32
}

// tensor fills one input for rows of ids.
func (m *Model) tensor(p port, ids []int64, width int) (*runtime.Tensor, error) {
	values := make([]int64, len(ids))
	switch p.role {
	case text.RoleIDs:
		copy(values, ids)
	case text.RoleMask:
		for i, id := range ids {
			if id != m.pad {
				values[i] = 1
			}
		}
	case text.RoleTypes: // one sentence: all zero
	}
	shape := []int64{int64(len(ids) / width), int64(width)}
	if !p.narrow {
		return runtime.NewTensor(shape, values)
	}
	short := make([]int32, len(values))
	for i, v := range values {
		short[i] = int32(v)
	}
	return runtime.NewTensor(shape, short)
}

// runImported runs an imported model, as many rows at a time as it takes.
func (m *Model) runImported(ctx context.Context, ids []int64, width int) ([]float32, error) {
	step := len(ids)
	if m.rows > 0 {
		step = m.rows * width
	}
	var all []float32
	for at := 0; at < len(ids); at += step {
		part := ids[at:min(at+step, len(ids))]
		full := part
		if len(part) < step {
			full = append(slices.Clone(part), make([]int64, step-len(part))...)
		}
		p, err := m.runPart(ctx, full, width)
		if err != nil {
			return nil, fmt.Errorf("run %s: %w", m.name, err)
		}
		all = append(all, p[:len(part)/width*len(m.labels)]...)
	}
	return all, nil
}

func (m *Model) runPart(ctx context.Context, ids []int64, width int) ([]float32, error) {
	in := make([]*runtime.Tensor, 0, len(m.ports))
	out := make([]*runtime.Tensor, m.outputs)
	defer func() {
		for _, t := range slices.Concat(in, out) {
			if t != nil {
				t.Close()
			}
		}
	}()
	for _, p := range m.ports {
		t, err := m.tensor(p, ids, width)
		if err != nil {
			return nil, err
		}
		in = append(in, t)
	}
	if err := m.session.Run(ctx, in, out); err != nil {
		return nil, err
	}
	for _, t := range out {
		if t.Type() == onnx.Float && len(t.Bytes()) == 4*len(ids)/width*len(m.labels) {
			return softmaxRows(slices.Clone(runtime.Data[float32](t)), len(m.labels)), nil
		}
	}
	return nil, fmt.Errorf("%w: no output has a number for each of the %d classes", ErrModel, len(m.labels))
}

// softmaxRows turns logits into probabilities; rows that already are stay.
func softmaxRows(values []float32, k int) []float32 {
	for row := range slices.Chunk(values, k) {
		sum, most := 0.0, slices.Max(row)
		for _, v := range row {
			sum += float64(v)
		}
		if slices.Min(row) >= 0 && math.Abs(sum-1) < 1e-3 {
			continue
		}
		sum = 0
		for i, v := range row {
			row[i] = float32(math.Exp(float64(v - most)))
			sum += float64(row[i])
		}
		for i := range row {
			row[i] = float32(float64(row[i]) / sum)
		}
	}
	return values
}
