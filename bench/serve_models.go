package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"

	"athanor/inference/onnx"
	"athanor/inference/serve/oip"
)

// writeServeModels writes the models that the service is measured with and
// returns their files by name; "repository" is a folder.
func writeServeModels(dir string) (map[string]string, error) {
	models := map[string]*onnx.Model{
		"mlp":     mlpModel(784, 128, 128, 10),
		"wide":    mlpModel(2048, 2048, 2048, 10),
		"cnn":     cnnModel(),
		"picture": pictureModel(),
	}
	for kind := onnx.Float; kind <= onnx.BFloat16; kind++ {
		if name := oip.TypeName(kind); name != "" {
			models["echo-"+name] = echoModel(kind)
		}
	}
	files := map[string]string{"repository": filepath.Join(dir, "repository")}
	if err := os.MkdirAll(files["repository"], 0o755); err != nil {
		return nil, err
	}
	for name, m := range models {
		files[name] = filepath.Join(dir, name+".onnx")
		if err := m.Save(files[name]); err != nil {
			return nil, err
		}
	}
	return files, echoModel(onnx.Float).Save(filepath.Join(files["repository"], "late.onnx"))
}

func serveNode(op string, in []string, out string, attrs ...*onnx.Attribute) *onnx.Node {
	return &onnx.Node{OpType: op, Inputs: in, Outputs: []string{out}, Attrs: attrs}
}

func serveModel(in, out *onnx.ValueInfo, weights []*onnx.Tensor, nodes ...*onnx.Node) *onnx.Model {
	return &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}},
		Graph: &onnx.Graph{
			Name: "bench", Nodes: nodes, Initializers: weights,
			Inputs: []*onnx.ValueInfo{in}, Outputs: []*onnx.ValueInfo{out},
		},
	}
}

func rows(name string, kind onnx.DataType, sizes ...int64) *onnx.ValueInfo {
	return onnx.TensorValue(name, kind, append([]onnx.Dim{onnx.Named("N")}, onnx.Dims(sizes...)...)...)
}

func echoModel(kind onnx.DataType) *onnx.Model {
	return serveModel(rows("x", kind, 2), rows("y", kind, 2), nil, serveNode("Identity", []string{"x"}, "y"))
}

// pictureModel averages a picture, so that its transport is what costs.
func pictureModel() *onnx.Model {
	axes := onnx.Int64Tensor("axes", []int64{3}, []int64{1, 2, 3})
	return serveModel(rows("x", onnx.Float, 224, 224, 3), rows("y", onnx.Float), []*onnx.Tensor{axes},
		serveNode("ReduceMean", []string{"x", "axes"}, "y", onnx.IntAttr("keepdims", 0)))
}

func randomTensor(r *rand.Rand, name string, dims ...int64) *onnx.Tensor {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(r.NormFloat64()) / 16
	}
	return onnx.FloatTensor(name, dims, values)
}

func mlpModel(in, first, second, classes int64) *onnx.Model {
	r := rand.New(rand.NewPCG(1, 1))
	weights := []*onnx.Tensor{
		randomTensor(r, "w1", in, first), randomTensor(r, "b1", first), randomTensor(r, "w2", first, second),
		randomTensor(r, "b2", second), randomTensor(r, "w3", second, classes), randomTensor(r, "b3", classes),
	}
	return serveModel(rows("x", onnx.Float, in), rows("y", onnx.Float, classes), weights,
		serveNode("Gemm", []string{"x", "w1", "b1"}, "h1"), serveNode("Relu", []string{"h1"}, "a1"),
		serveNode("Gemm", []string{"a1", "w2", "b2"}, "h2"), serveNode("Relu", []string{"h2"}, "a2"),
		serveNode("Gemm", []string{"a2", "w3", "b3"}, "h3"), serveNode("Softmax", []string{"h3"}, "y"))
}

// cnnModel is conv32-pool-conv64-pool-dense10 over 28×28.
func cnnModel() *onnx.Model {
	r := rand.New(rand.NewPCG(2, 2))
	pads := onnx.IntsAttr("pads", 1, 1, 1, 1)
	pool := []*onnx.Attribute{onnx.IntsAttr("kernel_shape", 2, 2), onnx.IntsAttr("strides", 2, 2)}
	weights := []*onnx.Tensor{
		randomTensor(r, "k1", 32, 1, 3, 3), randomTensor(r, "k2", 64, 32, 3, 3),
		randomTensor(r, "w", 64*7*7, 10), randomTensor(r, "b", 10),
	}
	return serveModel(rows("x", onnx.Float, 1, 28, 28), rows("y", onnx.Float, 10), weights,
		serveNode("Conv", []string{"x", "k1"}, "c1", pads), serveNode("Relu", []string{"c1"}, "r1"), serveNode("MaxPool", []string{"r1"}, "p1", pool...),
		serveNode("Conv", []string{"p1", "k2"}, "c2", pads), serveNode("Relu", []string{"c2"}, "r2"), serveNode("MaxPool", []string{"r2"}, "p2", pool...),
		serveNode("Flatten", []string{"p2"}, "flat"), serveNode("Gemm", []string{"flat", "w", "b"}, "z"), serveNode("Softmax", []string{"z"}, "y"))
}
