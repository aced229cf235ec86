package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"athanor/inference/model"
	"athanor/inference/serve"
	"athanor/inference/serve/builtin"
)

// drainTime is how long requests under way may take after SIGTERM.
const drainTime = 30 * time.Second

type serveFlags struct {
	addr, grpcAddr, keyFile, repository, device string
	certFile, certKey, traces                   string
	noTLS, sentiment, faces, quiet              bool
	maxBatch, queue, threads                    int
	maxDelay                                    time.Duration
	hosts, origins                              []string
	options                                     model.Options
}

// newServe is the command `athanor serve`.
func newServe() *cobra.Command {
	var f serveFlags
	command := &cobra.Command{
		Use:   "serve [[NAME=]MODEL…]",
		Short: "Serve models over HTTP and gRPC with the Open Inference Protocol v2",
		Long: "Serve ONNX models, or the models of runs, to programs on this machine: with the\n" +
			"Open Inference Protocol v2 that Triton and KServe speak, and a simple face at\n" +
			"/v1/classify/NAME. The page at the address lets you try them. SIGTERM and Ctrl+C\n" +
			"answer what is under way and end.\n\n" +
			"An address other than loopback needs --key-file; a missing file is made, with one\n" +
			"key that is shown once. Its traffic is encrypted, with a certificate of its own\n" +
			"unless you give one.",
		Example: "  athanor serve runs/2026-11-23-digits\n" +
			"  athanor serve digits=model.onnx --addr 127.0.0.1:8000 --grpc-addr 127.0.0.1:8001\n" +
			"  athanor serve --repository models --addr 0.0.0.0:8443 --key-file keys.json",
		RunE: func(cmd *cobra.Command, args []string) error { return runServe(cmd, args, f) },
	}
	f.register(command)
	return command
}

func (f *serveFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.addr, "addr", "127.0.0.1:8000", "where HTTP listens")
	flags.StringVar(&f.grpcAddr, "grpc-addr", "", "where gRPC listens, such as 127.0.0.1:8001; empty: nowhere")
	flags.StringVar(&f.keyFile, "key-file", "", "file of keys (hashes only), asked of every client")
	flags.StringVar(&f.repository, "repository", "", "folder of models that clients may load by name")
	flags.StringVar(&f.certFile, "tls-cert", "", "certificate (PEM)")
	flags.StringVar(&f.certKey, "tls-key", "", "key of the certificate (PEM)")
	flags.BoolVar(&f.noTLS, "no-tls", false, "do not encrypt: only behind a proxy that does")
	flags.BoolVar(&f.sentiment, "sentiment", false, "also answer /v1/sentiment")
	flags.BoolVar(&f.faces, "faces", false, "also answer /v1/faces")
	flags.BoolVar(&f.quiet, "quiet", false, "write no line for each request")
	flags.IntVar(&f.maxBatch, "max-batch", 64, "rows run at once; 1 turns batching off")
	flags.DurationVar(&f.maxDelay, "max-delay", serve.Adaptive, "how long to wait for a fuller batch; negative: only while more is on its way")
	flags.IntVar(&f.queue, "queue", 256, "requests that may wait for one model; more are refused at once")
	flags.IntVar(&f.threads, "threads", max(1, runtime.NumCPU()/2), "threads of one model")
	deviceFlag(command, &f.device)
	flags.StringVar(&f.traces, "otlp-endpoint", os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"), "where OpenTelemetry traces go (OTLP over HTTP), such as http://127.0.0.1:4318")
	flags.StringSliceVar(&f.hosts, "host", nil, "further names this machine is called by")
	flags.StringSliceVar(&f.origins, "origin", nil, "web pages' origins that may call, such as https://example.org")
}

func runServe(cmd *cobra.Command, args []string, f serveFlags) error {
	if len(args) == 0 && f.repository == "" && !f.sentiment && !f.faces {
		return errors.New("nothing to serve: name a model, or give --repository, --sentiment or --faces")
	}
	var err error
	if f.options, err = modelOptions(cmd, f.threads, f.device); err != nil {
		return err
	}
	config, done, err := f.config(cmd)
	if err != nil {
		return err
	}
	defer done()
	defer serve.Tune()()
	server, err := serve.New(config)
	if err != nil {
		return err
	}
	if err := f.add(server, args); err != nil {
		return errors.Join(err, server.Stop(cmd.Context()))
	}
	if err := server.Start(); err != nil {
		return errors.Join(err, server.Stop(cmd.Context()))
	}
	announce(cmd.OutOrStdout(), server, config.TLS != nil)
	return untilDone(cmd.Context(), cmd.OutOrStdout(), server)
}

