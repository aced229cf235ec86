package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"athanor/inference/model"
	"athanor/inference/serve/oip"
)

// traffic counts what is not of one model.
type traffic struct {
	refused atomic.Int64 // connections over the limit
	active  atomic.Int64 // requests under way
	budget  budget
	codes   codeCounter
	last    recent
}

// budget bounds the bytes of all bodies in memory.
type budget struct {
	used  atomic.Int64
	limit int64
}

func (b *budget) take(n int64) bool {
	if b.used.Add(n) > b.limit {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }

// recorder remembers the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int
}

// WriteHeader remembers the status.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.ResponseWriter.Write(b)
	r.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// guard stands before every route: it checks who asks and from where, turns a
// panic into an answer, and writes one line of log without payloads.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		s.traffic.active.Add(1)
		defer func() {
			if p := recover(); p != nil {
				s.config.Log.Error("request panicked", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				fail(rec, http.StatusInternalServerError, "internal error")
			}
			s.traffic.active.Add(-1)
			s.note(r, rec, time.Since(began))
		}()
		if err := s.admit(rec, r); err != nil {
			s.answerError(rec, err)
			return
		}
		next.ServeHTTP(rec, r)
	})
}

func (s *Server) note(r *http.Request, rec *recorder, took time.Duration) {
	s.traffic.codes.count(rec.status)
	s.tracer.add(r.Header.Get("Traceparent"), r.Method+" "+r.URL.Path, time.Now().Add(-took), rec.status)
	s.traffic.last.add(Seen{Time: time.Now(), Method: r.Method, Path: r.URL.Path, Status: rec.status, Took: took, Bytes: rec.bytes})
	if s.config.Log.Enabled(r.Context(), slog.LevelInfo) {
		s.config.Log.Info("request", "method", r.Method, "path", r.URL.Path, "status", rec.status,
			"milliseconds", float64(took.Microseconds())/1000, "bytes", rec.bytes, "from", r.RemoteAddr)
	}
}

// statusError is an error with its own HTTP status.
type statusError struct {
	status int
	text   string
	retry  bool
}

func (e *statusError) Error() string { return e.text }

func (s *Server) admit(w http.ResponseWriter, r *http.Request) error {
	key, err := s.authenticate(r.Header.Get("Authorization"), r.Header.Get("X-Api-Key"))
	open := isOpen(r.URL.Path)
	if !s.config.asksKey() && !s.knownHost(r.Host) {
		return &statusError{status: http.StatusForbidden, text: fmt.Sprintf("host %q is not this service; allow it with --host", r.Host)}
	}
	if err := s.checkOrigin(w, r); err != nil {
		return err
	}
	if r.Method == http.MethodOptions || open {
		return nil
	}
	if err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		return err
	}
	if key != nil && !key.allow(time.Now()) {
		return &statusError{status: http.StatusTooManyRequests, text: "this key's rate limit is used up", retry: true}
	}
	*r = *r.WithContext(withKey(r.Context(), key))
	return nil
}

// isOpen lists what needs no key: health, for load balancers, and the pages
// that explain the service.
func isOpen(path string) bool {
	return path == "/" || path == "/openapi.json" || strings.HasPrefix(path, "/v2/health/")
}

// knownHost defends a service without keys against DNS rebinding: a page whose
// name was pointed at this machine still sends its own name.
func (s *Server) knownHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if ip := net.ParseIP(host); ip != nil {
		return true // no name, so nothing to rebind
	}
	return strings.EqualFold(host, "localhost") || slices.ContainsFunc(s.config.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// checkOrigin refuses calls from web pages of other origins, which browsers
// mark, and answers those that are allowed.
func (s *Server) checkOrigin(w http.ResponseWriter, r *http.Request) error {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	if _, host, ok := strings.Cut(origin, "://"); ok && host == r.Host {
		return nil
	}
	if !slices.Contains(s.config.Origins, origin) {
		return &statusError{status: http.StatusForbidden, text: fmt.Sprintf("web pages from %q may not call this service; allow them with --origin", origin)}
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Vary", "Origin")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Api-Key, "+oip.HeaderLength)
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Expose-Headers", oip.HeaderLength)
	return nil
}

// status finds the HTTP status of an error and what may be told of it.
func status(err error) (code int, text string, retry bool) {
	var own *statusError
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &own):
		return own.status, own.text, own.retry
	case errors.Is(err, ErrUnknown):
		return http.StatusNotFound, "Request for " + err.Error(), false
	case errors.Is(err, ErrOverloaded), errors.Is(err, ErrDraining):
		return http.StatusServiceUnavailable, err.Error(), true
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "the request's time was up", false
	case errors.Is(err, context.Canceled):
		return 499, "the client left", false
	case errors.As(err, &long):
		return http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", long.Limit), false
	case errors.Is(err, oip.ErrTooLarge):
		return http.StatusRequestEntityTooLarge, err.Error(), false
	case errors.Is(err, oip.ErrRequest), errors.Is(err, model.ErrInput), errors.Is(err, model.ErrTask), errors.Is(err, model.ErrForeign):
		return http.StatusBadRequest, err.Error(), false
	case errors.Is(err, ErrRun):
		return http.StatusInternalServerError, "the model failed on this input; the service's log says why", false
	}
	return http.StatusInternalServerError, "internal error", false
}

func (s *Server) answerError(w http.ResponseWriter, err error) {
	code, text, retry := status(err)
	if code == http.StatusInternalServerError {
		s.config.Log.Error("request failed", "error", err)
	}
	if retry {
		w.Header().Set("Retry-After", "1")
	}
	fail(w, code, text)
}

// fail writes the protocol's error shape.
func fail(w http.ResponseWriter, code int, text string) {
	writeJSON(w, code, struct {
		Error string `json:"error"`
	}{text})
}
