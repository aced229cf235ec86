package serve_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"strconv"
	"strings"
	"testing"
	"time"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/serve"
	"athanor/inference/serve/oip"
)

func TestExchangesByteByByte(t *testing.T) {
	_, url := start(t, serve.Config{Version: "1.2"}, map[string]serve.Runner{"double": open(t, scaled(2))})
	for _, c := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"GET", "/v2", "", 200, `{"extensions":["binary_tensor_data","classification","model_configuration","model_repository","model_repository(unload_dependents)","statistics"],"name":"athanor","version":"1.2"}`},
		{"GET", "/v2/health/live", "", 200, `{"live":true}`},
		{"GET", "/v2/health/ready", "", 200, `{"ready":true}`},
		{"GET", "/v2/models/double/ready", "", 200, `{"name":"double","ready":true}`},
		{"GET", "/v2/models/double/versions/1/ready", "", 200, `{"name":"double","ready":true}`},
		{"GET", "/v2/models/double", "", 200, `{"name":"double","versions":["1"],"platform":"onnxruntime_onnx","inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]}]}`},
		{"GET", "/v2/models/double/config", "", 200, `{"backend":"onnxruntime","input":[{"data_type":"TYPE_FP32","dims":[2],"name":"x"}],"max_batch_size":64,"name":"double","output":[{"data_type":"TYPE_FP32","dims":[2],"name":"y"}],"platform":"onnxruntime_onnx"}`},
		{"POST", "/v2/repository/index", "", 200, `[{"name":"double","version":"1","state":"READY"}]`},
		{
			"POST", "/v2/models/double/infer", `{"id":"7","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[1,2,[3,-0.5]]}]}`, 200,
			`{"model_name":"double","model_version":"1","id":"7","outputs":[{"name":"y","datatype":"FP32","shape":[2,2],"data":[2,4,6,-1]}]}`,
		},
		{
			"POST", "/v2/models/double/versions/1/infer", `{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}],"outputs":[{"name":"y","parameters":{"classification":2}}]}`, 200,
			`{"model_name":"double","model_version":"1","outputs":[{"name":"y","datatype":"BYTES","shape":[1,2],"data":["4.000000:1","2.000000:0"]}]}`,
		},
		{"POST", "/v2/models/none/infer", `{}`, 404, `{"error":"Request for unknown model: 'none' is not found"}`},
		{"GET", "/v2/models/double/versions/2", "", 404, `{"error":"Request for unknown model: 'double' version 2 is not found"}`},
		{"POST", "/v2/models/double/infer", `{"inputs":[]}`, 400, `{"error":"input does not fit the model: expected 1 inputs but got 0 inputs"}`},
		{"POST", "/v2/models/double/infer", `{"inputs":[{"name":"z","shape":[1,2],"datatype":"FP32","data":[1,2]}]}`, 400, `{"error":"input does not fit the model: input 'x' is missing"}`},
		{"POST", "/v2/models/double/infer", `{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}`, 400, `{"error":"input does not fit the model: input \"x\" takes float32[N,2], got shape [1 3]"}`},
		{"POST", "/v2/models/double/infer", `{"inputs":[{"name":"x","shape":[1,2],"datatype":"INT32","data":[1,2]}]}`, 400, `{"error":"input does not fit the model: input \"x\" takes float32, got int32"}`},
		{"POST", "/v2/models/double/infer", `{"inputs":[{"name":"x","shape":[0,2],"datatype":"FP32","data":[]}]}`, 400, `{"error":"input does not fit the model: input \"x\" is empty: shape [0 2]"}`},
		{"POST", "/v2/models/double/infer", `{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}],"outputs":[{"name":"q"}]}`, 400, `{"error":"input does not fit the model: unexpected inference output 'q'"}`},
		{"POST", "/v2/models/double/infer", `nonsense`, 400, `{"error":"malformed message: wanted '{' at byte 0"}`},
		{"GET", "/v2/models/double/infer", "", 405, `{"error":"use POST, not GET"}`},
		{"DELETE", "/v2/health/live", "", 405, `{"error":"use GET, not DELETE"}`},
		{"GET", "/v2/nothing", "", 404, `{"error":"nothing is served at this address; see /openapi.json"}`},
		{"GET", "/v2/../../etc/passwd", "", 404, `{"error":"nothing is served at this address; see /openapi.json"}`},
		{"POST", "/v2/repository/models/x/load", "", 400, `{"error":"failed to load 'x', this service has no repository"}`},
		{"POST", "/v1/sentiment", `{"text":"a"}`, 404, `{"error":"nothing is served at this address; see /openapi.json"}`},
	} {
		got := call(t, c.method, url+c.path, []byte(c.body))
		if got.code != c.code || string(got.body) != c.want {
			t.Errorf("%s %s %s\n got %d %s\nwant %d %s", c.method, c.path, c.body, got.code, got.body, c.code, c.want)
		}
	}
}

