package serve_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/serve"
)

// BenchmarkInfer is one JSON request of 784 numbers through the handler, without
// the network.
func BenchmarkInfer(b *testing.B) {
	m := echo(onnx.Float)
	for _, v := range []*onnx.ValueInfo{m.Graph.Inputs[0], m.Graph.Outputs[0]} {
		v.Type.Tensor.Shape[1] = onnx.Fixed(784)
	}
	m.Graph.Outputs[0].Type.Tensor.Shape[1] = onnx.Fixed(1)
	axes := onnx.Int64Tensor("axes", []int64{1}, []int64{1})
	m.Graph.Initializers = []*onnx.Tensor{axes}
	m.Graph.Nodes = []*onnx.Node{node("ReduceMean", []string{"x", "axes"}, "y")}
	s, err := serve.New(serve.Config{})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Add("m", "1", open(b, m)); err != nil {
		b.Fatal(err)
	}
	body := []byte(`{"inputs":[{"name":"x","shape":[1,784],"datatype":"FP32","data":[` + strings.Repeat("0.123456,", 783) + `0]}]}`)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest(http.MethodPost, "http://localhost/v2/models/m/infer", bytes.NewReader(body))
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Fatalf("%d %s", w.Code, w.Body)
			}
		}
	})
}
