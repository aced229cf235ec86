package serve_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"

	"athanor/inference/onnx"
	"athanor/inference/serve"
	"athanor/inference/serve/oip"
	"athanor/inference/serve/oipgrpc"
)

// dial starts a server with gRPC and returns a caller of its methods.
func dial(t *testing.T, c serve.Config, models map[string]serve.Runner) func(ctx context.Context, method string, in []byte) ([]byte, error) {
	t.Helper()
	c.GRPCAddr = "127.0.0.1:0"
	s := running(t, c)
	for name, r := range models {
		if err := s.Add(name, "1", r); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := grpc.NewClient(s.GRPCAddr(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodec(oipgrpc.Codec{})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return func(ctx context.Context, method string, in []byte) ([]byte, error) {
		var out oipgrpc.Frame
		err := conn.Invoke(ctx, "/inference.GRPCInferenceService/"+method, &oipgrpc.Frame{Bytes: in}, &out)
		return out.Bytes, err
	}
}

// TestGRPCExchangesByteByByte holds the messages to the published field
// numbers, written out here by hand.
func TestGRPCExchangesByteByByte(t *testing.T) {
	invoke := dial(t, serve.Config{Version: "1"}, map[string]serve.Runner{"double": open(t, scaled(2))})
	id := "\x0a\x06double"
	for _, c := range []struct{ method, in, want string }{
		{"ServerLive", "", "\x08\x01"},
		{"ServerReady", "", "\x08\x01"},
		{"ModelReady", id, "\x08\x01"},
		{"ModelReady", "\x0a\x04none", ""},
		{"ModelMetadata", id, id + "\x12\x011" + "\x1a\x10onnxruntime_onnx" +
			"\x22\x16\x0a\x01x\x12\x04FP32\x1a\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02" +
			"\x2a\x16\x0a\x01y\x12\x04FP32\x1a\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02"},
		{"ModelConfig", id, "\x0a\x3e" + id + "\x12\x10onnxruntime_onnx\x20\x40" + "\x2a\x08\x0a\x01x\x10\x0b\x22\x01\x02" + "\x32\x08\x0a\x01y\x10\x0b\x1a\x01\x02" + "\x8a\x01\x0bonnxruntime"},
		{"RepositoryIndex", "\x10\x01", "\x0a\x12" + id + "\x12\x011\x1a\x05READY"},
		{
			"ModelInfer", id + "\x1a\x017" + "\x2a\x0d\x0a\x01x\x12\x04FP32\x1a\x02\x01\x02" + "\x3a\x08\x00\x00\x80\x3f\x00\x00\x00\xc0",
			id + "\x12\x011\x1a\x017" + "\x2a\x0d\x0a\x01y\x12\x04FP32\x1a\x02\x01\x02" + "\x32\x08\x00\x00\x00\x40\x00\x00\x80\xc0",
		},
		{
			"ModelInfer", id + "\x2a\x19\x0a\x01x\x12\x04FP32\x1a\x02\x01\x02\x2a\x0a\x32\x08\x00\x00\x80\x3f\x00\x00\x00\xc0",
			id + "\x12\x011" + "\x2a\x0d\x0a\x01y\x12\x04FP32\x1a\x02\x01\x02" + "\x32\x08\x00\x00\x00\x40\x00\x00\x80\xc0",
		},
	} {
		got, err := invoke(context.Background(), c.method, []byte(c.in))
		if err != nil || string(got) != c.want {
			t.Errorf("%s %q\n got %q, %v\nwant %q", c.method, c.in, got, err, c.want)
		}
	}
}

func TestGRPCEveryDatatype(t *testing.T) {
	models := map[string]serve.Runner{}
	kinds := []onnx.DataType{
		onnx.Bool, onnx.Uint8, onnx.Uint16, onnx.Uint32, onnx.Uint64, onnx.Int8, onnx.Int16, onnx.Int32, onnx.Int64,
		onnx.Float16, onnx.Float, onnx.Double, onnx.BFloat16, onnx.String,
	}
	for _, kind := range kinds {
		models[oip.TypeName(kind)] = open(t, echo(kind))
	}
	invoke := dial(t, serve.Config{}, models)
	for _, kind := range kinds {
		x := oip.Tensor{Name: "x", Type: kind, Shape: []int64{1, 2}, Data: bytes.Repeat([]byte{1}, 2*kind.Size())}
		if kind == onnx.String {
			x.Data, x.Texts = nil, []string{"猫\xff", ""}
		}
		req := &oipgrpc.InferRequest{Model: oip.TypeName(kind), Request: oip.Request{Inputs: []oip.Tensor{x}}}
		out, err := invoke(context.Background(), "ModelInfer", oipgrpc.AppendInferRequest(nil, req))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		res, err := oipgrpc.DecodeInferResponse(out, oip.DefaultLimits())
		if err != nil || !bytes.Equal(res.Outputs[0].AppendBinary(nil), x.AppendBinary(nil)) {
			t.Errorf("%s: %+v, %v", kind, res, err)
		}
	}
}

func TestGRPCErrors(t *testing.T) {
	keys, secret := newKeys(t)
	invoke := dial(t, serve.Config{Keys: keys, Repository: folder{}}, map[string]serve.Runner{"m": open(t, scaled(1)), "bad": failing{open(t, scaled(1))}})
	keyed := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+secret)
	infer := func(model string, x oip.Tensor) []byte {
		return oipgrpc.AppendInferRequest(nil, &oipgrpc.InferRequest{Model: model, Request: oip.Request{Inputs: []oip.Tensor{x}}})
	}
	good := oip.Floats("x", []int64{1, 2}, []float32{1, 2})
	for name, c := range map[string]struct {
		ctx    context.Context
		method string
		in     []byte
		want   codes.Code
	}{
		"no key":         {context.Background(), "ServerMetadata", nil, codes.Unauthenticated},
		"health":         {context.Background(), "ServerLive", nil, codes.OK},
		"good":           {keyed, "ModelInfer", infer("m", good), codes.OK},
		"unknown model":  {keyed, "ModelInfer", infer("none", good), codes.NotFound},
		"wrong shape":    {keyed, "ModelInfer", infer("m", oip.Floats("x", []int64{2}, []float32{1, 2})), codes.InvalidArgument},
		"lying shape":    {keyed, "ModelInfer", infer("m", oip.Floats("x", []int64{1 << 62, 2}, []float32{1, 2})), codes.InvalidArgument},
		"negative shape": {keyed, "ModelInfer", infer("m", oip.Floats("x", []int64{-1, 2}, []float32{1, 2})), codes.InvalidArgument},
		"garbage":        {keyed, "ModelInfer", []byte{0xff, 0xff}, codes.InvalidArgument},
		"fails":          {keyed, "ModelInfer", infer("bad", good), codes.Internal},
		"cannot load":    {keyed, "RepositoryModelLoad", []byte("\x12\x01q"), codes.InvalidArgument},
		"unload":         {keyed, "RepositoryModelUnload", []byte("\x12\x03bad"), codes.OK},
		"no such method": {keyed, "Nothing", nil, codes.Unimplemented},
	} {
		if name == "unload" {
			continue
		}
		if _, err := invoke(c.ctx, c.method, c.in); grpcstatus.Code(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := invoke(keyed, "RepositoryModelUnload", []byte("\x12\x03bad")); err != nil {
		t.Error(err)
	}
	if _, err := invoke(keyed, "ModelInfer", infer("bad", good)); grpcstatus.Code(err) != codes.NotFound {
		t.Errorf("after unload: %v", err)
	}
}

func TestGRPCStream(t *testing.T) {
	s := running(t, serve.Config{GRPCAddr: "127.0.0.1:0"})
	if err := s.Add("m", "1", open(t, scaled(3))); err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(s.GRPCAddr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := conn.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true},
		"/inference.GRPCInferenceService/ModelStreamInfer", grpc.ForceCodec(oipgrpc.Codec{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"m", "none", "m"} {
		x := oip.Floats("x", []int64{1, 2}, []float32{1, 2})
		in := oipgrpc.AppendInferRequest(nil, &oipgrpc.InferRequest{Model: name, Request: oip.Request{Inputs: []oip.Tensor{x}}})
		var out oipgrpc.Frame
		if err := errors.Join(stream.SendMsg(&oipgrpc.Frame{Bytes: in}), stream.RecvMsg(&out)); err != nil {
			t.Fatal(err)
		}
		if failed := bytes.Contains(out.Bytes, []byte("unknown model")); failed != (name == "none") {
			t.Errorf("%s: %q", name, out.Bytes)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Error(err)
	}
}
