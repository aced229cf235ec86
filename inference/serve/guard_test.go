package serve_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"athanor/inference/serve"
)

func newKeys(t *testing.T) (*serve.Keys, string) {
	t.Helper()
	key, secret, err := serve.NewKey("all")
	if err != nil {
		t.Fatal(err)
	}
	keys := &serve.Keys{}
	keys.Add(key)
	return keys, secret
}

func TestAnOpenDoorIsRefused(t *testing.T) {
	keys, _ := newKeys(t)
	cert, _, err := serve.GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		config serve.Config
		want   error
	}{
		"everywhere":        {serve.Config{Addr: "0.0.0.0:0"}, serve.ErrNeedsKey},
		"every interface":   {serve.Config{Addr: ":0"}, serve.ErrNeedsKey},
		"IPv6":              {serve.Config{Addr: "[::]:0"}, serve.ErrNeedsKey},
		"a name":            {serve.Config{Addr: "example.org:0"}, serve.ErrNeedsKey},
		"gRPC":              {serve.Config{GRPCAddr: "0.0.0.0:0"}, serve.ErrNeedsKey},
		"no TLS":            {serve.Config{Addr: "0.0.0.0:0", Keys: keys}, serve.ErrNeedsTLS},
		"behind a proxy":    {serve.Config{Addr: "0.0.0.0:0", Keys: keys, Plain: true}, nil},
		"locked":            {serve.Config{Addr: "0.0.0.0:0", Keys: keys, TLS: cert}, nil},
		"loopback":          {serve.Config{Addr: "127.0.0.1:0"}, nil},
		"IPv6 loopback":     {serve.Config{Addr: "[::1]:0"}, nil},
		"another 127":       {serve.Config{Addr: "127.1.2.3:0"}, nil},
		"localhost":         {serve.Config{Addr: "localhost:0"}, nil},
		"nothing said":      {serve.Config{}, nil},
		"not an address":    {serve.Config{Addr: "127.0.0.1"}, net.InvalidAddrError("")},
		"IPv4 inside of v6": {serve.Config{Addr: "[::ffff:8.8.8.8]:0"}, serve.ErrNeedsKey},
	} {
		_, err := serve.New(c.config)
		if _, malformed := c.want.(net.InvalidAddrError); malformed {
			if err == nil {
				t.Errorf("%s: accepted", name)
			}
			continue
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, wanted %v", name, err, c.want)
		}
	}
}

func TestHostAndOrigin(t *testing.T) {
	_, url := start(t, serve.Config{Hosts: []string{"Studio.local"}, Origins: []string{"https://good.example"}}, nil)
	for name, c := range map[string]struct {
		header, value string
		code          int
	}{
		"rebound name":  {"Host", "evil.example", 403},
		"with port":     {"Host", "evil.example:8000", 403},
		"like ours":     {"Host", "localhost.evil.example", 403},
		"localhost":     {"Host", "localhost:1", 200},
		"IPv6":          {"Host", "[::1]:8000", 200},
		"allowed name":  {"Host", "studio.LOCAL:8000", 200},
		"foreign page":  {"Origin", "https://evil.example", 403},
		"null page":     {"Origin", "null", 403},
		"allowed page":  {"Origin", "https://good.example", 200},
		"own page":      {"Origin", url, 200},
		"no page":       {"Accept", "*/*", 200},
		"like own page": {"Origin", url + "1", 403},
	} {
		got := call(t, "GET", url+"/v2", nil, c.header, c.value)
		if got.code != c.code {
			t.Errorf("%s: %d %s", name, got.code, got.body)
		}
		if allowed := got.header.Get("Access-Control-Allow-Origin"); (allowed != "") != (c.value == "https://good.example") {
			t.Errorf("%s: allows %q", name, allowed)
		}
	}
	if got := call(t, "OPTIONS", url+"/v2/models/x/infer", nil, "Origin", "https://good.example"); got.code != 204 {
		t.Errorf("preflight: %d %s", got.code, got.body)
	}
	if got := call(t, "OPTIONS", url+"/v2/models/x/infer", nil, "Origin", "https://evil.example"); got.code != 403 {
		t.Errorf("foreign preflight: %d %s", got.code, got.body)
	}
}

