package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/app/cli"
	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/serve"
	"athanor/inference/serve/deploy"
	"athanor/inference/testenv"
)

// doubler is a model file x[N,2] → 2·x.
func doubler(t *testing.T, elem ...string) string {
	t.Helper()
	value := func(name string) *onnx.ValueInfo {
		return onnx.TensorValue(name, onnx.Float, onnx.Named("N"), onnx.Fixed(2))
	}
	m := &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}},
		Graph: &onnx.Graph{
			Name: "double", Inputs: []*onnx.ValueInfo{value("x")}, Outputs: []*onnx.ValueInfo{value("y")},
			Nodes: []*onnx.Node{{OpType: "Add", Inputs: []string{"x", "x"}, Outputs: []string{"y"}}},
		},
	}
	path := filepath.Join(elem...)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), m.Save(path)); err != nil {
		t.Fatal(err)
	}
	return path
}

// athanor runs a command to its end.
func athanor(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := call(t.Context(), "", args...)
	return c.out, c.err
}

// serving runs `athanor serve` in the background and returns what it prints
// until it serves, and stop, which ends it as SIGTERM does.
func serving(t *testing.T, args ...string) (printed []string, address string, stop func() error) {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	t.Setenv("ATHANOR_HOME", t.TempDir())
	root := cli.Root("test")
	reader, writer := io.Pipe()
	root.SetOut(writer)
	root.SetErr(io.Discard)
	root.SetArgs(append([]string{"serve", "--addr", "127.0.0.1:0"}, args...))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		err := root.ExecuteContext(ctx)
		_ = writer.CloseWithError(io.EOF)
		ended <- err
	}()
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		printed = append(printed, lines.Text())
		if at, ok := strings.CutPrefix(lines.Text(), "serving at "); ok {
			address = at
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	return printed, address, func() error {
		cancel()
		return <-ended
	}
}

func TestServeFromStartToDrain(t *testing.T) {
	file := doubler(t, t.TempDir(), "run one", "model.onnx")
	printed, address, stop := serving(t, "twice="+file, filepath.Dir(file), "--sentiment", "--quiet")
	if address == "" {
		t.Fatalf("does not serve: %v, %v", printed, stop())
	}
	body := `{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}`
	for _, name := range []string{"twice", "run-one"} {
		answer, err := http.Post(address+"/v2/models/"+name+"/infer", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || !strings.Contains(string(text), `"data":[2,4]`) {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
	list, err := athanor(t, "models", "list", "--remote", address)
	if err != nil || !strings.Contains(list, "run-one  1  READY") {
		t.Errorf("%s, %v", list, err)
	}
	about, err := athanor(t, "models", "show", "twice", "--remote", address)
	if err != nil || !strings.Contains(about, "x  float32[N,2]") {
		t.Errorf("%s, %v", about, err)
	}
	load, err := athanor(t, "models", "load-test", "twice", "--remote", address, "--duration", "50ms", "--workers", "2")
	if err != nil || !strings.Contains(load, " 0 failed") {
		t.Errorf("%s, %v", load, err)
	}
	photo := filepath.Join(t.TempDir(), "p.png")
	var dot bytes.Buffer
	if err := errors.Join(png.Encode(&dot, image.NewGray(image.Rect(0, 0, 1, 1))), os.WriteFile(photo, dot.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := athanor(t, "predict", "twice", photo, "--remote", address); !errors.Is(err, model.ErrForeign) {
		t.Errorf("predict asks the service for a model that says nothing of itself: %v", err)
	}
	if err := stop(); err != nil {
		t.Errorf("drain: %v", err)
	}
}

func TestServeMakesAKeyOnce(t *testing.T) {
	file := doubler(t, t.TempDir(), "m.onnx")
	keyFile := filepath.Join(t.TempDir(), "keys.json")
	printed, address, stop := serving(t, file, "--key-file", keyFile, "--quiet")
	secret, ok := strings.CutPrefix(printed[0], "new key, shown this once: ")
	if !ok || address == "" {
		t.Fatalf("printed %q", printed)
	}
	if _, err := athanor(t, "models", "list", "--remote", address); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("without the key: %v", err)
	}
	t.Setenv("ATHANOR_KEY", secret)
	if _, err := athanor(t, "models", "list", "--remote", address); err != nil {
		t.Errorf("with the key: %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	printed, _, stop = serving(t, file, "--key-file", keyFile, "--quiet")
	if strings.Contains(strings.Join(printed, "\n"), "new key") {
		t.Errorf("shown again: %q", printed)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestServeRefuses(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	t.Setenv("ATHANOR_HOME", t.TempDir())
	file := doubler(t, t.TempDir(), "m.onnx")
	readable := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(readable, []byte(`{"keys":[]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want error
		text string
	}{
		"nothing":        {nil, nil, "nothing to serve"},
		"open door":      {[]string{file, "--addr", "0.0.0.0:0"}, serve.ErrNeedsKey, "--key-file"},
		"readable key":   {[]string{file, "--key-file", readable}, serve.ErrKeyFile, "chmod 600"},
		"same name":      {[]string{file, file}, serve.ErrExists, "NAME="},
		"no such file":   {[]string{file + "x"}, os.ErrNotExist, "find model"},
		"no certificate": {[]string{file, "--tls-cert", "none.pem"}, os.ErrNotExist, "certificate"},
		"no address":     {[]string{file, "--addr", "here"}, nil, "address"},
	} {
		_, err := athanor(t, append([]string{"serve"}, c.args...)...)
		if err == nil || (c.want != nil && !errors.Is(err, c.want)) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExportForTritonAndKServe(t *testing.T) {
	file := doubler(t, t.TempDir(), "m.onnx")
	out := filepath.Join(t.TempDir(), "repository")
	if text, err := athanor(t, "export", "triton", "twice="+file, "--out", out); err != nil || text != "twice version 1\n" {
		t.Fatalf("%s, %v", text, err)
	}
	if config, err := os.ReadFile(filepath.Join(out, "twice", "config.pbtxt")); err != nil || !strings.Contains(string(config), "TYPE_FP32") {
		t.Errorf("%s, %v", config, err)
	}
	if _, err := athanor(t, "export", "triton", "twice="+file, "--out", out); !errors.Is(err, deploy.ErrExists) {
		t.Errorf("again: %v", err)
	}
	text, err := athanor(t, "export", "kserve", "twice="+file, "--out", out, "--version", "2", "--storage", "pvc://models")
	if err != nil || !strings.Contains(text, "kubectl apply -f "+filepath.Join(out+".service", "twice.yaml")) {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := athanor(t, "export", "kserve", file, "--out", filepath.Join(out, "other")); !errors.Is(err, deploy.ErrModel) {
		t.Errorf("no storage: %v", err)
	}
	if _, err := os.Stat(filepath.Join(out, "other")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("wrote before it refused: %v", err)
	}
	list, err := athanor(t, "models", "list", out)
	if err != nil || list != "twice\n" {
		t.Errorf("%q, %v", list, err)
	}
	about, err := athanor(t, "models", "show", file, "--json")
	if err != nil || !strings.Contains(about, `"inputs":{"x":"float32[N,2]"}`) {
		t.Errorf("%s, %v", about, err)
	}
}
