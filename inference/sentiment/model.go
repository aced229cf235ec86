package sentiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/text"
)

// ErrModel says that a model file is no text classifier of the studio.
var ErrModel = errors.New("not a text model of the studio")

// Model is a learned text classifier: an ONNX file with its tokenizer and
// class names inside. It is safe for concurrent use; Close waits for nobody.
type Model struct {
	name     string
	sum      string // checksum of the file
	session  *runtime.Session
	tokens   text.Tokenizer
	labels   []string
	values   []float64 // what each class says on [-1, 1]; nil for classes without an order
	polar    bool      // the classes are the verdicts themselves
	length   int
	flexible bool // takes any length
	linear   *linear

	specials int // tokens that stand for no text

	// Of imported models; ports is empty in the studio's own.
	ports   []port
	outputs int
	rows    int   // of a batch the file fixes; 0: any
	pad     int64 // the padding's id
}

// NewModel opens a model from the bytes of its file, which may be dropped
// afterwards. name stands in its verdicts.
func NewModel(file []byte, name string) (*Model, error) {
	m, err := onnx.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("open text model %s: %w", name, err)
	}
	out := &Model{name: name, sum: checksum(file)}
	if err := out.describe(m); err != nil {
		return nil, fmt.Errorf("open text model %s: %w", name, err)
	}
	// One thread a run: many texts are run side by side instead.
	if out.session, err = runtime.NewSession(file, runtime.Options{Threads: 1}); err != nil {
		return nil, fmt.Errorf("open text model %s: %w", name, err)
	}
	return out, nil
}

// describe takes over what the file says about itself.
func (m *Model) describe(file *onnx.Model) error {
	if task, _ := file.Meta("athanor.task"); task != "text" {
		return fmt.Errorf("%w: its task is %q; choose a model trained on texts", ErrModel, task)
	}
	definition, _ := file.Meta(text.MetadataKey)
	var err error
	if m.tokens, err = text.Parse([]byte(definition)); err != nil {
		return err
	}
	m.specials = m.tokens.Definition().Specials()
	labels, _ := file.Meta("athanor.labels")
	if err := json.Unmarshal([]byte(labels), &m.labels); err != nil || len(m.labels) < 2 {
		return fmt.Errorf("%w: it has no two class names", ErrModel)
	}
	inputs := file.Graph.Feeds()
	if len(inputs) != 1 || inputs[0].Type == nil || inputs[0].Type.Tensor == nil || len(inputs[0].Type.Tensor.Shape) != 2 ||
		inputs[0].Type.Tensor.Elem != onnx.Int64 || len(file.Graph.Outputs) != 1 {
		return fmt.Errorf("%w: it must take int64[N, length] and give probabilities", ErrModel)
	}
	m.length = m.tokens.Length()
	if d := inputs[0].Type.Tensor.Shape[1]; d.Known {
		m.length = int(d.Value)
	} else {
		m.flexible = true
	}
	if m.length < 1 || m.length > 1<<16 {
		return fmt.Errorf("%w: texts of %d tokens", ErrModel, m.length)
	}
	m.values, m.polar = classValues(m.labels)
	m.linear, err = readLinear(file)
	return err
}

// Labels are the class names, in the model's order.
func (m *Model) Labels() []string { return slices.Clone(m.labels) }

func (m *Model) classScores() (names []string, scores []float64) {
	if m.polar {
		return nil, nil
	}
	return m.Labels(), m.values
}

// Name stands in the model's verdicts.
func (m *Model) Name() string { return m.name }

// Close frees the model.
func (m *Model) Close() { m.session.Close() }

// classValues places classes on [-1, 1]: verdicts by their names, numbers (stars)
// from the least to the greatest. polar: the classes are verdicts.
func classValues(labels []string) (values []float64, polar bool) {
	named := map[string]float64{
		"negative": -1, "neg": -1, "bad": -1, "负": -1, "负面": -1, "差评": -1, "消极": -1,
		"neutral": 0, "中": 0, "中性": 0, "中评": 0,
		"positive": 1, "pos": 1, "good": 1, "正": 1, "正面": 1, "好评": 1, "积极": 1,
	}
	least, most := math.Inf(1), math.Inf(-1)
	names, numbers := 0, 0
	for _, l := range labels {
		key := strings.ToLower(strings.TrimSpace(l))
		v, ok := named[key]
		if ok {
			names++
		} else if f, err := strconv.ParseFloat(withoutStars(key), 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			v, numbers = f, numbers+1
			least, most = min(least, f), max(most, f)
		}
		values = append(values, v)
	}
	switch {
	case names == len(labels):
		return values, true
	case numbers == len(labels) && most > least:
		for i := range values {
			values[i] = 2*(values[i]-least)/(most-least) - 1
		}
		return values, len(labels) == 2
	}
	return nil, false
}

