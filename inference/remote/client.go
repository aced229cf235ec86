// Package remote is the client of a model service that speaks the Open
// Inference Protocol version 2 over HTTP: the studio's own, Triton, KServe and
// others. A model of such a service is used like one of this machine. It knows
// no screen.
package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"athanor/inference/serve/oip"
)

// maxAnswer bounds what one answer may take.
const maxAnswer = 1 << 30

// Errors of a Client.
var (
	ErrAddress     = errors.New("not the address of a model service")
	ErrUnreachable = errors.New("the model service cannot be reached")
	ErrCertificate = errors.New("the service's certificate is not the expected one")
	ErrAnswer      = errors.New("the answer cannot be used")
)

// Error is an answer of the service that is an error.
type Error struct {
	Status int
	Text   string
}

// Error says what the service said.
func (e *Error) Error() string { return fmt.Sprintf("the service answered %d: %s", e.Status, e.Text) }

// Options of a Client.
type Options struct {
	Key string // sent as bearer token
	// Fingerprint is the SHA-256 of a certificate that nobody vouches for, in
	// hexadecimal; it is then the only one that is accepted.
	Fingerprint string
	Timeout     time.Duration // of one request; 0: 60 s
	Connections int           // kept open; 0: 64
}

// Client speaks to one service. It is safe for concurrent use.
type Client struct {
	base string
	key  string
	http *http.Client
}

// New makes a client for an address such as http://127.0.0.1:8000; without a
// scheme it is http. It does not connect yet.
func New(address string, o Options) (*Client, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("%w: %q; write it like http://127.0.0.1:8000", ErrAddress, address)
	}
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		MaxIdleConns:        max(o.Connections, 64),
		MaxIdleConnsPerHost: max(o.Connections, 64),
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true,
		TLSClientConfig:     pinned(o.Fingerprint),
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = time.Minute
	}
	return &Client{base: strings.TrimSuffix(u.String(), "/"), key: o.Key, http: &http.Client{Transport: transport, Timeout: timeout}}, nil
}

// pinned accepts exactly one certificate, or those the system trusts.
func pinned(fingerprint string) *tls.Config {
	if fingerprint == "" {
		return nil
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // the certificate itself is compared below
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) > 0 {
				sum := sha256.Sum256(raw[0])
				if strings.EqualFold(hex.EncodeToString(sum[:]), strings.ReplaceAll(fingerprint, ":", "")) {
					return nil
				}
			}
			return ErrCertificate
		},
	}
}

// Close lets idle connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// do sends a request and reads the answer whole; header is the number of JSON
// bytes of the answer, -1 when all is JSON.
func (c *Client) do(ctx context.Context, method, path string, body []byte, jsonBytes int) (answer []byte, header int, err error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	r.Header.Set("Content-Type", "application/json")
	if jsonBytes >= 0 {
		r.Header.Set("Content-Type", "application/octet-stream")
		r.Header.Set(oip.HeaderLength, strconv.Itoa(jsonBytes))
	}
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	res, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		return nil, 0, fmt.Errorf("%w: %w; is it running, and is the address right?", ErrUnreachable, err)
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("%w: %w", ErrUnreachable, err)
	case len(answer) > maxAnswer:
		return nil, 0, fmt.Errorf("%w: it has more than %d bytes", ErrAnswer, maxAnswer)
	case res.StatusCode >= 300:
		return nil, 0, &Error{res.StatusCode, errorText(answer)}
	}
	return answer, headerLength(res.Header), nil
}

func headerLength(h http.Header) int {
	n, err := strconv.Atoi(h.Get(oip.HeaderLength))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// errorText finds the message in the protocol's error shape, or shortens
// whatever came instead.
func errorText(body []byte) string {
	var e struct{ Error, Detail string }
	if json.Unmarshal(body, &e) == nil && e.Error+e.Detail != "" {
		return e.Error + e.Detail
	}
	return strings.TrimSpace(string(body[:min(len(body), 200)]))
}

// get reads a small JSON answer into v.
func (c *Client) get(ctx context.Context, method, path string, body []byte, v any) error {
	answer, _, err := c.do(ctx, method, path, body, -1)
	if err != nil {
		return err
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(answer, v); err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return nil
}

// Server is what a service says of itself.
type Server struct {
	Name       string
	Version    string
	Extensions []string
}

// Server asks the service who it is.
func (c *Client) Server(ctx context.Context) (s Server, err error) {
	return s, c.get(ctx, http.MethodGet, "/v2", nil, &s)
}

// Ready says whether the service takes requests; an error is that it cannot be
// reached.
func (c *Client) Ready(ctx context.Context) (bool, error) {
	err := c.get(ctx, http.MethodGet, "/v2/health/ready", nil, nil)
	if _, answered := errors.AsType[*Error](err); answered {
		return false, nil
	}
	return err == nil, err
}

// Entry is one model of a service.
type Entry struct{ Name, Version, State, Reason string }

// Models lists the models of the service.
func (c *Client) Models(ctx context.Context) (list []Entry, err error) {
	return list, c.get(ctx, http.MethodPost, "/v2/repository/index", []byte("{}"), &list)
}

// Load asks the service to load a model of its repository.
func (c *Client) Load(ctx context.Context, name string) error {
	return c.get(ctx, http.MethodPost, "/v2/repository/models/"+url.PathEscape(name)+"/load", []byte("{}"), nil)
}

// Unload asks the service to unload a model.
func (c *Client) Unload(ctx context.Context, name string) error {
	return c.get(ctx, http.MethodPost, "/v2/repository/models/"+url.PathEscape(name)+"/unload", []byte("{}"), nil)
}

// modelPath is the address of a model, of its latest version where version is empty.
func modelPath(name, version string) string {
	path := "/v2/models/" + url.PathEscape(name)
	if version != "" {
		path += "/versions/" + url.PathEscape(version)
	}
	return path
}

// Infer runs a request. Tensors marked Binary travel as such.
func (c *Client) Infer(ctx context.Context, name, version string, req *oip.Request) (*oip.Response, error) {
	body, header, err := oip.AppendRequest(nil, req)
	if err != nil {
		return nil, fmt.Errorf("infer: %w", err)
	}
	answer, header, err := c.do(ctx, http.MethodPost, modelPath(name, version)+"/infer", body, header)
	if err != nil {
		return nil, err
	}
	res, err := oip.DecodeResponse(answer, header, oip.DefaultLimits())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return res, nil
}

// Raw posts a whole request for a model as JSON and returns the answer as it
// came.
func (c *Client) Raw(ctx context.Context, name string, body []byte) ([]byte, error) {
	answer, _, err := c.do(ctx, http.MethodPost, modelPath(name, "")+"/infer", body, -1)
	return answer, err
}
