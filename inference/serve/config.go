package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"net"
	"time"
)

// Config says where and how to serve. The zero value listens on the loopback
// interface with sensible limits.
type Config struct {
	Addr     string // of HTTP; empty: 127.0.0.1:8000
	GRPCAddr string // of gRPC; empty: none
	Batching Batching
	Limits   Limits
	// Keys, when set, are asked of every request but health and the pages.
	// Addresses other than loopback need them.
	Keys *Keys
	// KeysOptional asks nobody while Keys is empty; for loopback only.
	KeysOptional bool
	// TLS, when set, encrypts. Addresses other than loopback need it, unless
	// Plain says that something in front does it.
	TLS   *tls.Config
	Plain bool
	// Origins are the web pages' origins that may call, such as
	// https://example.org; others are refused.
	Origins []string
	// Hosts are further names this machine is called by in Host headers.
	Hosts []string
	// Repository gives the models that clients may load by name; nil: none.
	Repository Repository
	// Sentiment and Faces, when set, open /v1/sentiment and /v1/faces.
	Sentiment func(ctx context.Context, text string) (Verdict, error)
	Faces     func(ctx context.Context, picture image.Image) ([]Face, error)
	Log       *slog.Logger // nil: none
	// TraceEndpoint is where traces go (OTLP over HTTP, such as
	// http://127.0.0.1:4318); empty: nowhere.
	TraceEndpoint string
	Version       string
}

// Limits bound what one request and all together may take.
type Limits struct {
	Body        int64         // bytes of a body, unpacked; default 64 MiB
	InFlight    int64         // bytes of all bodies at once; default 8 bodies
	Pixels      int64         // of a picture; default 50 million
	Depth       int           // of JSON; default 32
	Connections int           // open at once; default 1024
	Timeout     time.Duration // of one request; default 30 s
	Read        time.Duration // until a request has arrived; default 30 s
	Idle        time.Duration // between requests; default 60 s
}

// Verdict is an answer of /v1/sentiment.
type Verdict struct {
	Label      string  `json:"label"`
	Score      float64 `json:"score"`                // -1 to 1
	Confidence float64 `json:"confidence,omitempty"` // 0 to 1
	Language   string  `json:"language,omitempty"`
}

// Face is one face in an answer of /v1/faces, in pixels of the picture.
type Face struct {
	Label  string  `json:"label"`
	Score  float64 `json:"score"`
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// Repository gives models by name.
type Repository interface {
	// Names lists the models there are, loaded or not.
	Names(ctx context.Context) ([]string, error)
	// Open opens a model and says which version it is. An unknown name is
	// ErrUnknown.
	Open(ctx context.Context, name string) (r Runner, version string, err error)
}

// Errors of New.
var (
	ErrNeedsKey = errors.New("an address that others can reach needs a key")
	ErrNeedsTLS = errors.New("an address that others can reach needs TLS")
)

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func (c *Config) setDefaults() {
	orDefault(&c.Addr, "127.0.0.1:8000")
	orDefault(&c.Log, slog.New(slog.DiscardHandler))
	orDefault(&c.Batching.MaxRows, 64)
	orDefault(&c.Batching.Queue, 256)
	orDefault(&c.Limits.Body, 64<<20)
	orDefault(&c.Limits.InFlight, 8*c.Limits.Body)
	orDefault(&c.Limits.Pixels, 50_000_000)
	orDefault(&c.Limits.Depth, 32)
	orDefault(&c.Limits.Connections, 1024)
	orDefault(&c.Limits.Timeout, 30*time.Second)
	orDefault(&c.Limits.Read, 30*time.Second)
	orDefault(&c.Limits.Idle, 60*time.Second)
}

// check refuses to open a door without a lock.
func (c *Config) check() error {
	for _, addr := range []string{c.Addr, c.GRPCAddr} {
		if addr == "" {
			continue
		}
		local, err := IsLoopback(addr)
		c.KeysOptional = c.KeysOptional && local
		switch {
		case err != nil:
			return fmt.Errorf("address %q: %w", addr, err)
		case local:
		case c.Keys == nil || c.Keys.empty():
			return fmt.Errorf("%w: %s; make one with --key-file, or listen on 127.0.0.1", ErrNeedsKey, addr)
		case c.TLS == nil && !c.Plain:
			return fmt.Errorf("%w: %s; give a certificate, let one be generated, or say --no-tls behind a proxy that encrypts", ErrNeedsTLS, addr)
		}
	}
	return nil
}

// asksKey says whether a request needs a key.
func (c *Config) asksKey() bool {
	return c.Keys != nil && (!c.KeysOptional || !c.Keys.empty())
}

// IsLoopback says whether only this machine can reach an address HOST:PORT.
func IsLoopback(addr string) (bool, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false, err
	}
	if host == "localhost" {
		return true, nil
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback(), nil
}
