package remote_test

import (
	"context"
	"errors"
	"image"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/remote"
	"athanor/inference/runtime"
	"athanor/inference/serve"
	"athanor/inference/serve/oip"
	"athanor/inference/testenv"
)

// halves tells whether the upper or lower half of a 2×2 picture is brighter.
func halves(t *testing.T) *model.Model {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	node := func(op, in, out string, attrs ...*onnx.Attribute) *onnx.Node {
		return &onnx.Node{OpType: op, Inputs: strings.Fields(in), Outputs: []string{out}, Attrs: attrs}
	}
	m := &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}},
		Metadata: []onnx.Pair{
			{Key: model.KeyTask, Value: "image"},
			{Key: model.KeyLabels, Value: `["top","下"]`},
			{Key: model.KeyRecipe, Value: "path = '/home/someone'"},
		},
		Graph: &onnx.Graph{
			Name:         "halves",
			Inputs:       []*onnx.ValueInfo{onnx.TensorValue("image", onnx.Uint8, onnx.Named("N"), onnx.Fixed(2), onnx.Fixed(2), onnx.Fixed(1))},
			Outputs:      []*onnx.ValueInfo{onnx.TensorValue("probabilities", onnx.Float, onnx.Named("N"), onnx.Fixed(2))},
			Initializers: []*onnx.Tensor{onnx.FloatTensor("w", []int64{4, 2}, []float32{.1, 0, .1, 0, 0, .1, 0, .1})},
			Nodes: []*onnx.Node{
				node("Cast", "image", "f", onnx.IntAttr("to", 1)), node("Flatten", "f", "flat"),
				node("MatMul", "flat w", "logits"), node("Softmax", "logits", "probabilities"),
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
	return opened
}

func service(t *testing.T, c serve.Config) (*serve.Server, string) {
	t.Helper()
	s, err := serve.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Add("halves", "3", halves(t)); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		web.Close()
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, web.URL
}

func client(t *testing.T, address string, o remote.Options) *remote.Client {
	t.Helper()
	c, err := remote.New(address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestARemoteModelIsUsedLikeALocalOne(t *testing.T) {
	_, url := service(t, serve.Config{Version: "9"})
	c := client(t, strings.TrimPrefix(url, "http://"), remote.Options{})
	ctx := context.Background()
	if s, err := c.Server(ctx); err != nil || s.Name != "athanor" || s.Version != "9" {
		t.Errorf("%+v, %v", s, err)
	}
	if list, err := c.Models(ctx); err != nil || len(list) != 1 || list[0] != (remote.Entry{Name: "halves", Version: "3", State: "READY"}) {
		t.Errorf("%+v, %v", list, err)
	}
	m, err := c.Open(ctx, "halves", "")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	local := halves(t)
	defer local.Close()
	var pictures []image.Image
	for i := range 70 { // more than one batch
		g := image.NewGray(image.Rect(0, 0, 6, 6))
		for k := range 18 {
			g.Pix[k+18*(i%2)] = uint8(i)
		}
		pictures = append(pictures, g)
	}
	got, err := m.Images(ctx, pictures...)
	if err != nil {
		t.Fatal(err)
	}
	want, err := local.Images(ctx, pictures...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		a, b := got[i].Top(1)[0], want[i].Top(1)[0]
		if a.Label != b.Label || a.Probability-b.Probability > 1e-6 || b.Probability-a.Probability > 1e-6 {
			t.Fatalf("picture %d: %+v, locally %+v", i, a, b)
		}
	}
	for _, p := range m.Info().Metadata {
		if strings.Contains(p.Value, "/home") {
			t.Errorf("the service tells %v", p)
		}
	}
}

func TestErrorsOfTheService(t *testing.T) {
	key, secret, err := serve.NewKey("k")
	if err != nil {
		t.Fatal(err)
	}
	keys := &serve.Keys{}
	keys.Add(key)
	_, url := service(t, serve.Config{Keys: keys})
	ctx := context.Background()
	var answer *remote.Error
	if _, err := client(t, url, remote.Options{}).Models(ctx); !errors.As(err, &answer) || answer.Status != 401 {
		t.Errorf("no key: %v", err)
	}
	c := client(t, url, remote.Options{Key: secret})
	if ready, err := c.Ready(ctx); err != nil || !ready {
		t.Errorf("%v, %v", ready, err)
	}
	if _, err := c.Open(ctx, "none", ""); !errors.As(err, &answer) || answer.Status != 404 || !strings.Contains(answer.Text, "unknown model") {
		t.Errorf("unknown: %v", err)
	}
	if _, err := c.Infer(ctx, "halves", "", &oip.Request{}); !errors.As(err, &answer) || answer.Status != 400 {
		t.Errorf("bad request: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Models(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestServicesThatAreNone(t *testing.T) {
	for _, address := range []string{"", "ftp://x", "http://", "http://user:secret@x", "http://x?y", ":"} {
		if _, err := remote.New(address, remote.Options{}); !errors.Is(err, remote.ErrAddress) {
			t.Errorf("%q: %v", address, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	_ = l.Close()
	if _, err := client(t, gone, remote.Options{}).Ready(context.Background()); !errors.Is(err, remote.ErrUnreachable) {
		t.Errorf("nobody: %v", err)
	}
	for name, body := range map[string]string{
		"page":         "<html>",
		"wrong type":   `{"inputs":[{"name":"x","datatype":"FP4","shape":[1]}]}`,
		"bad labels":   `{"properties":{"athanor.labels":"["}}`,
		"bad property": `{"properties":3}`,
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		if _, err := client(t, web.URL, remote.Options{}).Open(context.Background(), "m", ""); !errors.Is(err, remote.ErrAnswer) && !errors.Is(err, model.ErrMetadata) {
			t.Errorf("%s: %v", name, err)
		}
		web.Close()
	}
}

func TestTritonKeepsTheMetadataInItsConfiguration(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := `{"name":"m","versions":["1"],"platform":"onnxruntime_onnx","inputs":[{"name":"image","datatype":"UINT8","shape":[-1,2,2,1]}],"outputs":[{"name":"probabilities","datatype":"FP32","shape":[-1,2]}]}`
		if strings.HasSuffix(r.URL.Path, "/config") {
			body = `{"parameters":{"athanor.task":{"string_value":"image"},"athanor.labels":{"string_value":"[\"a\",\"b\"]"}}}`
		}
		_, _ = w.Write([]byte(body))
	}))
	defer web.Close()
	m, err := client(t, web.URL, remote.Options{}).Open(context.Background(), "m", "")
	if err != nil {
		t.Fatal(err)
	}
	if info := m.Info(); info.Task != model.Image || len(info.Labels) != 2 || info.Inputs[0].Text != "uint8[N,2,2,1]" {
		t.Errorf("got %+v", info)
	}
}

func TestOnlyThePinnedCertificate(t *testing.T) {
	config, fingerprint, err := serve.GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	s, err := serve.New(serve.Config{Addr: "127.0.0.1:0", TLS: config})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for f, ok := range map[string]bool{fingerprint: true, strings.Repeat("0", 64): false, "": false} {
		c := client(t, "https://"+s.Addr(), remote.Options{Fingerprint: f})
		if ready, err := c.Ready(context.Background()); ready != ok || (err == nil) != ok {
			t.Errorf("fingerprint %q: %v, %v", f, ready, err)
		}
		c.Close()
	}
}

func TestLoadTestCounts(t *testing.T) {
	n := make(chan struct{}, 1)
	n <- struct{}{}
	broken := errors.New("once")
	m := remote.LoadTest{Workers: 3, Duration: 50 * time.Millisecond, PerSecond: 400}.Run(context.Background(), func(context.Context) error {
		select {
		case <-n:
			return broken
		default:
			return nil
		}
	})
	if m.Requests < 2 || float64(m.Requests) > 400*m.Seconds+4 || m.Failures != 1 || !errors.Is(m.FirstErr, broken) || len(m.Latencies) != m.Requests {
		t.Errorf("got %+v", m)
	}
	if m.P50 > m.P99 || m.P99 > m.Max || m.PerSecond <= 0 {
		t.Errorf("got %+v", m)
	}
	slow := remote.LoadTest{Workers: 1, Duration: 100 * time.Millisecond, PerSecond: 1000}.Run(context.Background(), func(context.Context) error {
		time.Sleep(20 * time.Millisecond)
		return nil
	})
	if slow.Unsent < 50 || slow.Requests+slow.Unsent != 100 || slow.Max < 40*time.Millisecond {
		t.Errorf("a service slower than asked for: %d requests, %d unsent, longest %v", slow.Requests, slow.Unsent, slow.Max)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m = remote.LoadTest{Duration: time.Hour}.Run(ctx, func(context.Context) error { cancel(); return nil })
	if m.Requests != 0 || m.P99 != 0 {
		t.Errorf("cancelled: %+v", m)
	}
}
