package serve_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/serve"
	"athanor/inference/testenv"
	view "athanor/ui/serve"
)

// served is a running service of one model that adds a number to its first
// input and gives back its texts.
func served(t *testing.T, keys *serve.Keys) view.Sample {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	value := func(name string, kind onnx.DataType) *onnx.ValueInfo {
		return onnx.TensorValue(name, kind, onnx.Named("N"), onnx.Fixed(2))
	}
	m := &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}},
		Graph: &onnx.Graph{
			Name: "two", Inputs: []*onnx.ValueInfo{value("x", onnx.Float), value("text", onnx.String)},
			Outputs:      []*onnx.ValueInfo{value("y", onnx.Float), value("echo", onnx.String)},
			Initializers: []*onnx.Tensor{onnx.FloatTensor("seven", []int64{1}, []float32{7})},
			Nodes: []*onnx.Node{
				{OpType: "Add", Inputs: []string{"x", "seven"}, Outputs: []string{"y"}},
				{OpType: "Identity", Inputs: []string{"text"}, Outputs: []string{"echo"}},
			},
		},
	}
	file, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	opened, err := model.New(file, model.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := serve.New(serve.Config{Addr: "127.0.0.1:0", Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Add("two", "1", opened), s.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	return view.Sample{
		URL: "http://" + s.Addr(), Model: "two", Keyed: keys != nil, Output: "y",
		Inputs: []view.Port{{Name: "x", Type: "FP32", Shape: []int64{1, 2}}, {Name: "text", Type: "BYTES", Shape: []int64{1, 2}}},
	}
}

func TestTheCodeToCopyWorks(t *testing.T) {
	key, secret, err := serve.NewKey("samples")
	if err != nil {
		t.Fatal(err)
	}
	keys := &serve.Keys{}
	keys.Add(key)
	s := served(t, keys)
	t.Setenv("ATHANOR_KEY", secret)
	file := filepath.Join(t.TempDir(), "ask.go")
	if err := os.WriteFile(file, []byte(view.Go(s)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "run", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"data":[7,7]`) {
		t.Errorf("go run: %s, %v", out, err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v2/models/two/infer", strings.NewReader(s.Body()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the body of the samples: %s", answer.Status)
	}
	http.DefaultClient.CloseIdleConnections()
	if _, err := exec.LookPath("curl"); err == nil {
		out, err := exec.Command("sh", "-c", view.Curl(s)).CombinedOutput()
		if err != nil || !strings.Contains(string(out), `"data":[7,7]`) {
			t.Errorf("curl: %s, %v", out, err)
		}
	}
}

func TestSamplesFollowTheModel(t *testing.T) {
	s := view.Sample{
		URL: "https://studio.example:8443", Model: "digits", Task: "image", Keyed: true, Insecure: true, Output: "probabilities",
		Inputs: []view.Port{{Name: "image", Type: "UINT8", Shape: []int64{1, 28, 28, 1}}},
	}
	for text, wanted := range map[string][]string{
		view.Curl(s):   {"--insecure", "$ATHANOR_KEY", "/v1/classify/digits", "image/png"},
		view.Python(s): {`triton.InferInput("image", [1, 28, 28, 1], "UINT8")`, "np.uint8", "ssl=True", `os.environ["ATHANOR_KEY"]`, `as_numpy("probabilities")`, `"studio.example:8443"`},
		view.Go(s):     {"InsecureSkipVerify", `os.Getenv("ATHANOR_KEY")`, "make([]int, 784)", "https://studio.example:8443/v2/models/digits/infer"},
	} {
		for _, part := range wanted {
			if !strings.Contains(text, part) {
				t.Errorf("no %s in\n%s", part, text)
			}
		}
	}
	s.Task, s.Column = "table", "Age"
	if text := view.Curl(s); !strings.Contains(text, `{"row":{"Age":"1"}}`) {
		t.Errorf("got %s", text)
	}
}