// untilDone serves until ctx ends or a listener fails, then drains.
func untilDone(ctx context.Context, out io.Writer, server *serve.Server) error {
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-server.Ended():
	}
	fmt.Fprintln(out, "answering what is under way …")
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	return errors.Join(failed, server.Stop(end))
}

func (f *serveFlags) add(server *serve.Server, args []string) error {
	for _, arg := range args {
		file, err := serve.ParseModelFile(arg)
		if err != nil {
			return err
		}
		m, err := file.Open(f.options)
		if err != nil {
			return err
		}
		if err := server.Add(file.Name, file.Version, m); err != nil {
			m.Close()
			return fmt.Errorf("%w; give it another name: NAME=%s", err, file.Path)
		}
	}
	return nil
}

// config turns the flags into the service's; done frees what it opened.
func (f *serveFlags) config(cmd *cobra.Command) (c serve.Config, done func(), err error) {
	c = serve.Config{
		Addr: f.addr, GRPCAddr: f.grpcAddr, Hosts: f.hosts, Origins: f.origins, Plain: f.noTLS, TraceEndpoint: f.traces, Version: cmd.Root().Version,
		Batching: serve.Batching{MaxRows: f.maxBatch, Delay: f.maxDelay, Queue: f.queue},
	}
	if !f.quiet {
		c.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	}
	if f.repository != "" {
		c.Repository = serve.Folder{Path: f.repository, Options: f.options}
	}
	if f.keyFile != "" {
		if c.Keys, err = keys(cmd.OutOrStdout(), f.keyFile); err != nil {
			return c, nil, err
		}
	}
	if c.TLS, err = f.tls(cmd.OutOrStdout(), c.Keys != nil); err != nil {
		return c, nil, err
	}
	done, err = f.builtins(cmd.ErrOrStderr(), &c)
	return c, done, err
}

func (f *serveFlags) builtins(stderr io.Writer, c *serve.Config) (func(), error) {
	closers := []func(){}
	done := func() {
		for _, end := range closers {
			end()
		}
	}
	if f.sentiment {
		answer, end, missing := builtin.Sentiment()
		if missing != nil {
			fmt.Fprintln(stderr, "athanor: sentiment by lexicon only:", missing)
		}
		c.Sentiment, closers = answer, append(closers, end)
	}
	if f.faces {
		answer, end, err := builtin.Faces(modelDir(), f.threads)
		if err != nil {
			done()
			return nil, err
		}
		c.Faces, closers = answer, append(closers, end)
	}
	return done, nil
}

// keys opens a key file, or makes one and shows its key this once.
func keys(out io.Writer, path string) (*serve.Keys, error) {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return serve.LoadKeys(path)
	}
	key, secret, err := serve.NewKey("default")
	if err != nil {
		return nil, err
	}
	list := &serve.Keys{}
	list.Add(key)
	if err := list.Save(path); err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "new key, shown this once: %s\n", secret)
	return list, nil
}

// tls loads the certificate, or makes one where others can reach the service.
func (f *serveFlags) tls(out io.Writer, keyed bool) (*tls.Config, error) {
	if f.certFile != "" || f.certKey != "" {
		return serve.LoadTLS(f.certFile, f.certKey)
	}
	host, _, err := net.SplitHostPort(f.addr)
	if err != nil {
		return nil, fmt.Errorf("--addr: %w", err)
	}
	ip := net.ParseIP(host)
	if f.noTLS || !keyed || host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return nil, nil
	}
	config, fingerprint, err := serve.GenerateTLS(append(f.hosts, host)...)
	if err == nil {
		fmt.Fprintf(out, "certificate made for this run, SHA-256 %s\n", fingerprint)
	}
	return config, err
}

func announce(out io.Writer, server *serve.Server, encrypted bool) {
	scheme := "http"
	if encrypted {
		scheme = "https"
	}
	snap := server.Snapshot()
	fmt.Fprintf(out, "serving at %s://%s\n", scheme, snap.Addr)
	if snap.GRPCAddr != "" {
		fmt.Fprintf(out, "gRPC at %s\n", snap.GRPCAddr)
	}
	for _, m := range snap.Models {
		fmt.Fprintf(out, "  %s  %s://%s/v2/models/%s\n", m.Name, scheme, snap.Addr, m.Name)
	}
}
