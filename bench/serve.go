package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"athanor/inference/model"
	"athanor/inference/serve"
	"athanor/inference/serve/oip"
)

// lapTime is how long each measurement of the service takes.
const lapTime = 3 * time.Second

// connections is how many ask at once.
const connections = 32

// serving measures the model service: the real Triton client against it, beside
// FastAPI and a bare handler, binary beside JSON, batching on and off. Client and
// service share the machine's cores.
func serving(ctx context.Context, b *bench) (section, error) {
	s := section{
		title: "Model service",
		text: fmt.Sprintf("Loopback, %d connections that ask again as soon as they are answered, client and service on the same "+
			"%d processors. The client is the same for all: prepared bytes on a raw connection.", connections, b.threads),
	}
	defer serve.Tune()() // as `athanor serve` does; the bare handlers have it too
	dir := filepath.Join(b.work, "serve")
	files, err := writeServeModels(dir)
	if err != nil {
		return s, err
	}
	for _, part := range []func(context.Context, *bench, map[string]string) (table, error){
		tritonClient, besideOthers, halfLoad, jsonAndBinary, batchingTable,
	} {
		t, err := part(ctx, b, files)
		if err != nil {
			return s, err
		}
		slog.Info("measured", "serve", t.head[0])
		s.tables = append(s.tables, t)
	}
	return s, nil
}

// served is a service in this process.
type served struct {
	*serve.Server
	addr string
}

func (s served) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = s.Stop(ctx) // the measurement is over
}

// startServed serves one model file with one thread, as the command would on
// two processors.
func startServed(path string, batching serve.Batching) (served, error) {
	s, err := serve.New(serve.Config{Addr: "127.0.0.1:0", Batching: batching})
	if err != nil {
		return served{}, err
	}
	m, err := model.Open(path, model.Options{Threads: 1})
	if err != nil {
		return served{}, err
	}
	if err := s.Add("mlp", "1", m); err != nil {
		return served{}, err
	}
	if err := s.Start(); err != nil {
		return served{}, err
	}
	return served{s, s.Addr()}, nil
}

// tritonClient runs NVIDIA's own Python client against the command.
func tritonClient(ctx context.Context, b *bench, files map[string]string) (table, error) {
	t := table{head: []string{"tritonclient exchange", "result"}}
	python := filepath.Join(b.root, "bench", "peers", "serve", ".venv", "bin", "python")
	web, rpc, err := freePorts()
	if err != nil {
		return t, err
	}
	args := []string{"serve", "--addr", web, "--grpc-addr", rpc, "--quiet", "--repository", files["repository"]}
	for name, path := range files {
		if strings.HasPrefix(name, "echo-") {
			args = append(args, name+"="+path)
		}
	}
	stop, err := background(ctx, nil, "http://"+web+"/v2/health/ready", b.athanor, args...)
	if err != nil {
		return t, err
	}
	defer stop()
	out, err := exec.CommandContext(ctx, b.athanor, "export", "triton", "mlp="+files["mlp"], "--out", filepath.Join(b.work, "triton")).CombinedOutput()
	if err != nil {
		return t, fmt.Errorf("export triton: %w\n%s", err, out)
	}
	out, err = exec.CommandContext(ctx, python, filepath.Join(b.root, "bench", "peers", "serve", "check.py"), "--http", web, "--grpc", rpc,
		"--config", filepath.Join(b.work, "triton", "mlp", "config.pbtxt")).CombinedOutput()
	good := strings.Count(string(out), "ok      ")
	failed := strings.Count(string(out), "FAILED  ")
	if err != nil && failed == 0 {
		return t, fmt.Errorf("tritonclient: %w\n%s", err, tail(string(out)))
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "FAILED") {
			t.rows = append(t.rows, []string{strings.TrimSpace(line), "failed"})
		}
	}
	t.rows = append(t.rows, []string{"HTTP and gRPC: lists, loads, every datatype as JSON and binary, streams, errors", fmt.Sprintf("%d right, %d wrong", good, failed)})
	return t, nil
}