func TestBinaryExchange(t *testing.T) {
	_, url := start(t, serve.Config{}, map[string]serve.Runner{"double": open(t, scaled(2))})
	address := url + "/v2/models/double/infer"
	head := `{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}],"parameters":{"binary_data_output":true}}`
	data := "\x00\x00\x80\x3f\x00\x00\x00\xc0" // 1, -2
	want := `{"model_name":"double","model_version":"1","outputs":[{"name":"y","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}` +
		"\x00\x00\x00\x40\x00\x00\x80\xc0"
	got := call(t, "POST", address, []byte(head+data), oip.HeaderLength, strconv.Itoa(len(head)))
	if string(got.body) != want || got.header.Get(oip.HeaderLength) != strconv.Itoa(len(want)-8) || got.header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("got %d %q %v", got.code, got.body, got.header)
	}
	raw := call(t, "POST", address, []byte(data), oip.HeaderLength, "0")
	if string(raw.body) != want {
		t.Errorf("raw: got %d %q", raw.code, raw.body)
	}
	for name, c := range map[string]struct{ body, length string }{
		"lies":     {head + data, "100000"},
		"no text":  {head + data, "x"},
		"negative": {head + data, "-1"},
		"cut":      {head + data[:4], strconv.Itoa(len(head))},
		"odd raw":  {data[:5], "0"},
	} {
		if got := call(t, "POST", address, []byte(c.body), oip.HeaderLength, c.length); got.code != 400 || got.json(t)["error"] == "" {
			t.Errorf("%s: %d %s", name, got.code, got.body)
		}
	}
}

