package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"athanor/inference/serve/oip"
)

// Server serves models. Models may be added, swapped and removed at any time;
// all methods are safe for concurrent use.
type Server struct {
	config   Config
	models   *registry
	traffic  traffic
	tracer   *tracer // nil without an endpoint
	http     *http.Server
	grpc     *grpc.Server
	draining atomic.Bool
	started  time.Time
	buffers  sync.Pool // of *bytes.Buffer, for bodies

	mu        sync.Mutex
	listeners []net.Listener
	ended     chan error // one entry for each listener
	stopOnce  sync.Once
	stopped   error
}

// New makes a server that does not listen yet. It refuses an address that
// others can reach without keys and encryption.
func New(c Config) (*Server, error) {
	c.setDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &Server{config: c, models: newRegistry(), started: time.Now(), ended: make(chan error, 2)}
	s.traffic.budget.limit = c.Limits.InFlight
	if c.TraceEndpoint != "" {
		s.tracer = newTracer(c.TraceEndpoint, c.Log.Warn)
	}
	s.http = &http.Server{
		Handler:           s.guard(s.routes()),
		ReadHeaderTimeout: min(c.Limits.Read, 10*time.Second),
		ReadTimeout:       c.Limits.Read,
		WriteTimeout:      c.Limits.Read + c.Limits.Timeout + 10*time.Second,
		IdleTimeout:       c.Limits.Idle,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          nil,
	}
	s.http.ErrorLog = quietLog(c.Log)
	if c.GRPCAddr != "" {
		s.grpc = s.newGRPC()
	}
	return s, nil
}

// Handler answers HTTP requests as the server would: for tests and for those
// who bring their own listener.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Add serves a model under a name. The server closes it when it goes.
func (s *Server) Add(name, version string, r Runner) error {
	return s.models.put(name, version, r, s.config.Batching, false)
}

// Swap replaces a version, or adds it: requests under way end with the old one,
// later ones take the new one, none fails. The old one is closed after its last.
func (s *Server) Swap(name, version string, r Runner) error {
	return s.models.put(name, version, r, s.config.Batching, true)
}

// Remove stops serving a version, or all where version is empty; requests under
// way are still answered.
func (s *Server) Remove(name, version string) error { return s.models.remove(name, version) }

// Start listens and returns; requests are answered in the background until Stop.
func (s *Server) Start() error {
	inner, err := listen(s.config.Addr)
	if err != nil {
		return err
	}
	var l net.Listener = newLimitListener(inner, s.config.Limits.Connections, &s.traffic.refused)
	if s.config.TLS != nil {
		own := s.config.TLS.Clone()
		own.NextProtos = []string{"h2", "http/1.1"}
		l = tls.NewListener(l, own)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, l)
	if s.grpc != nil {
		g, err := listen(s.config.GRPCAddr)
		if err != nil {
			return errors.Join(err, inner.Close())
		}
		s.listeners = append(s.listeners, g)
		go func() { s.ended <- s.grpc.Serve(g) }()
	}
	go func() { s.ended <- s.http.Serve(l) }()
	return nil
}

// Addr is where HTTP listens, "" before Start; GRPCAddr likewise.
func (s *Server) Addr() string { return s.addr(0) }

// GRPCAddr is where gRPC listens, "" before Start or without it.
func (s *Server) GRPCAddr() string { return s.addr(1) }

func (s *Server) addr(i int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i >= len(s.listeners) {
		return ""
	}
	return s.listeners[i].Addr().String()
}

// Ended gives one error when a listener failed by itself; Stop does not count.
func (s *Server) Ended() <-chan error { return s.ended }

// Stop drains: it says "not ready", takes no more connections, answers what is
// under way and closes the models, until ctx ends. Later calls return the
// first call's result.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		s.draining.Store(true)
		err := s.http.Shutdown(ctx)
		if s.grpc != nil {
			s.stopGRPC(ctx)
		}
		if err != nil {
			err = errors.Join(fmt.Errorf("drain: %w", err), s.http.Close())
		}
		s.stopped = errors.Join(err, s.models.close(ctx))
		s.tracer.close()
	})
	return s.stopped
}

func (s *Server) stopGRPC(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.grpc.Stop()
		<-done
	}
}

func (s *Server) limits() oip.Limits {
	l := oip.DefaultLimits()
	l.Depth = s.config.Limits.Depth
	return l
}
