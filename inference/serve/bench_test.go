package serve_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
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

// BenchmarkLoopback is the same request over 32 connections of the loopback
// interface, which ask again as soon as they are answered.
func BenchmarkLoopback(b *testing.B) {
	m := echo(onnx.Float)
	m.Graph.Inputs[0].Type.Tensor.Shape[1], m.Graph.Outputs[0].Type.Tensor.Shape[1] = onnx.Fixed(784), onnx.Fixed(10)
	m.Graph.Initializers = nil
	in := int64(784)
	m.Graph.Nodes = nil
	last := "x"
	for i, out := range []int64{128, 128, 10} {
		w, h := fmt.Sprint("w", i), fmt.Sprint("h", i)
		m.Graph.Initializers = append(m.Graph.Initializers, onnx.FloatTensor(w, []int64{in, out}, make([]float32, in*out)))
		m.Graph.Nodes = append(m.Graph.Nodes, node("MatMul", []string{last, w}, h), node("Relu", []string{h}, h+"r"))
		last, in = h+"r", out
	}
	m.Graph.Nodes = append(m.Graph.Nodes, node("Softmax", []string{last}, "y"))
	s, err := serve.New(serve.Config{Addr: "127.0.0.1:0", Batching: serve.Batching{Delay: serve.Adaptive}})
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(s.Add("m", "1", open(b, m)), s.Start()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Stop(context.Background()) })
	body := `{"inputs":[{"name":"x","shape":[1,784],"datatype":"FP32","data":[` + strings.Repeat("0.123456,", 783) + `0]}]}`
	request := []byte(fmt.Sprintf("POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		answer := make([]byte, 4096)
		for pb.Next() {
			if _, err := c.Write(request); err != nil {
				b.Error(err)
				return
			}
			if n, err := c.Read(answer); err != nil || !bytes.HasPrefix(answer[:n], []byte("HTTP/1.1 200")) {
				b.Errorf("%q, %v", answer[:n], err)
				return
			}
		}
	})
}
