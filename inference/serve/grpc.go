package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"

	"athanor/inference/model"
	"athanor/inference/serve/oipgrpc"
)

// newGRPC makes the gRPC side of the server.
func (s *Server) newGRPC() *grpc.Server {
	options := []grpc.ServerOption{
		grpc.ForceServerCodec(oipgrpc.Codec{}),
		grpc.MaxRecvMsgSize(int(s.config.Limits.Body)),
		grpc.MaxConcurrentStreams(256),
		grpc.ConnectionTimeout(s.config.Limits.Read),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: s.config.Limits.Idle, Time: s.config.Limits.Idle}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	}
	if s.config.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(s.config.TLS.Clone())))
	}
	g := grpc.NewServer(options...)
	g.RegisterService(s.serviceDesc(), nil)
	return g
}

// unary is one method: message in, message out.
type unary func(ctx context.Context, in []byte) ([]byte, error)

func (s *Server) serviceDesc() *grpc.ServiceDesc {
	d := &grpc.ServiceDesc{ServiceName: oipgrpc.Service, HandlerType: (*any)(nil), Metadata: "grpc_service.proto"}
	for name, method := range map[string]unary{
		"ServerLive":            s.grpcLive,
		"ServerReady":           s.grpcReady,
		"ModelReady":            s.grpcModelReady,
		"ServerMetadata":        s.grpcServerMetadata,
		"ModelMetadata":         s.grpcModelMetadata,
		"ModelInfer":            s.grpcInfer,
		"ModelConfig":           s.grpcConfig,
		"ModelStatistics":       s.grpcStatistics,
		"RepositoryIndex":       s.grpcIndex,
		"RepositoryModelLoad":   s.grpcLoad,
		"RepositoryModelUnload": s.grpcUnload,
	} {
		d.Methods = append(d.Methods, grpc.MethodDesc{MethodName: name, Handler: s.handler(name, method)})
	}
	d.Streams = []grpc.StreamDesc{{StreamName: "ModelStreamInfer", Handler: s.grpcStream, ServerStreams: true, ClientStreams: true}}
	return d
}

func (s *Server) handler(name string, method unary) grpc.MethodHandler {
	return func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var in oipgrpc.Frame
		if err := decode(&in); err != nil {
			return nil, err
		}
		began := time.Now()
		out, err := s.call(ctx, name, method, in.Bytes)
		code, _, _ := status(err)
		if err == nil {
			code = http.StatusOK
		}
		s.tracer.add(metadataIn(ctx, "traceparent"), "gRPC "+name, began, code)
		s.traffic.last.add(Seen{Time: time.Now(), Method: "gRPC", Path: name, Status: code, Took: time.Since(began), Bytes: len(out)})
		s.config.Log.Info("request", "method", "gRPC", "path", name, "status", code, "milliseconds", since(began), "bytes", len(out))
		if err != nil {
			return nil, grpcError(err)
		}
		return &oipgrpc.Frame{Bytes: out}, nil
	}
}