func TestEveryDatatypeThroughTheService(t *testing.T) {
	values := map[onnx.DataType]string{onnx.Bool: "[true,false]", onnx.String: `["猫",""]`, onnx.Float16: "[1,-2]", onnx.BFloat16: "[1,-2]"}
	for _, kind := range []onnx.DataType{
		onnx.Bool, onnx.Uint8, onnx.Uint16, onnx.Uint32, onnx.Uint64, onnx.Int8, onnx.Int16, onnx.Int32, onnx.Int64,
		onnx.Float16, onnx.Float, onnx.Double, onnx.BFloat16, onnx.String,
	} {
		name := oip.TypeName(kind)
		t.Run(name, func(t *testing.T) {
			_, url := start(t, serve.Config{}, map[string]serve.Runner{"echo": open(t, echo(kind))})
			data := values[kind]
			if data == "" {
				data = "[1,2]"
			}
			in := `{"name":"x","shape":[1,2],"datatype":"` + name + `","data":` + data + `}`
			want := `{"model_name":"echo","model_version":"1","outputs":[{"name":"y","datatype":"` + name + `","shape":[1,2],"data":` + data + `}]}`
			got := call(t, "POST", url+"/v2/models/echo/infer", []byte(`{"inputs":[`+in+`]}`))
			if string(got.body) != want {
				t.Errorf("JSON: %d %s", got.code, got.body)
			}
			req, err := oip.DecodeRequest([]byte(`{"inputs":[`+in+`]}`), -1, oip.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			req.Inputs[0].Binary, req.BinaryOutput = true, true
			body, header, err := oip.AppendRequest(nil, req)
			if err != nil {
				t.Fatal(err)
			}
			binary := call(t, "POST", url+"/v2/models/echo/infer", body, oip.HeaderLength, strconv.Itoa(header))
			if !bytes.HasSuffix(binary.body, body[header:]) || binary.code != 200 {
				t.Errorf("binary: %d %q", binary.code, binary.body)
			}
		})
	}
}

func TestStringsMayHoldZeroBytes(t *testing.T) {
	_, url := start(t, serve.Config{}, map[string]serve.Runner{"echo": open(t, echo(onnx.String))})
	got := call(t, "POST", url+"/v2/models/echo/infer", []byte(`{"inputs":[{"name":"x","shape":[1,2],"datatype":"BYTES","data":["a\u0000b","\u0000"]}]}`))
	if got.code != 200 || !strings.Contains(string(got.body), `"data":["a\u0000b","\u0000"]`) {
		t.Errorf("%d %s", got.code, got.body)
	}
	x := oip.Tensor{Name: "x", Type: onnx.String, Shape: []int64{1, 2}, Texts: []string{"\x00\xff", "end\x00"}, Binary: true}
	body, header, err := oip.AppendRequest(nil, &oip.Request{Inputs: []oip.Tensor{x}, BinaryOutput: true})
	if err != nil {
		t.Fatal(err)
	}
	got = call(t, "POST", url+"/v2/models/echo/infer", body, oip.HeaderLength, strconv.Itoa(header))
	if got.code != 200 || !bytes.HasSuffix(got.body, []byte("\x02\x00\x00\x00\x00\xff\x04\x00\x00\x00end\x00")) {
		t.Errorf("%d %q", got.code, got.body)
	}
}

func picture(t *testing.T) []byte {
	t.Helper()
	g := image.NewGray(image.Rect(0, 0, 20, 20))
	for i := range 200 {
		g.Pix[200+i] = 250
	}
	var b bytes.Buffer
	if err := png.Encode(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestClassifyForPeople(t *testing.T) {
	_, url := start(t, serve.Config{}, map[string]serve.Runner{"halves": open(t, halves()), "echo": open(t, echo(onnx.Float))})
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("image", "x.png")
	if err == nil {
		_, err = part.Write(picture(t))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	address := url + "/v1/classify/halves"
	for name, got := range map[string]reply{
		"bare": call(t, "POST", address, picture(t), "Content-Type", "image/png"),
		"form": call(t, "POST", address, form.Bytes(), "Content-Type", w.FormDataContentType()),
		"json": call(t, "POST", address, []byte(`{"image":"`+base64.StdEncoding.EncodeToString(picture(t))+`"}`), "Content-Type", "application/json"),
	} {
		v := got.json(t)
		if got.code != 200 || v["label"] != "下" || v["score"].(float64) < 0.98 || len(v["classes"].([]any)) != 2 || v["version"] != "1" {
			t.Errorf("%s: %d %s", name, got.code, got.body)
		}
	}
	huge := picture(t)
	huge[16], huge[17], huge[20], huge[21] = 0x10, 0, 0x10, 0 // claims 2²⁸ pixels each way
	for name, c := range map[string]struct {
		path, kind, body string
		code             int
	}{
		"no picture":   {"halves", "image/png", "x", 400},
		"huge":         {"halves", "image/png", string(huge), 400},
		"text":         {"halves", "text/plain", "hello", 400},
		"nothing":      {"halves", "application/json", "{}", 400},
		"kind":         {"halves", "application/zip", "x", 415},
		"no kind":      {"halves", "", "x", 415},
		"bad form":     {"halves", "multipart/form-data; boundary=x", "x", 400},
		"no boundary":  {"halves", "multipart/form-data", "--\r\n", 400},
		"not a studio": {"echo", "text/plain", "x", 400},
		"deep":         {"halves", "application/json", strings.Repeat("[", 1<<20), 400},
		"unknown":      {"none", "text/plain", "x", 404},
	} {
		got := call(t, "POST", url+"/v1/classify/"+c.path, []byte(c.body), "Content-Type", c.kind)
		if got.code != c.code || got.json(t)["error"] == nil {
			t.Errorf("%s: %d %s", name, got.code, got.body)
		}
	}
}

func TestSentimentAndFacesAnswerWhenOffered(t *testing.T) {
	c := serve.Config{
		Sentiment: func(_ context.Context, text string) (serve.Verdict, error) {
			return serve.Verdict{Label: "positive", Score: float64(len(text))}, nil
		},
		Faces: func(_ context.Context, p image.Image) ([]serve.Face, error) {
			return []serve.Face{{Label: "face", Score: 1, Width: float64(p.Bounds().Dx())}}, nil
		},
	}
	_, url := start(t, c, nil)
	if v := call(t, "POST", url+"/v1/sentiment", []byte(`{"text":"good"}`), "Content-Type", "application/json").json(t); v["score"] != 4.0 || v["label"] != "positive" || v["milliseconds"] == nil {
		t.Errorf("got %v", v)
	}
	v := call(t, "POST", url+"/v1/faces", picture(t), "Content-Type", "image/png").json(t)
	if faces := v["faces"].([]any); len(faces) != 1 || faces[0].(map[string]any)["width"] != 20.0 {
		t.Errorf("got %v", v)
	}
}

func TestBodiesOverTheLimit(t *testing.T) {
	_, url := start(t, serve.Config{Limits: serve.Limits{Body: 1 << 16}}, map[string]serve.Runner{"double": open(t, scaled(2))})
	address := url + "/v2/models/double/infer"
	pack := func(b []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	good := []byte(`{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}`)
	for name, c := range map[string]struct {
		body []byte
		pack string
		code int
	}{
		"large":     {make([]byte, 1<<17), "", 413},
		"gzip":      {pack(good), "gzip", 200},
		"bomb":      {pack(make([]byte, 1<<24)), "gzip", 413},
		"not gzip":  {good, "gzip", 400},
		"cut gzip":  {pack(good)[:20], "gzip", 400},
		"brotli":    {good, "br", 415},
		"deep JSON": {[]byte(strings.Repeat("[", 1<<16-1)), "", 400},
	} {
		if got := call(t, "POST", address, c.body, "Content-Encoding", c.pack); got.code != c.code {
			t.Errorf("%s: %d %s", name, got.code, got.body)
		}
	}
}

// failing is a model that cannot run.
type failing struct{ *model.Model }

func (failing) Run(_ context.Context, in []*runtime.Tensor) ([]*runtime.Tensor, error) {
	if in[0].Shape()[0] == 1 {
		return nil, errors.New("file /home/someone/secret is broken\nstack")
	}
	panic("a bug")
}

func TestAFailingModelFailsOnlyItsRequest(t *testing.T) {
	_, url := start(t, serve.Config{}, map[string]serve.Runner{"bad": failing{open(t, scaled(1))}, "good": open(t, scaled(2))})
	one := `{"inputs":[{"name":"x","shape":[%d,2],"datatype":"FP32","data":[%s]}]}`
	for _, body := range []string{fmt.Sprintf(one, 1, "1,2"), fmt.Sprintf(one, 2, "1,2,3,4")} {
		got := call(t, "POST", url+"/v2/models/bad/infer", []byte(body))
		if got.code != 500 || bytes.Contains(got.body, []byte("/home")) || bytes.Contains(got.body, []byte("goroutine")) {
			t.Errorf("got %d %s", got.code, got.body)
		}
		if got := call(t, "POST", url+"/v2/models/good/infer", []byte(body)); got.code != 200 {
			t.Errorf("the other model: %d %s", got.code, got.body)
		}
	}
}

func TestNaNTravelsAsBinaryOnly(t *testing.T) {
	_, url := start(t, serve.Config{}, map[string]serve.Runner{"echo": open(t, echo(onnx.Float))})
	body := `{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[NaN,1]}]%s}`
	got := call(t, "POST", url+"/v2/models/echo/infer", fmt.Appendf(nil, body, ""))
	if got.code != 500 || !strings.Contains(got.json(t)["error"].(string), "binary_data") {
		t.Errorf("JSON: %d %s", got.code, got.body)
	}
	if got := call(t, "POST", url+"/v2/models/echo/infer", fmt.Appendf(nil, body, `,"parameters":{"binary_data_output":true}`)); got.code != 200 {
		t.Errorf("binary: %d %s", got.code, got.body)
	}
}

// folder is a repository of one model.
type folder struct{ open func() (serve.Runner, error) }

func (f folder) Names(context.Context) ([]string, error) { return []string{"late", "broken"}, nil }

func (f folder) Open(_ context.Context, name string) (serve.Runner, string, error) {
	switch name {
	case "late":
		r, err := f.open()
		return r, "3", err
	case "broken":
		return nil, "", errors.New("secret path")
	}
	return nil, "", serve.ErrUnknown
}

func TestRepositoryExtension(t *testing.T) {
	repository := folder{func() (serve.Runner, error) { return open(t, scaled(3)), nil }}
	_, url := start(t, serve.Config{Repository: repository}, nil)
	steps := []struct {
		path, body string
		code       int
		want       string
	}{
		{"/v2/repository/index", "", 200, `[{"name":"late","state":"UNAVAILABLE","reason":"not loaded"},{"name":"broken","state":"UNAVAILABLE","reason":"not loaded"}]`},
		{"/v2/repository/index", `{"ready":true}`, 200, `[]`},
		{"/v2/repository/models/late/load", "{}", 200, `{}`},
		{"/v2/repository/index", `{"ready":true}`, 200, `[{"name":"late","version":"3","state":"READY"}]`},
		{"/v2/models/late/infer", `{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}`, 200, `{"model_name":"late","model_version":"3","outputs":[{"name":"y","datatype":"FP32","shape":[1,2],"data":[3,6]}]}`},
		{"/v2/repository/models/late/load", "", 200, `{}`},
		{"/v2/repository/models/late/unload", "", 200, `{}`},
		{"/v2/repository/models/late/unload", "", 404, `{"error":"Request for unknown model: 'late' is not found"}`},
		{"/v2/repository/models/broken/load", "", 400, `{"error":"failed to load 'broken', the file cannot be used"}`},
		{"/v2/repository/models/other/load", "", 400, `{"error":"failed to load 'other', failed to poll from model repository"}`},
	}
	for _, c := range steps {
		if got := call(t, "POST", url+c.path, []byte(c.body)); got.code != c.code || string(got.body) != c.want {
			t.Errorf("%s\n got %d %s\nwant %d %s", c.path, got.code, got.body, c.code, c.want)
		}
	}
}

func TestMetricsAndSnapshot(t *testing.T) {
	s, url := start(t, serve.Config{}, map[string]serve.Runner{"double": open(t, scaled(2))})
	for _, body := range []string{`{"inputs":[{"name":"x","shape":[3,2],"datatype":"FP32","data":[1,2,3,4,5,6]}]}`, "broken"} {
		call(t, "POST", url+"/v2/models/double/infer", []byte(body))
	}
	text := string(call(t, "GET", url+"/metrics", nil).body)
	for _, line := range []string{
		`athanor_requests_total{model="double"} 2`, `athanor_failures_total{model="double"} 1`,
		`athanor_batch_rows_bucket{model="double",le="2"} 0`, `athanor_batch_rows_bucket{model="double",le="4"} 1`,
		`athanor_batch_rows_sum{model="double"} 3`, `athanor_request_seconds_count{model="double"} 2`,
		`athanor_http_responses_total{code="200"} 1`, `athanor_http_responses_total{code="400"} 1`, "# TYPE athanor_request_seconds histogram",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
	snap := s.Snapshot()
	m := snap.Models[0]
	if m.Requests != 2 || m.Failures != 1 || m.MeanBatch != 3 || m.P99 <= 0 || m.P99 < m.P50 || m.PerSecond <= 0 {
		t.Errorf("got %+v", m)
	}
	if len(snap.Last) != 3 || snap.Last[0].Path != "/metrics" || snap.Last[1].Status != 400 || time.Since(snap.Last[0].Time) > time.Minute {
		t.Errorf("got %+v", snap.Last)
	}
	eventually(t, "the second is history", func() bool {
		asked, failed := int64(0), int64(0)
		for _, second := range s.History() {
			asked, failed = asked+second.Requests, failed+second.Failures
		}
		return asked == 2 && failed == 1
	})
	stats := call(t, "GET", url+"/v2/models/double/stats", nil).json(t)
	first := stats["model_stats"].([]any)[0].(map[string]any)
	if first["inference_count"] != 3.0 || first["execution_count"] != 1.0 {
		t.Errorf("got %v", first)
	}
}

func TestPagesStandAlone(t *testing.T) {
	_, url := start(t, serve.Config{}, nil)
	page := call(t, "GET", url+"/", nil)
	if page.code != 200 || bytes.Contains(page.body, []byte("http://")) || bytes.Contains(page.body, []byte("https://")) || !bytes.Contains(page.body, []byte("炼")) && !bytes.Contains(page.body, []byte("模型")) {
		t.Errorf("%d %s", page.code, page.body[:100])
	}
	if !strings.Contains(page.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("got %v", page.header)
	}
	if !json.Valid(call(t, "GET", url+"/openapi.json", nil).body) {
		t.Error("the description is no JSON")
	}
}
