package serve

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"athanor/inference/serve/oip"
)

//go:embed openapi.json
var openAPI []byte

//go:embed tryit.html
var tryIt []byte

// routes is every address of the service.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	routes := map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /v2/{$}":                               s.serverMetadata,
		"GET /v2":                                   s.serverMetadata,
		"GET /v2/health/live":                       s.live,
		"GET /v2/health/ready":                      s.ready,
		"POST /v2/repository/index":                 s.repositoryIndex,
		"POST /v2/repository/models/{model}/load":   s.repositoryLoad,
		"POST /v2/repository/models/{model}/unload": s.repositoryUnload,
		"GET /v2/models/stats":                      s.modelStatistics,
		"POST /v1/classify/{model}":                 s.classify,
		"GET /metrics":                              s.metrics,
	}
	for _, base := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		routes["GET "+base] = s.modelMetadata
		routes["GET "+base+"/ready"] = s.modelReady
		routes["GET "+base+"/config"] = s.modelConfig
		routes["GET "+base+"/stats"] = s.modelStatistics
		routes["POST "+base+"/infer"] = s.infer
	}
	if s.config.Sentiment != nil {
		routes["POST /v1/sentiment"] = s.sentiment
	}
	if s.config.Faces != nil {
		routes["POST /v1/faces"] = s.faces
	}
	for pattern, handle := range routes {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := handle(w, r); err != nil {
				s.answerError(w, err)
			}
		})
	}
	mux.HandleFunc("GET /openapi.json", page("application/json", openAPI))
	mux.HandleFunc("GET /{$}", page("text/html; charset=utf-8", tryIt))
	mux.Handle("/", elsewhere(mux))
	return mux
}

func page(kind string, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'")
		_, _ = w.Write(content) // the client left
	}
}

// elsewhere answers what no route does, in the protocol's shape, and preflights
// of allowed pages.
func elsewhere(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "" && pattern != "/" {
				w.Header().Set("Allow", method)
				fail(w, http.StatusMethodNotAllowed, fmt.Sprintf("use %s, not %s", method, r.Method))
				return
			}
		}
		fail(w, http.StatusNotFound, "nothing is served at this address; see /openapi.json")
	}
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		code, text = http.StatusInternalServerError, []byte(`{"error":"internal error"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_, _ = w.Write(text) // the client left
}

// body reads a whole body within the limits, unpacked. release gives its bytes
// back once nothing uses them any more.
func (s *Server) body(w http.ResponseWriter, r *http.Request) (data []byte, release func(), err error) {
	most := s.config.Limits.Body
	claim := r.ContentLength
	packed := r.Header.Get("Content-Encoding")
	if claim < 0 || packed != "" {
		claim = most
	}
	if claim > most {
		return nil, nil, &http.MaxBytesError{Limit: most}
	}
	if !s.traffic.budget.take(claim) {
		return nil, nil, fmt.Errorf("%w: too many large requests at once", ErrOverloaded)
	}
	b := s.buffer()
	release = func() {
		s.traffic.budget.give(claim)
		if r.Header.Get(oip.HeaderLength) == "" { // else tensors may still lie in it
			s.recycle(b)
		}
	}
	if err := fill(b, http.MaxBytesReader(w, r.Body, most), packed, most, r.ContentLength); err != nil {
		release()
		return nil, nil, err
	}
	return b.Bytes(), release, nil
}

// buffer returns an empty buffer, used before where there is one.
func (s *Server) buffer() *bytes.Buffer {
	if b, ok := s.buffers.Get().(*bytes.Buffer); ok {
		b.Reset()
		return b
	}
	return &bytes.Buffer{}
}

func (s *Server) recycle(b *bytes.Buffer) {
	if b.Cap() <= 1<<20 {
		s.buffers.Put(b)
	}
}

func fill(b *bytes.Buffer, in io.Reader, packed string, most, claim int64) error {
	var err error
	switch strings.ToLower(packed) {
	case "", "identity":
	case "gzip":
		in, err = gzip.NewReader(in)
	case "deflate":
		in, err = zlib.NewReader(in)
	default:
		return &statusError{status: http.StatusUnsupportedMediaType, text: fmt.Sprintf("content encoding %q is not supported: use gzip or deflate", packed)}
	}
	if err != nil {
		return &statusError{status: http.StatusBadRequest, text: "the body is not packed as it says"}
	}
	b.Grow(int(min(max(claim, 0), 1<<20)) + bytes.MinRead) // not what it claims, but what comes
	n, err := b.ReadFrom(io.LimitReader(in, most+1))
	switch {
	case n > most:
		return &http.MaxBytesError{Limit: most}
	case err != nil && packed != "":
		return &statusError{status: http.StatusBadRequest, text: "the packed body is damaged"}
	case err != nil:
		return readError(err)
	}
	return nil
}

// readError is about a body that did not arrive: nobody but the sender is at fault.
func readError(err error) error {
	if _, ok := err.(*http.MaxBytesError); ok { //nolint:errorlint // as MaxBytesReader returns it
		return err
	}
	return &statusError{status: http.StatusRequestTimeout, text: "the body did not arrive whole"}
}
