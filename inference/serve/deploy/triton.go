// Package deploy writes what larger services need to serve the studio's models:
// a model repository of Triton, an InferenceService of KServe.
package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/serve"
	"athanor/inference/serve/oip"
)

// ErrExists says that what would be written is there already.
var ErrExists = errors.New("is there already")

// ErrModel says that a model cannot be served elsewhere.
var ErrModel = errors.New("the model cannot be deployed")

// Triton is how a model is laid out in a model repository.
type Triton struct {
	Out     string // the repository's folder
	MaxRows int    // of a batch
	DelayUS int    // microseconds to wait for a fuller batch
}

// Write adds a model to the repository: its file as it is, labels, and a
// configuration with batching, warm-up and what the studio needs to ask it. A
// version that is there already is never overwritten.
func (t Triton) Write(file serve.ModelFile) (config string, err error) {
	data, err := os.ReadFile(file.Path)
	if err != nil {
		return "", fmt.Errorf("deploy %s: %w", file.Name, err)
	}
	info, err := model.Describe(data)
	if err != nil {
		return "", fmt.Errorf("deploy %s: %w", file.Name, err)
	}
	if config, err = t.Config(file.Name, info); err != nil {
		return "", fmt.Errorf("deploy %s: %w", file.Name, err)
	}
	dir := filepath.Join(t.Out, file.Name)
	target := filepath.Join(dir, file.Version, "model.onnx")
	if _, err := os.Stat(target); err == nil {
		return "", fmt.Errorf("deploy %s: version %s %w in %s; choose another --version", file.Name, file.Version, ErrExists, t.Out)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return "", fmt.Errorf("deploy %s: %w", file.Name, err)
	}
	files := []struct {
		path string
		data []byte
	}{{target, data}, {filepath.Join(dir, "config.pbtxt"), []byte(config)}}
	if len(info.Labels) > 0 {
		files = append(files, struct {
			path string
			data []byte
		}{filepath.Join(dir, "labels.txt"), labelFile(info.Labels)})
	}
	for _, f := range files {
		if err := writeFile(f.path, f.data); err != nil {
			return "", fmt.Errorf("deploy %s: %w", file.Name, err)
		}
	}
	return config, nil
}

// labelFile has one label a line, as Triton reads it.
func labelFile(labels []string) []byte {
	var b bytes.Buffer
	for _, l := range labels {
		b.WriteString(strings.NewReplacer("\n", " ", "\r", " ").Replace(l))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// Config is the model's config.pbtxt.
func (t Triton) Config(name string, info model.Info) (string, error) {
	var outputs []model.Port
	for _, p := range info.Outputs {
		if p.Tensor {
			outputs = append(outputs, p)
		}
	}
	for _, p := range append(append([]model.Port{}, info.Inputs...), outputs...) {
		if !p.Tensor || oip.TypeName(p.Type) == "" || !p.Ranked {
			return "", fmt.Errorf("%w: %q is %s, for which the protocol has no type", ErrModel, p.Name, p.Text)
		}
	}
	rows := t.MaxRows
	if !batched(info.Inputs, outputs) {
		rows = 0
	}
	var b strings.Builder
	fmt.Fprintf(&b, "name: %s\nbackend: \"onnxruntime\"\nmax_batch_size: %d\n", quote(name), rows)
	for _, p := range info.Inputs {
		fmt.Fprintf(&b, "input [ { %s } ]\n", portText(p, rows > 0))
	}
	for _, p := range outputs {
		labels := ""
		if p.Name == model.OutputProbabilities && len(info.Labels) > 0 {
			labels = ` label_filename: "labels.txt"`
		}
		fmt.Fprintf(&b, "output [ { %s%s } ]\n", portText(p, rows > 0), labels)
	}
	b.WriteString("version_policy { latest { num_versions: 1 } }\n")
	if rows > 0 {
		fmt.Fprintf(&b, "dynamic_batching { max_queue_delay_microseconds: %d }\n", t.DelayUS)
	}
	b.WriteString(warmUp(info.Inputs, rows))
	for _, p := range info.Shareable() {
		fmt.Fprintf(&b, "parameters { key: %s value { string_value: %s } }\n", quote(p.Key), quote(p.Value))
	}
	return b.String(), nil
}

// batched says whether the first dimension of everything is the free one.
func batched(inputs, outputs []model.Port) bool {
	for _, p := range append(append([]model.Port{}, inputs...), outputs...) {
		if len(p.Shape) == 0 || p.Shape[0].Known || p.Shape[0].Param == "" || p.Shape[0].Param != inputs[0].Shape[0].Param {
			return false
		}
	}
	return len(inputs) > 0
}

func portText(p model.Port, batched bool) string {
	return fmt.Sprintf("name: %s data_type: %s dims: [ %s ]", quote(p.Name), typeText(p.Type), strings.Join(sizes(p, batched, "-1"), ", "))
}

func typeText(t onnx.DataType) string {
	if t == onnx.String {
		return "TYPE_STRING"
	}
	return "TYPE_" + oip.TypeName(t)
}

// sizes are the dimensions, without the rows of a batch.
func sizes(p model.Port, batched bool, free string) []string {
	shape := p.Shape
	if batched {
		shape = shape[1:]
	}
	list := make([]string, len(shape))
	for i, d := range shape {
		list[i] = free
		if d.Known {
			list[i] = strconv.FormatInt(d.Value, 10)
		}
	}
	return list
}

// warmUp runs the model once before its first request, where zeros will do:
// texts of a table would not.
func warmUp(inputs []model.Port, rows int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "model_warmup [ { name: \"zeros\" batch_size: %d", min(rows, 1))
	for _, p := range inputs {
		if p.Type == onnx.String {
			return ""
		}
		fmt.Fprintf(&b, " inputs { key: %s value { data_type: %s dims: [ %s ] zero_data: true } }",
			quote(p.Name), typeText(p.Type), strings.Join(sizes(p, rows > 0, "1"), ", "))
	}
	b.WriteString(" } ]\n")
	return b.String()
}

// quote writes a string of protobuf's text format, byte by byte in ASCII.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// writeFile writes a file whole or not at all.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".deploy-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