func freePorts() (a, b string, err error) {
	var addrs [2]string
	for i := range addrs {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", err
		}
		defer l.Close() // both are held until both are known
		addrs[i] = l.Addr().String()
	}
	return addrs[0], addrs[1], nil
}

// background starts a program and waits until its address answers.
func background(ctx context.Context, env []string, ready, name string, args ...string) (stop func(), err error) {
	command := exec.CommandContext(ctx, name, args...)
	command.Env = append(os.Environ(), env...)
	var errs bytes.Buffer
	command.Stderr = &errs
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	stop = func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait() // it was told to end
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		answer, err := http.Get(ready) //nolint:noctx // loopback, and the loop ends by itself
		if err != nil {
			continue
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return stop, nil
		}
	}
	stop()
	return nil, fmt.Errorf("%s does not answer at %s\n%s", name, ready, tail(errs.String()))
}

// mlpBody asks the MLP about one digit, as JSON.
func mlpBody() []byte {
	var values []string
	for i := range 784 {
		values = append(values, strconv.FormatFloat(float64(i%256)/255, 'g', 6, 32))
	}
	return []byte(`{"inputs":[{"name":"x","shape":[1,784],"datatype":"FP32","data":[` + strings.Join(values, ",") + `]}]}`)
}

// besideOthers compares requests a second on the MNIST MLP.
func besideOthers(ctx context.Context, b *bench, files map[string]string) (table, error) {
	t := table{head: []string{"MNIST MLP, JSON, one digit a request", "requests/s", "p50", "p99", "Athanor is"}}
	request := post(mlpBody(), -1)
	var own, standard, quick, python []blasted
	for range b.rounds {
		s, err := startServed(files["mlp"], serve.Batching{Delay: serve.Adaptive})
		if err != nil {
			return t, err
		}
		own = append(own, blast(ctx, s.addr, request, connections))
		s.stop()
		standard = append(standard, bare(ctx, request, decodeStandard))
		quick = append(quick, bare(ctx, request, decodeOwn))
	}
	for _, workers := range []string{"1", "2"} {
		best, err := fastAPI(ctx, b, files["mlp"], workers, request)
		if err != nil {
			return t, err
		}
		python = append(python, best)
	}
	middle := medianOf(own)
	t.rows = append(t.rows, middle.row("Athanor", ""))
	for _, o := range []struct {
		name string
		r    blasted
		want string
	}{
		{"FastAPI + onnxruntime, 1 worker", python[0], "at least 10"},
		{"FastAPI + onnxruntime, 2 workers", python[1], "at least 10"},
		{"bare net/http, encoding/json decodes, no model", medianOf(standard), "at least 0.6"},
		{"bare net/http, our decoder, no model", medianOf(quick), "at least 0.6"},
	} {
		t.rows = append(t.rows, o.r.row(o.name, fmt.Sprintf("%.2f× (%s)", middle.perSecond/o.r.perSecond, o.want)))
	}
	return t, nil
}

func fastAPI(ctx context.Context, b *bench, path, workers string, request []byte) (blasted, error) {
	web, _, err := freePorts()
	if err != nil {
		return blasted{}, err
	}
	host, port, _ := net.SplitHostPort(web)
	dir := filepath.Join(b.root, "bench", "peers", "serve")
	stop, err := background(ctx, []string{"MODEL=" + path, "THREADS=1"}, "http://"+web+"/v2/health/ready",
		filepath.Join(dir, ".venv", "bin", "python"), "-m", "uvicorn", "--app-dir", dir, "--host", host, "--port", port,
		"--workers", workers, "--log-level", "warning", "--no-access-log", "fastapi_app:app")
	if err != nil {
		return blasted{}, err
	}
	defer stop()
	return blast(ctx, web, request, connections), nil
}

// bare measures a handler that only decodes the body.
func bare(ctx context.Context, request []byte, decode http.HandlerFunc) blasted {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return blasted{}
	}
	server := &http.Server{Handler: decode, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	return blast(ctx, l.Addr().String(), request, connections)
}

