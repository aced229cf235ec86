package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"athanor/inference/onnx"
)

// Metadata keys that the studio's exporter writes into a model.
const (
	KeyTask        = "athanor.task"        // image, text, table
	KeyLabels      = "athanor.labels"      // JSON array of class names
	KeyRecipe      = "athanor.recipe"      // TOML text of the run's recipe
	KeyFingerprint = "athanor.fingerprint" // of the data, hexadecimal
	KeyVersion     = "athanor.version"     // of the studio
	KeyTokenizer   = "athanor.tokenizer"   // JSON, text models; see inference/text
	KeyFit         = "athanor.fit"         // stretch (default), cover, letterbox
)

// Names of the values the studio's exporter writes.
const (
	OutputProbabilities = "probabilities" // float32 [N,classes]
	OutputValue         = "value"         // float32 [N,1] of a regression
)

// Task is what a model does.
type Task string

// Tasks; a foreign model has none.
const (
	Image   Task = "image"
	Text    Task = "text"
	Table   Task = "table"
	Foreign Task = ""
)

// ErrMetadata says that what a model tells about itself cannot be used.
var ErrMetadata = errors.New("the model's description is damaged")

// Port is an input or output as the file describes it.
type Port struct {
	Name   string
	Tensor bool          // false: a sequence, map or optional, which Run refuses
	Type   onnx.DataType // element type of a tensor
	Ranked bool          // Shape is known
	Shape  []onnx.Dim
	Text   string // the type as a person writes it: float32[N,10]
}

// Info is what a model file says about itself. It is a copy the caller may keep.
type Info struct {
	Task        Task
	Labels      []string
	Inputs      []Port
	Outputs     []Port
	Metadata    []onnx.Pair // all keys, in file order
	Producer    string
	Doc         string
	IRVersion   int64
	Opset       int64 // of ai.onnx
	Nodes       int
	Foreign     []string // operators of other makers, as domain:name, which need not run here
	Parameters  int64    // elements of all constants
	Size        int64    // bytes of the file and of its external data
	external    int64    // of Size, what lies in other files
	Version     string
	Recipe      string
	Fingerprint string
	Fit         string
	tokenizer   string
}

// DescribeFile reads what a model file says about itself, without the runtime and
// without its weights: a file of two gigabytes takes no more than a small one.
func DescribeFile(path string) (Info, error) {
	_, info, err := skim(path)
	if err != nil {
		return info, fmt.Errorf("describe model: %w", err)
	}
	return info, nil
}

// skim reads the structure of a model file.
func skim(path string) (*onnx.Model, Info, error) {
	m, err := onnx.Skim(path)
	if err != nil {
		return nil, Info{}, err
	}
	stat, err := os.Stat(path)
	if err != nil {
		return nil, Info{}, err
	}
	info, err := describe(m, stat.Size())
	return m, info, err
}

// Describe is DescribeFile for the bytes of a file.
func Describe(file []byte) (Info, error) {
	m, err := onnx.Decode(file)
	if err != nil {
		return Info{}, err
	}
	return describe(m, int64(len(file)))
}

func describe(m *onnx.Model, size int64) (Info, error) {
	info := Info{
		Metadata: slices.Clone(m.Metadata), Producer: m.ProducerName, Doc: m.Doc,
		IRVersion: m.IRVersion, Opset: m.Opset(""), Foreign: m.ForeignOperators(),
		Inputs: ports(m.Graph.Feeds()), Outputs: ports(m.Graph.Outputs),
	}
	info.external = m.ExternalSize()
	info.Size = size + info.external
	err := m.Graph.Walk(func(*onnx.Graph, *onnx.Node) error { info.Nodes++; return nil })
	if err == nil {
		err = m.Graph.WalkTensors(func(t *onnx.Tensor) error {
			n, err := t.Len()
			info.Parameters += n
			return err
		})
	}
	if err != nil {
		return Info{}, fmt.Errorf("describe model: %w", err)
	}
	return info, info.read()
}

// NewInfo describes a model that is not a file here: from its ports and its
// metadata.
func NewInfo(inputs, outputs []Port, metadata []onnx.Pair) (Info, error) {
	info := Info{Inputs: inputs, Outputs: outputs, Metadata: metadata}
	return info, info.read()
}

func (i *Info) read() error {
	for _, p := range i.Metadata {
		if err := i.set(p.Key, p.Value); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrMetadata, p.Key, err)
		}
	}
	return nil
}

// Shareable is the part of the metadata that tells a client how to ask: not the
// recipe, which may name files.
func (i *Info) Shareable() []onnx.Pair {
	var out []onnx.Pair
	for _, p := range i.Metadata {
		if slices.Contains([]string{KeyTask, KeyLabels, KeyTokenizer, KeyFit, KeyVersion}, p.Key) {
			out = append(out, p)
		}
	}
	return out
}

// NewPort describes a tensor port; a negative size is a free dimension, the
// first one named N, as rows are.
func NewPort(name string, kind onnx.DataType, shape []int64) Port {
	dims := onnx.Dims(shape...)
	if len(shape) > 0 && shape[0] < 0 {
		dims[0] = onnx.Named("N")
	}
	t := onnx.TensorType{Elem: kind, HasShape: true, Shape: dims}
	return Port{Name: name, Tensor: true, Type: kind, Ranked: true, Shape: dims, Text: t.String()}
}

func (i *Info) set(key, value string) error {
	switch key {
	case KeyTask:
		i.Task = Task(value)
		if !slices.Contains([]Task{Image, Text, Table}, i.Task) {
			return fmt.Errorf("task %q is unknown to this version", value)
		}
	case KeyLabels:
		return json.Unmarshal([]byte(value), &i.Labels)
	case KeyVersion:
		i.Version = value
	case KeyRecipe:
		i.Recipe = value
	case KeyFingerprint:
		i.Fingerprint = value
	case KeyTokenizer:
		i.tokenizer = value
	case KeyFit:
		i.Fit = value
	}
	return nil
}

func ports(values []*onnx.ValueInfo) []Port {
	out := make([]Port, len(values))
	for i, v := range values {
		out[i] = Port{Name: v.Name, Text: v.Type.String()}
		if v.Type == nil || v.Type.Tensor == nil {
			continue
		}
		t := v.Type.Tensor
		out[i].Tensor, out[i].Type = true, t.Elem
		out[i].Ranked, out[i].Shape = t.HasShape, slices.Clone(t.Shape)
	}
	return out
}
