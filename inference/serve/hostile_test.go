package serve_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	goruntime "runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"athanor/inference/onnx"
	"athanor/inference/serve"
	"athanor/inference/serve/oip"
)

// TestMalformedRequestsGetTheProtocolsError sends what a broken or hostile
// client sends: each is answered with the right status and the error shape of
// the protocol, and the service answers the next request as before.
func TestMalformedRequestsGetTheProtocolsError(t *testing.T) {
	_, url := start(t, serve.Config{}, map[string]serve.Runner{"m": open(t, scaled(2))})
	input := func(s string) string { return `{"inputs":[` + s + `]}` }
	x := func(shape, kind, data string) string {
		return input(`{"name":"x","shape":` + shape + `,"datatype":"` + kind + `","data":` + data + `}`)
	}
	header := oip.HeaderLength
	binary := `{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}`
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		code               int
	}{
		"wrong shape":          {body: x(`[1,3]`, "FP32", `[1,2,3]`)},
		"wrong rank":           {body: x(`[2]`, "FP32", `[1,2]`)},
		"wrong type":           {body: x(`[1,2]`, "INT64", `[1,2]`)},
		"unknown type":         {body: x(`[1,2]`, "FLOAT", `[1,2]`)},
		"too few":              {body: x(`[1,2]`, "FP32", `[1]`)},
		"too many":             {body: x(`[1,2]`, "FP32", `[1,2,3]`)},
		"no rows":              {body: x(`[0,2]`, "FP32", `[]`)},
		"negative dimension":   {body: x(`[-1,2]`, "FP32", `[1,2]`)},
		"2^63":                 {body: x(`[9223372036854775808,2]`, "FP32", `[1,2]`)},
		"2^62 by 2^62":         {body: x(`[4611686018427387904,4611686018427387904]`, "FP32", `[1,2]`)},
		"fraction":             {body: x(`[1.5,2]`, "FP32", `[1,2]`)},
		"text as number":       {body: x(`[1,2]`, "FP32", `["1","2"]`)},
		"name twice":           {body: input(`{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]},{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}`)},
		"unknown name":         {body: input(`{"name":"y","shape":[1,2],"datatype":"FP32","data":[1,2]}`)},
		"no input":             {body: `{"inputs":[]}`},
		"unknown output":       {body: `{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}],"outputs":[{"name":"z"}]}`},
		"empty":                {body: ``},
		"cut off":              {body: `{"inputs":[{"name":"x"`},
		"no object":            {body: `[1]`},
		"invalid UTF-8":        {body: "{\"id\":\"\xff\xfe\",\"inputs\":[]}"},
		"binary cut off":       {body: binary + "\x00\x00\x00", headers: []string{header, strconv.Itoa(len(binary))}},
		"binary too long":      {body: binary + strings.Repeat("\x00", 9), headers: []string{header, strconv.Itoa(len(binary))}},
		"header past the end":  {body: binary, headers: []string{header, "99999"}},
		"negative header":      {body: binary, headers: []string{header, "-1"}},
		"header is no number":  {body: binary, headers: []string{header, "x"}},
		"packed as it is not":  {body: "hello", headers: []string{"Content-Encoding", "gzip"}},
		"packed unknown":       {body: "hello", headers: []string{"Content-Encoding", "br"}, code: 415},
		"wrong method":         {method: "GET", code: 405},
		"DELETE":               {method: "DELETE", code: 405},
		"unknown model":        {path: "/v2/models/none/infer", body: x(`[1,2]`, "FP32", `[1,2]`), code: 404},
		"unknown version":      {path: "/v2/models/m/versions/9/infer", body: x(`[1,2]`, "FP32", `[1,2]`), code: 404},
		"model with a path":    {path: "/v2/models/..%2F..%2Fetc/infer", body: x(`[1,2]`, "FP32", `[1,2]`), code: 404},
		"nothing lies there":   {path: "/v2/nothing", code: 404},
		"unknown to the store": {path: "/v2/repository/models/..%2Fx/load", code: 400},
	} {
		t.Run(name, func(t *testing.T) {
			method, path, code := c.method, c.path, c.code
			if method == "" {
				method = "POST"
			}
			if path == "" {
				path = "/v2/models/m/infer"
			}
			if code == 0 {
				code = 400
			}
			got := call(t, method, url+path, []byte(c.body), c.headers...)
			var e struct{ Error string }
			if err := json.Unmarshal(got.body, &e); err != nil || e.Error == "" || got.code != code {
				t.Errorf("%d %s", got.code, got.body)
			}
			if strings.Contains(e.Error, "/root") || strings.Contains(e.Error, ".go:") {
				t.Errorf("tells of the machine: %s", e.Error)
			}
		})
	}
	if got := call(t, "POST", url+"/v2/models/m/infer", pair(1, 2)); got.code != 200 {
		t.Errorf("afterwards: %d %s", got.code, got.body)
	}
}

// allocated is what f allocates, in bytes; others run beside it, so it is an
// upper bound.
func allocated(f func()) uint64 {
	var before, after goruntime.MemStats
	goruntime.ReadMemStats(&before)
	f()
	goruntime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// zeros gives n bytes of the same value.
type zeros struct {
	n int64
	b byte
}

func (z *zeros) Read(p []byte) (int, error) {
	if z.n <= 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.n))
	for i := range p[:n] {
		p[i] = z.b
	}
	z.n -= int64(n)
	return n, nil
}