// call admits one request and runs its method; a panic becomes an error.
func (s *Server) call(ctx context.Context, name string, method unary, in []byte) (out []byte, err error) {
	s.traffic.active.Add(1)
	defer s.traffic.active.Add(-1)
	defer func() {
		if p := recover(); p != nil {
			s.config.Log.Error("request panicked", "path", name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errors.New("internal error")
		}
	}()
	if ctx, err = s.admitGRPC(ctx, name); err != nil {
		return nil, err
	}
	if !s.traffic.budget.take(int64(len(in))) {
		return nil, fmt.Errorf("%w: too many large requests at once", ErrOverloaded)
	}
	defer s.traffic.budget.give(int64(len(in)))
	return method(ctx, in)
}

// metadataIn is a caller's metadata, "" where it sent none of that key.
func metadataIn(ctx context.Context, key string) string {
	md, _ := metadata.FromIncomingContext(ctx)
	if v := md.Get(key); len(v) > 0 {
		return v[0]
	}
	return ""
}

func (s *Server) admitGRPC(ctx context.Context, name string) (context.Context, error) {
	if name == "ServerLive" || name == "ServerReady" {
		return ctx, nil
	}
	key, err := s.authenticate(metadataIn(ctx, "authorization"), metadataIn(ctx, "x-api-key"))
	if err != nil {
		return ctx, err
	}
	if key != nil && !key.allow(time.Now()) {
		return ctx, &statusError{status: http.StatusTooManyRequests, text: "this key's rate limit is used up"}
	}
	return withKey(ctx, key), nil
}

// grpcError gives an error its gRPC code.
func grpcError(err error) error {
	code, text, _ := status(err)
	byStatus := map[int]codes.Code{
		http.StatusBadRequest: codes.InvalidArgument, http.StatusNotFound: codes.NotFound,
		http.StatusUnauthorized: codes.Unauthenticated, http.StatusForbidden: codes.PermissionDenied,
		http.StatusTooManyRequests: codes.ResourceExhausted, http.StatusRequestEntityTooLarge: codes.ResourceExhausted,
		http.StatusServiceUnavailable: codes.Unavailable, http.StatusGatewayTimeout: codes.DeadlineExceeded,
		499: codes.Canceled,
	}
	if c, ok := byStatus[code]; ok {
		return grpcstatus.Error(c, text)
	}
	if errors.Is(err, oipgrpc.ErrMessage) {
		return grpcstatus.Error(codes.InvalidArgument, err.Error())
	}
	return grpcstatus.Error(codes.Internal, text)
}

func (s *Server) grpcLive(context.Context, []byte) ([]byte, error) { return oipgrpc.Flag(true), nil }

func (s *Server) grpcReady(context.Context, []byte) ([]byte, error) {
	return oipgrpc.Flag(!s.draining.Load()), nil
}

func (s *Server) grpcServerMetadata(context.Context, []byte) ([]byte, error) {
	return oipgrpc.ServerMetadata("athanor", s.config.Version, extensions()), nil
}

// with finds the version that a message names.
func (s *Server) with(ctx context.Context, in []byte, fn func(*version) []byte) ([]byte, error) {
	id, err := oipgrpc.DecodeModelID(in)
	if err != nil {
		return nil, err
	}
	v, err := s.use(ctx, id.Name, id.Version)
	if err != nil {
		return nil, err
	}
	defer v.release()
	return fn(v), nil
}

func (s *Server) grpcModelReady(ctx context.Context, in []byte) ([]byte, error) {
	out, err := s.with(ctx, in, func(*version) []byte { return oipgrpc.Flag(true) })
	if errors.Is(err, ErrUnknown) {
		return oipgrpc.Flag(false), nil
	}
	return out, err
}

func (s *Server) grpcModelMetadata(ctx context.Context, in []byte) ([]byte, error) {
	return s.with(ctx, in, func(v *version) []byte {
		m := oipgrpc.ModelMetadata{
			Name: v.model, Versions: s.models.versions(v.model), Platform: "onnxruntime_onnx",
			Inputs: grpcPorts(v.runner.Inputs(), false), Outputs: grpcPorts(v.runner.Outputs(), false),
			Properties: properties(v.runner),
		}
		return m.Append(nil)
	})
}

func grpcPorts(ports []model.Port, batched bool) []oipgrpc.TensorMetadata {
	list := make([]oipgrpc.TensorMetadata, len(ports))
	for i, p := range ports {
		shape := protocolShape(p)
		if batched {
			shape = shape[1:]
		}
		list[i] = oipgrpc.TensorMetadata{Name: p.Name, Type: p.Type, Shape: shape}
	}
	return list
}

func (s *Server) grpcConfig(ctx context.Context, in []byte) ([]byte, error) {
	return s.with(ctx, in, func(v *version) []byte {
		batched := v.batcher.joinable.Load()
		c := oipgrpc.Config{Name: v.model, Inputs: grpcPorts(v.runner.Inputs(), batched), Outputs: grpcPorts(v.runner.Outputs(), batched)}
		if batched {
			c.MaxRows = v.batcher.batching.MaxRows
		}
		return c.Append(nil)
	})
}

func (s *Server) grpcStatistics(ctx context.Context, in []byte) ([]byte, error) {
	return s.with(ctx, in, func(v *version) []byte {
		st := v.stats
		requests, failures := st.requests.Load(), st.failures.Load()
		return oipgrpc.AppendStatistics(nil, []oipgrpc.Statistics{{
			Name: v.model, Version: v.id, Rows: st.rows.Load(), Runs: st.runs.Load(),
			Success: oipgrpc.Duration{Count: requests - failures, Nanoseconds: st.waited.Load() + st.computed.Load()},
			Fail:    oipgrpc.Duration{Count: failures},
			Queue:   oipgrpc.Duration{Count: requests - failures, Nanoseconds: st.waited.Load()},
			Compute: oipgrpc.Duration{Count: requests - failures, Nanoseconds: st.computed.Load()},
		}})
	})
}

func (s *Server) grpcIndex(ctx context.Context, in []byte) ([]byte, error) {
	ready, err := oipgrpc.DecodeIndexRequest(in)
	if err != nil {
		return nil, err
	}
	list, err := s.index(ctx, ready)
	if err != nil {
		return nil, err
	}
	entries := make([]oipgrpc.IndexEntry, len(list))
	for i, e := range list {
		entries[i] = oipgrpc.IndexEntry(e)
	}
	return oipgrpc.AppendIndex(nil, entries), nil
}

func (s *Server) grpcLoad(ctx context.Context, in []byte) ([]byte, error) {
	name, err := oipgrpc.DecodeRepositoryRequest(in)
	if err != nil {
		return nil, err
	}
	return nil, s.load(ctx, name)
}

func (s *Server) grpcUnload(ctx context.Context, in []byte) ([]byte, error) {
	name, err := oipgrpc.DecodeRepositoryRequest(in)
	if err != nil {
		return nil, err
	}
	return nil, s.unload(ctx, name)
}

func (s *Server) grpcInfer(ctx context.Context, in []byte) ([]byte, error) {
	req, err := oipgrpc.DecodeInferRequest(in, s.limits())
	if err != nil {
		return nil, err
	}
	v, err := s.use(ctx, req.Model, req.Version)
	if err != nil {
		return nil, err
	}
	defer v.release()
	began := time.Now()
	res, err := s.inferRequest(ctx, v, &req.Request)
	v.stats.request(time.Since(began), err != nil)
	if err != nil {
		return nil, err
	}
	return oipgrpc.AppendInferResponse(nil, res), nil
}

// grpcStream answers the requests of a stream one after another; an error is an
// answer and does not end it.
func (s *Server) grpcStream(_ any, stream grpc.ServerStream) error {
	for {
		var in oipgrpc.Frame
		err := stream.RecvMsg(&in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		began := time.Now()
		out, err := s.call(stream.Context(), "ModelStreamInfer", s.grpcInfer, in.Bytes)
		code, text := http.StatusOK, ""
		if err != nil {
			code, text, _ = status(err)
		}
		s.tracer.add(metadataIn(stream.Context(), "traceparent"), "gRPC ModelStreamInfer", began, code)
		if err := stream.SendMsg(&oipgrpc.Frame{Bytes: oipgrpc.AppendStreamResponse(nil, text, out)}); err != nil {
			return err
		}
	}
}
