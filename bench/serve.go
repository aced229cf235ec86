package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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
			"%d processors. The client is the same for all: prepared bytes on a raw connection. In the first tables every service is a "+
			"process of its own, in the last two it shares one with the client.", connections, b.threads),
	}
	defer serve.Tune()() // as `athanor serve` does
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

// mlpBody asks the MLP about one digit, as JSON.
func mlpBody() []byte {
	var values []string
	for i := range 784 {
		values = append(values, strconv.FormatFloat(float64(i%256)/255, 'g', 6, 32))
	}
	return []byte(`{"inputs":[{"name":"x","shape":[1,784],"datatype":"FP32","data":[` + strings.Join(values, ",") + `]}]}`)
}

// besideOthers compares requests a second on the MNIST MLP. Every service is a
// process of its own.
func besideOthers(ctx context.Context, b *bench, files map[string]string) (table, error) {
	t := table{head: []string{"MNIST MLP, JSON, one digit a request", "requests/s", "p50", "p99", "Athanor is"}}
	request := post(mlpBody(), -1)
	rivals := []struct {
		name, want string
		rounds     int
		start      func() (service, error)
		seen       []blasted
	}{
		{name: "Athanor", rounds: b.rounds, start: func() (service, error) { return b.startAthanor(ctx, files["mlp"]) }},
		{name: "bare net/http, encoding/json decodes, no model", want: "at least 0.6", rounds: b.rounds, start: func() (service, error) { return startBare(ctx, "standard") }},
		{name: "bare net/http, our decoder, no model", want: "at least 0.6", rounds: b.rounds, start: func() (service, error) { return startBare(ctx, "own") }},
		{name: "FastAPI + onnxruntime, 1 worker", want: "at least 10", rounds: 1, start: func() (service, error) { return b.startFastAPI(ctx, files["mlp"], "1") }},
		{name: "FastAPI + onnxruntime, 2 workers", want: "at least 10", rounds: 1, start: func() (service, error) { return b.startFastAPI(ctx, files["mlp"], "2") }},
	}
	for round := range b.rounds {
		for i := range rivals {
			if round >= rivals[i].rounds {
				continue
			}
			s, err := rivals[i].start()
			if err != nil {
				return t, err
			}
			rivals[i].seen = append(rivals[i].seen, blast(ctx, s.addr, request, connections))
			s.stop()
		}
	}
	own := rivals[0].seen
	t.rows = append(t.rows, medianOf(own).row("Athanor", ""))
	for _, r := range rivals[1:] {
		var ratios []float64
		for i, o := range own {
			ratios = append(ratios, o.perSecond/r.seen[min(i, len(r.seen)-1)].perSecond)
		}
		times := func(v float64) string { return fmt.Sprintf("%.2f×", v) }
		t.rows = append(t.rows, medianOf(r.seen).row(r.name, fmt.Sprintf("%s (%s; %s)", times(median(ratios)), spread(ratios, times), r.want)))
	}
	return t, nil
}

// halfRounds is how often half of the peak is measured: a few milliseconds of
// another program are enough to show in the 99th percentile of three seconds.
const halfRounds = 7

// halfLoad measures latencies at half of the peak, evenly spread. The client
// keeps to one processor at a time, as a client that sends so little would.
func halfLoad(ctx context.Context, b *bench, files map[string]string) (table, error) {
	t := table{head: []string{"MNIST MLP at half of its peak", "requests/s", "p50", "p99 (under 5 ms)", ""}}
	s, err := b.startAthanor(ctx, files["mlp"])
	if err != nil {
		return t, err
	}
	defer s.stop()
	request := post(mlpBody(), -1)
	peak, halves := 0.0, []blasted(nil)
	for range b.rounds {
		peak = max(peak, blast(ctx, s.addr, request, connections).perSecond)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range halfRounds {
		halves = append(halves, blastAt(ctx, s.addr, request, connections, peak/2))
	}
	slices.SortFunc(halves, func(a, b blasted) int { return cmp.Compare(a.p99, b.p99) })
	middle := halves[len(halves)/2]
	t.rows = append(t.rows, middle.row(fmt.Sprintf("evenly spread, latency from when it was due; median of %d rounds by p99", halfRounds),
		fmt.Sprintf("the highest peak of %d rounds was %.0f; p99 of the rounds %.2f to %.2f ms", b.rounds, peak, halves[0].p99.Seconds()*1000, halves[len(halves)-1].p99.Seconds()*1000)))
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
