package serve_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"athanor/inference/serve"
	"athanor/inference/serve/oipgrpc"
)

func TestTracesReachTheCollector(t *testing.T) {
	got := make(chan map[string]any, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var v map[string]any
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		got <- v
	}))
	defer collector.Close()
	s, err := serve.New(serve.Config{TraceEndpoint: collector.URL + "/", Addr: "127.0.0.1:0", GRPCAddr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(s.GRPCAddr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	traced := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01")
	var frame oipgrpc.Frame
	if err := conn.Invoke(traced, "/"+oipgrpc.Service+"/ServerLive", &oipgrpc.Frame{}, &frame, grpc.ForceCodec(oipgrpc.Codec{})); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	web := httptest.NewServer(s.Handler())
	call(t, "GET", web.URL+"/v2", nil, "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	call(t, "GET", web.URL+"/v2/models/none", nil, "Traceparent", "garbage")
	web.Close()
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	v := <-got
	scope := v["resourceSpans"].([]any)[0].(map[string]any)["scopeSpans"].([]any)[0].(map[string]any)
	spans := scope["spans"].([]any)
	if len(spans) != 3 {
		t.Fatalf("got %v", spans)
	}
	rpc, first, second := spans[0].(map[string]any), spans[1].(map[string]any), spans[2].(map[string]any)
	if rpc["traceId"] != "1af7651916cd43dd8448eb211c80319c" || rpc["parentSpanId"] != "c7ad6b7169203331" || rpc["name"] != "gRPC ServerLive" {
		t.Errorf("got %v", rpc)
	}
	if first["traceId"] != "0af7651916cd43dd8448eb211c80319c" || first["parentSpanId"] != "b7ad6b7169203331" || first["name"] != "GET /v2" {
		t.Errorf("got %v", first)
	}
	if id, _ := second["traceId"].(string); len(id) != 32 || second["parentSpanId"] != "" || second["endTimeUnixNano"].(string) < second["startTimeUnixNano"].(string) {
		t.Errorf("got %v", second)
	}
}

func TestADeadCollectorChangesNothing(t *testing.T) {
	s, err := serve.New(serve.Config{TraceEndpoint: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3000 { // more than may wait
		r := httptest.NewRecorder()
		s.Handler().ServeHTTP(r, httptest.NewRequest(http.MethodGet, "http://localhost/v2", nil))
		if r.Code != http.StatusOK {
			t.Fatal(r.Code)
		}
	}
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
