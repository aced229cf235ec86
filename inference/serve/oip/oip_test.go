package oip_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/serve/oip"
)

func request(t testing.TB, body string, header int) *oip.Request {
	t.Helper()
	r, err := oip.DecodeRequest([]byte(body), header, oip.DefaultLimits())
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return r
}

func TestRequestByteByByte(t *testing.T) {
	head := `{"id":"7","parameters":{"binary_data_output":true,"priority":3,"s":"x"},"inputs":[` +
		`{"name":"a","shape":[1,2],"datatype":"INT16","data":[[-1,300]]},` +
		`{"data":["猫\u732b\n","\ud83d\ude00"],"name":"b","datatype":"BYTES","shape":[2]},` +
		`{"name":"c","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}},` +
		`{"name":"d","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":6}}],` +
		`"outputs":[{"name":"y","parameters":{"binary_data":false}},{"name":"z","parameters":{"classification":3}}],"other":[{}]}`
	body := head + "\x00\x00\x80\x3f\x00\x00\x00\x40" + "\x02\x00\x00\x00\xff\x00"
	r := request(t, body, len(head))
	off := false
	want := &oip.Request{
		ID: "7", BinaryOutput: true,
		Params: oip.Params{"binary_data_output": true, "priority": 3.0, "s": "x"},
		Inputs: []oip.Tensor{
			{Name: "a", Type: onnx.Int16, Shape: []int64{1, 2}, Data: []byte{255, 255, 44, 1}},
			{Name: "b", Type: onnx.String, Shape: []int64{2}, Texts: []string{"猫猫\n", "😀"}},
			{Name: "c", Type: onnx.Float, Shape: []int64{2}, Data: []byte{0, 0, 128, 63, 0, 0, 0, 64}, Binary: true},
			{Name: "d", Type: onnx.String, Shape: []int64{1}, Texts: []string{"\xff\x00"}, Binary: true},
		},
		Outputs: []oip.Wanted{{Name: "y", Binary: &off}, {Name: "z", Classification: 3}},
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
}

func TestEveryDatatypeAsJSONAndBinary(t *testing.T) {
	for name, c := range map[string]struct {
		json string
		raw  []byte
	}{
		"BOOL":   {"[true,false]", []byte{1, 0}},
		"UINT8":  {"[0,255]", []byte{0, 255}},
		"INT8":   {"[-128,127]", []byte{128, 127}},
		"UINT16": {"[1,65535]", []byte{1, 0, 255, 255}},
		"INT16":  {"[-2,1]", []byte{254, 255, 1, 0}},
		"UINT32": {"[1,4294967295]", []byte{1, 0, 0, 0, 255, 255, 255, 255}},
		"INT32":  {"[-1,2]", []byte{255, 255, 255, 255, 2, 0, 0, 0}},
		"UINT64": {"[1,18446744073709551615]", []byte{1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255}},
		"INT64":  {"[-1,9223372036854775807]", []byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 127}},
		"FP16":   {"[1,-2]", []byte{0, 0x3c, 0, 0xc0}},
		"BF16":   {"[1,-2]", []byte{0x80, 0x3f, 0, 0xc0}},
		"FP32":   {"[1.5,-1e-45]", []byte{0, 0, 0xc0, 0x3f, 1, 0, 0, 128}},
		"FP64":   {"[0.1,1]", []byte{0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f}},
	} {
		kind, err := oip.ParseType(name)
		if err != nil || oip.TypeName(kind) != name {
			t.Fatalf("%s: %v", name, err)
		}
		got := request(t, `{"inputs":[{"name":"x","shape":[2],"datatype":"`+name+`","data":`+c.json+`}]}`, -1).Inputs[0]
		if !bytes.Equal(got.Data, c.raw) {
			t.Errorf("%s: got %v, wanted %v", name, got.Data, c.raw)
		}
		for _, binary := range []bool{false, true} {
			got.Binary = binary
			again := roundTrip(t, got)
			if !reflect.DeepEqual(again, got) {
				t.Errorf("%s binary=%v: got %+v", name, binary, again)
			}
		}
	}
}