func TestBombsAndLies(t *testing.T) {
	const limit = 4 << 20
	s := running(t, serve.Config{Limits: serve.Limits{Body: limit}})
	if err := s.Add("m", "1", open(t, scaled(1))); err != nil {
		t.Fatal(err)
	}
	url := "http://" + s.Addr() + "/v2/models/m/infer"
	var bomb bytes.Buffer
	w, err := gzip.NewWriterLevel(&bomb, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, &zeros{n: 200 << 20, b: '['}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lie := `{"inputs":[{"name":"x","shape":[1000000000,2],"datatype":"FP32","parameters":{"binary_data_size":8000000000}}]}`
	for name, c := range map[string]struct {
		body    []byte
		headers []string
		code    int
	}{
		"gzip bomb":        {bomb.Bytes(), []string{"Content-Encoding", "gzip"}, 413},
		"over the limit":   {bytes.Repeat([]byte{'['}, limit+1), nil, 413},
		"deep JSON":        {bytes.Repeat([]byte{'['}, limit), nil, 400},
		"deep in a tensor": {[]byte(`{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":` + strings.Repeat("[", 1<<20)), nil, 400},
		"claimed size":     {[]byte(lie), []string{oip.HeaderLength, strconv.Itoa(len(lie))}, 400},
	} {
		var got reply
		if n := allocated(func() { got = call(t, "POST", url, c.body, c.headers...) }); n > 8*limit {
			t.Errorf("%s: %d MB were allocated for a limit of %d", name, n>>20, limit>>20)
		}
		if got.code != c.code {
			t.Errorf("%s: %d %.200s", name, got.code, got.body)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestAHundredMegabytesOfNestedJSON are streamed without a length.
func TestAHundredMegabytesOfNestedJSON(t *testing.T) {
	s := running(t, serve.Config{})
	if err := s.Add("m", "1", open(t, scaled(1))); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.Addr()+"/v2/models/m/infer", &zeros{n: 100 << 20, b: '['})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err == nil {
		_ = answer.Body.Close()
		if answer.StatusCode != 413 {
			t.Errorf("answered %d", answer.StatusCode)
		}
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	if got := call(t, "GET", "http://"+s.Addr()+"/v2/health/live", nil); got.code != 200 {
		t.Errorf("afterwards: %d", got.code)
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestThousandsOfIdleConnections opens twice as many connections as the limit:
// those beyond it are told so, the service answers whoever has a place, and when
// they leave nothing stays behind.
func TestThousandsOfIdleConnections(t *testing.T) {
	const places, tried = 1024, 2500
	s := running(t, serve.Config{})
	if err := s.Add("m", "1", open(t, scaled(1))); err != nil {
		t.Fatal(err)
	}
	before := goruntime.NumGoroutine()
	first, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	var idle []net.Conn
	for range tried {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err) // the system's own limit would be another test
		}
		idle = append(idle, c)
	}
	eventually(t, "the others are refused", func() bool { return s.Snapshot().Refused >= tried-places })
	if err := askOver(first, pair(1, 3)); err != nil {
		t.Errorf("who has a place is not answered: %v", err)
	}
	for _, c := range idle {
		_ = c.Close()
	}
	eventually(t, "all have gone", func() bool { return goruntime.NumGoroutine() <= before+8 })
}

func askOver(c net.Conn, body []byte) error {
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c, "POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		return err
	}
	text := make([]byte, 15)
	if _, err := io.ReadFull(c, text); err != nil {
		return err
	}
	if !bytes.HasPrefix(text, []byte("HTTP/1.1 200")) {
		return errors.New(string(text))
	}
	return nil
}

// TestAModelThatFailsSometimes runs a real graph whose Gather leaves its bounds
// for some inputs: that request fails, those in the same moment do not.
func TestAModelThatFailsSometimes(t *testing.T) {
	m := &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}},
		Graph: &onnx.Graph{
			Name: "pick", Nodes: []*onnx.Node{node("Gather", []string{"table", "x"}, "y")},
			Initializers: []*onnx.Tensor{onnx.FloatTensor("table", []int64{3}, []float32{10, 20, 30})},
			Inputs:       []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Int64, onnx.Named("N"), onnx.Fixed(1))},
			Outputs:      []*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, onnx.Named("N"), onnx.Fixed(1))},
		},
	}
	_, url := start(t, serve.Config{}, map[string]serve.Runner{"pick": open(t, m)})
	codes := make(chan int, 60)
	for i := range 60 {
		go func() {
			index := i % 3
			if i%6 == 5 {
				index = 1_000_000
			}
			body := fmt.Sprintf(`{"inputs":[{"name":"x","shape":[1,1],"datatype":"INT64","data":[%d]}]}`, index)
			got := call(t, "POST", url+"/v2/models/pick/infer", []byte(body))
			if good := strings.Contains(string(got.body), fmt.Sprintf(`"data":[%d]`, 10*(index+1))); (got.code == 200) != good {
				t.Errorf("%d %s", got.code, got.body)
			}
			codes <- got.code
		}()
	}
	seen := map[int]int{}
	for range 60 {
		seen[<-codes]++
	}
	if seen[200] != 50 || seen[500] != 10 {
		t.Errorf("got %v", seen)
	}
}
