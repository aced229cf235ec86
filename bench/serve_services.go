package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"athanor/inference/serve"
	"athanor/inference/serve/oip"
)

// service is a service in a process of its own.
type service struct {
	addr string
	stop func()
}

// startAthanor serves one model as the command does.
func (b *bench) startAthanor(ctx context.Context, path string) (service, error) {
	web, _, err := freePorts()
	if err != nil {
		return service{}, err
	}
	stop, err := background(ctx, nil, "http://"+web+"/v2/health/ready", b.athanor, "serve", "--addr", web, "--quiet", "mlp="+path)
	return service{web, stop}, err
}

func (b *bench) startFastAPI(ctx context.Context, path, workers string) (service, error) {
	web, _, err := freePorts()
	if err != nil {
		return service{}, err
	}
	host, port, _ := net.SplitHostPort(web)
	dir := filepath.Join(b.root, "bench", "peers", "serve")
	stop, err := background(ctx, []string{"MODEL=" + path, "THREADS=1"}, "http://"+web+"/v2/health/ready",
		filepath.Join(dir, ".venv", "bin", "python"), "-m", "uvicorn", "--app-dir", dir, "--host", host, "--port", port,
		"--workers", workers, "--log-level", "warning", "--no-access-log", "fastapi_app:app")
	return service{web, stop}, err
}

// startBare starts this program again as a bare handler, see serveBare.
func startBare(ctx context.Context, kind string) (service, error) {
	web, _, err := freePorts()
	if err != nil {
		return service{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return service{}, err
	}
	stop, err := background(ctx, nil, "http://"+web, self, "-bare", kind, "-addr", web)
	return service{web, stop}, err
}

// serveBare runs a handler that only decodes the body, until ctx ends: with
// encoding/json, or with the service's own decoder.
func serveBare(ctx context.Context, kind, addr string) error {
	decode := map[string]http.HandlerFunc{"standard": decodeStandard, "own": decodeOwn}[kind]
	if decode == nil {
		return fmt.Errorf("there is no bare handler %q: use standard or own", kind)
	}
	defer serve.Tune()() // as the service has it
	server := &http.Server{Addr: addr, ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost { // else it is asked whether it is there
			decode(w, r)
		}
	})}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.ListenAndServe(); ctx.Err() == nil {
		return fmt.Errorf("serve the bare handler: %w", err)
	}
	return nil
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