func roundTrip(t *testing.T, x oip.Tensor) oip.Tensor {
	t.Helper()
	sent := &oip.Response{Model: "m\"猫", Version: "1", ID: "i", Outputs: []oip.Tensor{x}}
	body, header, err := oip.AppendResponse([]byte("before"), sent)
	if err != nil {
		t.Fatal(err)
	}
	body = body[len("before"):]
	text := body
	if header >= 0 {
		text = body[:header]
	}
	if !json.Valid(text) {
		t.Fatalf("no valid JSON: %s", text)
	}
	got, err := oip.DecodeResponse(body, header, oip.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if got.Model != sent.Model || got.ID != "i" {
		t.Errorf("got %+v", got)
	}
	return got.Outputs[0]
}

func TestRequestRoundTrip(t *testing.T) {
	on := true
	want := &oip.Request{
		ID: "x", Params: oip.Params{"binary_data_output": true}, BinaryOutput: true,
		Inputs: []oip.Tensor{
			oip.Floats("a", []int64{2}, []float32{1, 0.1}),
			{Name: "s", Type: onnx.String, Shape: []int64{1}, Texts: []string{"a\xffb"}, Binary: true},
		},
		Outputs: []oip.Wanted{{Name: "y", Binary: &on}, {Name: "z", Classification: 2}, {Name: "w"}},
	}
	body, header, err := oip.AppendRequest(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := oip.DecodeRequest(body, header, oip.DefaultLimits())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestFloatsAreReadExactly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := []string{
		"0", "-0", "0.1", "1e5", "16777216", "16777217", "1234567.8", "0.3333333", "3.4e38", "1E-7", "0.0000001",
		"1.00000005960464477539", "16777217.0", "0.000000000000001", "123456789012345", "1234567890123456", "0.100000001490116", "33554434.5", "1.000000059604645",
	}
	for range 5000 {
		f := math.Float32frombits(r.Uint32())
		if f == f && !math.IsInf(float64(f), 0) {
			texts = append(texts, strconv.FormatFloat(float64(f), 'g', -1, 32))
		}
		texts = append(texts, strconv.FormatFloat(r.Float64()*100, 'f', r.IntN(6), 64))
	}
	body := `{"inputs":[{"name":"x","datatype":"FP32","shape":[` + strconv.Itoa(len(texts)) + `],"data":[` + strings.Join(texts, ", ") + `]}]}`
	data := request(t, body, -1).Inputs[0].Data
	for i, text := range texts {
		want, err := strconv.ParseFloat(text, 32)
		if err != nil {
			t.Fatal(err)
		}
		got := uint32(data[4*i]) | uint32(data[4*i+1])<<8 | uint32(data[4*i+2])<<16 | uint32(data[4*i+3])<<24
		if got != math.Float32bits(float32(want)) {
			t.Errorf("%s became %g", text, math.Float32frombits(got))
		}
	}
}

func TestWhatJSONCannotCarry(t *testing.T) {
	for _, x := range []oip.Tensor{
		oip.Floats("y", []int64{1}, []float32{float32(math.NaN())}),
		oip.Floats("y", []int64{1}, []float32{float32(math.Inf(-1))}),
		{Name: "y", Type: onnx.String, Shape: []int64{1}, Texts: []string{"\xff"}},
	} {
		if _, _, err := oip.AppendResponse(nil, &oip.Response{Outputs: []oip.Tensor{x}}); err == nil || !strings.Contains(err.Error(), "binary_data") {
			t.Errorf("%v: %v", x, err)
		}
	}
	got := request(t, `{"inputs":[{"name":"x","datatype":"FP32","shape":[3],"data":[NaN,Infinity,-Infinity]}]}`, -1)
	if !bytes.Equal(got.Inputs[0].Data[4:], []byte{0, 0, 0x80, 0x7f, 0, 0, 0x80, 0xff}) {
		t.Errorf("got %v", got.Inputs[0].Data)
	}
}

// malformed are bodies that must be refused, with their header length.
func malformed() map[string]struct {
	body   string
	header int
} {
	in := func(s string) string { return `{"inputs":[` + s + `]}` }
	type c = struct {
		body   string
		header int
	}
	ok := `{"name":"x","shape":[1],"datatype":"UINT8","data":[1]}`
	bin := func(size, shape, kind string) string {
		return in(`{"name":"x","shape":[` + shape + `],"datatype":"` + kind + `","parameters":{"binary_data_size":` + size + `}}`)
	}
	return map[string]c{
		"empty": {"", -1}, "null": {"null", -1}, "list": {"[]", -1}, "cut": {`{"inputs":[{"na`, -1},
		"trailing": {in(ok) + "x", -1}, "no type": {in(`{"name":"x","shape":[1],"data":[1]}`), -1},
		"no shape":        {in(`{"name":"x","datatype":"UINT8","data":[1]}`), -1},
		"no data":         {in(`{"name":"x","shape":[1],"datatype":"UINT8"}`), -1},
		"no name":         {in(`{"shape":[1],"datatype":"UINT8","data":[1]}`), -1},
		"same name":       {in(ok + "," + ok), -1},
		"same key":        {in(`{"name":"x","shape":[1],"shape":[1],"datatype":"UINT8","data":[1]}`), -1},
		"unknown type":    {in(`{"name":"x","shape":[1],"datatype":"FP8","data":[1]}`), -1},
		"negative dim":    {in(`{"name":"x","shape":[-1],"datatype":"UINT8","data":[1]}`), -1},
		"huge dim":        {in(`{"name":"x","shape":[9223372036854775808],"datatype":"UINT8","data":[1]}`), -1},
		"huge product":    {in(`{"name":"x","shape":[4294967296,4294967296],"datatype":"UINT8","data":[1]}`), -1},
		"claims much":     {in(`{"name":"x","shape":[1000000000],"datatype":"FP64","data":[1]}`), -1},
		"fraction dim":    {in(`{"name":"x","shape":[1.5],"datatype":"UINT8","data":[1]}`), -1},
		"too few":         {in(`{"name":"x","shape":[2],"datatype":"UINT8","data":[1]}`), -1},
		"too many":        {in(`{"name":"x","shape":[1],"datatype":"UINT8","data":[1,2]}`), -1},
		"range":           {in(`{"name":"x","shape":[1],"datatype":"UINT8","data":[256]}`), -1},
		"fraction":        {in(`{"name":"x","shape":[1],"datatype":"INT32","data":[1.5]}`), -1},
		"text for number": {in(`{"name":"x","shape":[1],"datatype":"INT32","data":["1"]}`), -1},
		"number for text": {in(`{"name":"x","shape":[1],"datatype":"BYTES","data":[1]}`), -1},
		"overflow":        {in(`{"name":"x","shape":[1],"datatype":"FP32","data":[1e99]}`), -1},
		"leading zero":    {in(`{"name":"x","shape":[1],"datatype":"FP32","data":[01]}`), -1},
		"plus":            {in(`{"name":"x","shape":[1],"datatype":"FP32","data":[+1]}`), -1},
		"invalid UTF-8":   {in("{\"name\":\"\xff\",\"shape\":[1],\"datatype\":\"UINT8\",\"data\":[1]}"), -1},
		"bad escape":      {in(`{"name":"\x","shape":[1],"datatype":"UINT8","data":[1]}`), -1},
		"deep":            {strings.Repeat(`{"a":`, 1000), -1},
		"deep list":       {`{"a":` + strings.Repeat("[", 1<<20), -1},
		"deep data":       {in(`{"name":"x","shape":[1],"datatype":"UINT8","data":` + strings.Repeat("[", 100) + "1" + strings.Repeat("]", 100) + "}"), -1},
		"header too long": {in(ok), 1000}, "header cuts": {in(ok), 5},
		"binary missing": {bin("4", "1", "FP32"), len(bin("4", "1", "FP32"))},
		"binary lies":    {bin("8", "1", "FP32") + "12345678", len(bin("8", "1", "FP32"))},
		"binary left":    {in(ok) + "1234", len(in(ok))},
		"size negative":  {bin("-4", "1", "FP32") + "1234", len(bin("-4", "1", "FP32"))},
		"size huge":      {bin("1e30", "1", "FP32") + "1234", len(bin("1e30", "1", "FP32"))},
		"size text":      {bin(`"4"`, "1", "FP32") + "1234", len(bin(`"4"`, "1", "FP32"))},
		"string cut":     {bin("6", "1", "BYTES") + "\x05\x00\x00\x00ab", len(bin("6", "1", "BYTES"))},
		"strings claim":  {bin("4", "999999", "BYTES") + "\x00\x00\x00\x00", len(bin("4", "999999", "BYTES"))},
		"more strings":   {bin("8", "1", "BYTES") + "\x00\x00\x00\x00\x00\x00\x00\x00", len(bin("8", "1", "BYTES"))},
		"output twice":   {`{"inputs":[],"outputs":[{"name":"a"},{"name":"a"}]}`, -1},
		"binary_data":    {`{"inputs":[],"outputs":[{"name":"a","parameters":{"binary_data":1}}]}`, -1},
		"many tensors":   {`{"outputs":[` + strings.Repeat(`{"name":"a"},`, 2000) + `]}`, -1},
		"rank":           {in(`{"name":"x","shape":[` + strings.Repeat("1,", 40) + `1],"datatype":"UINT8","data":[1]}`), -1},
	}
}

func TestMalformedIsRefusedCheaply(t *testing.T) {
	for name, c := range malformed() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := oip.DecodeRequest([]byte(c.body), c.header, oip.DefaultLimits())
		runtime.ReadMemStats(&after)
		if r != nil || (!errors.Is(err, oip.ErrRequest) && !errors.Is(err, oip.ErrTooLarge)) {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
		if grew := after.TotalAlloc - before.TotalAlloc; grew > 16*uint64(len(c.body))+64<<10 {
			t.Errorf("%s: %d bytes allocated %d", name, len(c.body), grew)
		}
	}
}

func FuzzDecodeRequest(f *testing.F) {
	f.Add([]byte(`{"id":"a","inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[[1],[2e3]]}],"outputs":[{"name":"y"}]}`), -1)
	head := `{"inputs":[{"name":"x","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":5}}]}`
	f.Add([]byte(head+"\x01\x00\x00\x00a"), len(head))
	for _, c := range malformed() {
		if len(c.body) < 1000 {
			f.Add([]byte(c.body), c.header)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, header int) {
		r, err := oip.DecodeRequest(body, header, oip.DefaultLimits())
		if err != nil {
			return
		}
		for _, x := range r.Inputs {
			if err := x.Check(); err != nil {
				t.Fatalf("accepted %+v: %v", x, err)
			}
		}
		for i := range r.Inputs {
			r.Inputs[i].Binary = true
		}
		again, header, err := oip.AppendRequest(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := oip.DecodeRequest(again, header, oip.DefaultLimits()); err != nil {
			t.Fatalf("cannot read %q: %v", again, err)
		}
	})
}

func BenchmarkDecodeDigits(b *testing.B) {
	body := []byte(`{"inputs":[{"name":"x","shape":[1,784],"datatype":"FP32","data":[` + strings.Repeat("0.123456,", 783) + `0]}]}`)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := oip.DecodeRequest(body, -1, oip.DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}