func running(t *testing.T, c serve.Config) *serve.Server {
	t.Helper()
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	s, err := serve.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

func TestTLSWithAMadeCertificate(t *testing.T) {
	config, fingerprint, err := serve.GenerateTLS("studio.example")
	if err != nil {
		t.Fatal(err)
	}
	s := running(t, serve.Config{TLS: config})
	var seen string
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, // the fingerprint is compared instead, as people are told to
		VerifyConnection: func(state tls.ConnectionState) error {
			sum := sha256.Sum256(state.PeerCertificates[0].Raw)
			seen = hex.EncodeToString(sum[:])
			return state.PeerCertificates[0].VerifyHostname("studio.example")
		},
	}}}
	answer, err := client.Get("https://" + s.Addr() + "/v2/health/live")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != 200 || seen != fingerprint {
		t.Errorf("%d, fingerprint %s, told %s", answer.StatusCode, seen, fingerprint)
	}
	client.CloseIdleConnections()
}

func TestPortInUseSaysByWhomAndWhatIsFree(t *testing.T) {
	s := running(t, serve.Config{})
	second, err := serve.New(serve.Config{Addr: s.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	err = second.Start()
	if !errors.Is(err, serve.ErrInUse) || !strings.Contains(err.Error(), "process") || !strings.Contains(err.Error(), "is free") {
		t.Errorf("got %v", err)
	}
}

func TestConnectionsBeyondTheLimitAreClosed(t *testing.T) {
	s := running(t, serve.Config{Limits: serve.Limits{Connections: 5}})
	var idle []net.Conn
	for range 5 {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
	}
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	text, _ := io.ReadAll(c) // the server closes, maybe before it has read
	if !strings.HasPrefix(string(text), "HTTP/1.1 503") || s.Snapshot().Refused != 1 {
		t.Errorf("got %q, %d refused", text, s.Snapshot().Refused)
	}
	_ = idle[0].Close()
	eventually(t, "a place is free again", func() bool {
		answer, err := http.Get("http://" + s.Addr() + "/v2/health/live")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == 200
	})
	http.DefaultClient.CloseIdleConnections()
}

func TestSlowSendersAreCutOff(t *testing.T) {
	s := running(t, serve.Config{Limits: serve.Limits{Read: 50 * time.Millisecond}})
	for _, part := range []string{"POST /v2", "POST /v2/repository/index HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"} {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(c)
		if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%q: still open: %q", part, text)
		}
	}
}

func TestStopAnswersWhatIsUnderWay(t *testing.T) {
	g := gate(t, scaled(2))
	s, err := serve.New(serve.Config{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Add("m", "1", g), s.Start()); err != nil {
		t.Fatal(err)
	}
	answered := make(chan reply, 1)
	go func() { answered <- call(t, "POST", "http://"+s.Addr()+"/v2/models/m/infer", pair(1, 3)) }()
	<-g.begun
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop(context.Background()) }()
	eventually(t, "draining", func() bool { return s.Snapshot().Draining })
	select {
	case err := <-stopped:
		t.Fatalf("stopped before the answer: %v", err)
	default:
	}
	g.gate <- struct{}{}
	if got := <-answered; got.code != 200 {
		t.Errorf("%d %s", got.code, got.body)
	}
	if err := <-stopped; err != nil || !g.closed.Load() {
		t.Errorf("%v, closed %v", err, g.closed.Load())
	}
	if _, err := net.Dial("tcp", s.Addr()); err == nil {
		t.Error("still listening")
	}
}

func TestTheLogHoldsNoPayload(t *testing.T) {
	var log bytes.Buffer
	c := serve.Config{Log: slog.New(slog.NewTextHandler(&log, nil))}
	_, url := start(t, c, map[string]serve.Runner{"m": open(t, scaled(1))})
	call(t, "POST", url+"/v2/models/m/infer?secret=query", pair(1, 777), "Authorization", "Bearer hidden")
	text := log.String()
	if !strings.Contains(text, "path=/v2/models/m/infer status=200") || strings.Contains(text, "777") || strings.Contains(text, "hidden") || strings.Contains(text, "query") {
		t.Errorf("got %s", text)
	}
}

func TestLargeBodiesTogetherAreBounded(t *testing.T) {
	s := running(t, serve.Config{Limits: serve.Limits{Body: 1000, InFlight: 1500}})
	if err := s.Add("m", "1", open(t, scaled(1))); err != nil {
		t.Fatal(err)
	}
	slow, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := slow.Write([]byte("POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the slow one has its share", func() bool { return s.Snapshot().Active == 1 })
	eventually(t, "refusal", func() bool {
		got := call(t, "POST", "http://"+s.Addr()+"/v2/models/m/infer", make([]byte, 900))
		return got.code == 503 && got.header.Get("Retry-After") != ""
	})
}