func decodeStandard(w http.ResponseWriter, r *http.Request) {
	var v struct {
		Inputs []struct {
			Name, Datatype string
			Shape          []int64
			Data           []float32
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil || len(v.Inputs) != 1 {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	_, _ = w.Write([]byte(`{"ok":true}`))
}

func decodeOwn(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	body.Grow(int(r.ContentLength) + bytes.MinRead)
	if _, err := body.ReadFrom(r.Body); err != nil {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	if _, err := oip.DecodeRequest(body.Bytes(), -1, oip.DefaultLimits()); err != nil {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	_, _ = w.Write([]byte(`{"ok":true}`))
}

// halfLoad measures latencies at half of the peak, evenly spread.
func halfLoad(ctx context.Context, _ *bench, files map[string]string) (table, error) {
	t := table{head: []string{"MNIST MLP at half of its peak", "requests/s", "p50", "p99 (under 5 ms)", ""}}
	s, err := startServed(files["mlp"], serve.Batching{Delay: serve.Adaptive})
	if err != nil {
		return t, err
	}
	defer s.stop()
	request := post(mlpBody(), -1)
	peak := blast(ctx, s.addr, request, connections)
	half := blastAt(ctx, s.addr, request, connections, peak.perSecond/2)
	t.rows = append(t.rows, half.row("evenly spread, latency from when it was due", ""))
	return t, nil
}

// jsonAndBinary compares the two forms of a picture.
func jsonAndBinary(ctx context.Context, _ *bench, files map[string]string) (table, error) {
	t := table{head: []string{"Picture 224×224×3, float32", "requests/s", "p50", "p99", "ratio"}}
	s, err := startServed(files["picture"], serve.Batching{Delay: serve.Adaptive})
	if err != nil {
		return t, err
	}
	defer s.stop()
	values := make([]float32, 224*224*3)
	for i := range values {
		values[i] = float32(i%256) / 255
	}
	var results [2]blasted
	for i, binary := range []bool{false, true} {
		x := oip.Floats("x", []int64{1, 224, 224, 3}, values)
		x.Binary = binary
		body, header, err := oip.AppendRequest(nil, &oip.Request{Inputs: []oip.Tensor{x}})
		if err != nil {
			return t, err
		}
		results[i] = blast(ctx, s.addr, post(body, header), 8)
	}
	t.rows = append(t.rows, results[0].row("JSON", ""),
		results[1].row("binary", fmt.Sprintf("%.1f× (at least 3)", results[1].perSecond/results[0].perSecond)))
	return t, nil
}

// batchingTable compares one row a run with batches.
func batchingTable(ctx context.Context, b *bench, files map[string]string) (table, error) {
	t := table{head: []string{"Batching at 32 connections", "requests/s", "p50", "p99", "ratio"}}
	for _, c := range []struct{ name, file, want string }{
		{"MLP 2048²", "wide", "at least 2"}, {"CNN", "cnn", "at least 1.1"},
	} {
		var one, many []blasted
		for range b.rounds {
			for _, rows := range []int{1, 64} {
				s, err := startServed(files[c.file], serve.Batching{MaxRows: rows, Delay: serve.Adaptive})
				if err != nil {
					return t, err
				}
				got := blast(ctx, s.addr, batchRequest(c.file), connections)
				s.stop()
				if rows == 1 {
					one = append(one, got)
				} else {
					many = append(many, got)
				}
			}
		}
		alone, joined := medianOf(one), medianOf(many)
		t.rows = append(t.rows, alone.row(c.name+", one by one", ""), joined.row(c.name+", batched",
			fmt.Sprintf("%.2f× (%s), p50 %.2f× (at most 2)", joined.perSecond/alone.perSecond, c.want, joined.p50.Seconds()/alone.p50.Seconds())))
	}
	return t, nil
}

func batchRequest(file string) []byte {
	shape, n := []int64{1, 2048}, 2048
	if file == "cnn" {
		shape, n = []int64{1, 1, 28, 28}, 784
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(i%16) / 16
	}
	x := oip.Floats("x", shape, values)
	x.Binary = true
	body, header, _ := oip.AppendRequest(nil, &oip.Request{Inputs: []oip.Tensor{x}}) // floats can always be sent
	return post(body, header)
}