// withoutStars cuts the word after a number of stars.
func withoutStars(label string) string {
	for _, word := range []string{"stars", "star", "颗星", "星"} {
		label = strings.TrimSuffix(label, word)
	}
	return strings.TrimSpace(label)
}

// batchTexts is how many texts a bag of n-grams is run on at once; fewerTexts a network
// that reads in order, whose time is in each text, so that all processors have some.
const (
	batchTexts = 128
	fewerTexts = 16
)

// Score gives the model's opinions, computed on all processors.
func (m *Model) Score(ctx context.Context, texts []string) ([]Opinion, error) {
	out, batch := make([]Opinion, len(texts)), m.batch()
	if len(texts) <= batch {
		return out, m.scoreInto(ctx, texts, out)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	for range processors() {
		wg.Go(func() {
			for at := range next {
				end := min(at+batch, len(texts))
				if err := m.scoreInto(ctx, texts[at:end], out[at:end]); err != nil {
					cancel(err)
				}
			}
		})
	}
	for at := 0; at < len(texts) && ctx.Err() == nil; at += batch {
		next <- at
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return out, nil
}

// batch is how many texts are run at once.
func (m *Model) batch() int {
	if m.tokens.Definition().Unique {
		return batchTexts
	}
	return fewerTexts
}

func (m *Model) scoreInto(ctx context.Context, texts []string, out []Opinion) error {
	return m.each(ctx, texts, func(i int, p []float32, r read) { out[i] = m.opinion(p, r) })
}

// read is what a model found in a text.
type read struct {
	known    bool    // it holds something that the model knows
	evidence float64 // as in Opinion
}

// each calls visit with the probabilities of every text's classes.
func (m *Model) each(ctx context.Context, texts []string, visit func(i int, p []float32, r read)) error {
	if len(texts) == 0 {
		return nil
	}
	ids := make([]int64, len(texts)*m.length)
	found, widest := make([]read, len(texts)), 1
	for i, t := range texts {
		row := ids[i*m.length : (i+1)*m.length]
		n := m.tokens.IDs(row, t)
		widest = max(widest, n)
		found[i] = m.weigh(row[:min(n, len(row))], n)
	}
	width := m.length
	if m.flexible && widest < width {
		for i := range texts {
			copy(ids[i*widest:(i+1)*widest], ids[i*width:])
		}
		width = widest
	}
	probabilities, err := m.run(ctx, ids[:len(texts)*width], width)
	if err != nil {
		return err
	}
	k := len(m.labels)
	for i := range texts {
		visit(i, probabilities[i*k:(i+1)*k], found[i])
	}
	return nil
}

// weigh says what ids, n with the special ones, hold for the model.
func (m *Model) weigh(ids []int64, n int) read {
	if m.linear == nil {
		return read{known: n > m.specials}
	}
	norm := m.linear.norm(ids)
	return read{known: norm >= leastEvidence, evidence: norm}
}

// run gives the probabilities of rows of width ids.
func (m *Model) run(ctx context.Context, ids []int64, width int) ([]float32, error) {
	if len(m.ports) > 0 {
		return m.runImported(ctx, ids, width)
	}
	rows := len(ids) / width
	in, err := runtime.NewTensor([]int64{int64(rows), int64(width)}, ids)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", m.name, err)
	}
	defer in.Close()
	out, err := runtime.NewZeros(onnx.Float, []int64{int64(rows), int64(len(m.labels))})
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", m.name, err)
	}
	defer out.Close()
	if err := m.session.Run(ctx, []*runtime.Tensor{in}, []*runtime.Tensor{out}); err != nil {
		return nil, fmt.Errorf("run %s: %w", m.name, err)
	}
	return slices.Clone(runtime.Data[float32](out)), nil
}

func (m *Model) opinion(p []float32, r read) Opinion {
	if !r.known {
		return Opinion{}
	}
	o := Opinion{Known: true, Evidence: r.evidence}
	best := 0
	for i, v := range p {
		if v > p[best] {
			best = i
		}
		if m.values != nil {
			o.Score += m.values[i] * float64(v)
		}
	}
	o.Score = max(-1, min(1, o.Score))
	o.Confidence = max(0, min(1, float64(p[best])))
	if !m.polar {
		o.Label = Label(m.labels[best])
	}
	return o
}
