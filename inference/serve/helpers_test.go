package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/serve"
	"athanor/inference/testenv"
)

func node(op string, in []string, out string, attrs ...*onnx.Attribute) *onnx.Node {
	return &onnx.Node{OpType: op, Inputs: in, Outputs: []string{out}, Attrs: attrs}
}

// echo gives back its input, of any type: x[N,2] → y[N,2].
func echo(kind onnx.DataType) *onnx.Model {
	value := func(name string) *onnx.ValueInfo {
		return onnx.TensorValue(name, kind, onnx.Named("N"), onnx.Fixed(2))
	}
	return &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}},
		Graph: &onnx.Graph{
			Name: "echo", Nodes: []*onnx.Node{node("Identity", []string{"x"}, "y")},
			Inputs:  []*onnx.ValueInfo{value("x")},
			Outputs: []*onnx.ValueInfo{value("y")},
		},
	}
}

// halves tells whether the upper or lower half of a 2×2 picture is brighter.
func halves() *onnx.Model {
	return &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}},
		Metadata: []onnx.Pair{{Key: model.KeyTask, Value: "image"}, {Key: model.KeyLabels, Value: `["top","下"]`}},
		Graph: &onnx.Graph{
			Name:    "halves",
			Inputs:  []*onnx.ValueInfo{onnx.TensorValue("pixels", onnx.Uint8, onnx.Named("N"), onnx.Fixed(2), onnx.Fixed(2), onnx.Fixed(1))},
			Outputs: []*onnx.ValueInfo{onnx.TensorValue("probabilities", onnx.Float, onnx.Named("N"), onnx.Fixed(2))},
			Initializers: []*onnx.Tensor{
				onnx.FloatTensor("w", []int64{4, 2}, []float32{.01, 0, .01, 0, 0, .01, 0, .01}),
			},
			Nodes: []*onnx.Node{
				node("Cast", []string{"pixels"}, "f", onnx.IntAttr("to", int64(onnx.Float))),
				node("Flatten", []string{"f"}, "flat"),
				node("MatMul", []string{"flat", "w"}, "logits"),
				node("Softmax", []string{"logits"}, "probabilities"),
			},
		},
	}
}

// scaled gives x·factor, so that versions can be told apart.
func scaled(factor float32) *onnx.Model {
	m := echo(onnx.Float)
	m.Graph.Initializers = []*onnx.Tensor{onnx.FloatTensor("factor", []int64{1}, []float32{factor})}
	m.Graph.Nodes = []*onnx.Node{node("Mul", []string{"x", "factor"}, "y")}
	return m
}

func open(tb testing.TB, m *onnx.Model) *model.Model {
	tb.Helper()
	testenv.NeedNative(tb, runtime.Load())
	file, err := m.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	opened, err := model.New(file, model.Options{Threads: 1})
	if err != nil {
		tb.Fatal(err)
	}
	return opened
}

// start serves models by name as version 1 and returns the base address.
func start(tb testing.TB, c serve.Config, models map[string]serve.Runner) (*serve.Server, string) {
	tb.Helper()
	s, err := serve.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	for name, r := range models {
		if err := s.Add(name, "1", r); err != nil {
			tb.Fatal(err)
		}
	}
	web := httptest.NewServer(s.Handler())
	tb.Cleanup(func() {
		web.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			tb.Errorf("stop: %v", err)
		}
	})
	return s, web.URL
}

// reply is an answer read whole.
type reply struct {
	code   int
	header http.Header
	body   []byte
}

func call(tb testing.TB, method, url string, body []byte, headers ...string) reply {
	tb.Helper()
	r, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, text}
}

func (r reply) json(tb testing.TB) map[string]any {
	tb.Helper()
	var v map[string]any
	if err := json.Unmarshal(r.body, &v); err != nil {
		tb.Fatalf("%s: %v", r.body, err)
	}
	return v
}
