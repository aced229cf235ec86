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
	"path/filepath"
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

func TestKeysAndTheirRights(t *testing.T) {
	keys, all := newKeys(t)
	one, few, err := serve.NewKey("few")
	if err != nil {
		t.Fatal(err)
	}
	one.Models, one.Manage, one.PerSecond = []string{"a"}, false, 3
	keys.Add(one)
	_, url := start(t, serve.Config{Keys: keys, Repository: folder{}}, map[string]serve.Runner{"a": open(t, scaled(1)), "b": open(t, scaled(2))})
	bearer := func(secret string) []string { return []string{"Authorization", "Bearer " + secret} }
	for name, c := range map[string]struct {
		method, path string
		header       []string
		code         int
	}{
		"health needs none": {"GET", "/v2/health/live", nil, 200},
		"page needs none":   {"GET", "/", nil, 200},
		"none":              {"GET", "/v2/models/a", nil, 401},
		"metrics":           {"GET", "/metrics", nil, 401},
		"wrong":             {"GET", "/v2/models/a", bearer("ath_x"), 401},
		"other scheme":      {"GET", "/v2/models/a", []string{"Authorization", "Basic " + all}, 401},
		"right":             {"GET", "/v2/models/b", bearer(all), 200},
		"own header":        {"GET", "/v2/models/b", []string{"X-Api-Key", all}, 200},
		"any host":          {"GET", "/v2/models/b", append(bearer(all), "Host", "studio.example"), 200},
		"allowed model":     {"GET", "/v2/models/a", bearer(few), 200},
		"other model":       {"GET", "/v2/models/b", bearer(few), 403},
		"may not unload":    {"POST", "/v2/repository/models/a/unload", bearer(few), 403},
	} {
		if got := call(t, c.method, url+c.path, nil, c.header...); got.code != c.code {
			t.Errorf("%s: %d %s", name, got.code, got.body)
		}
	}
	if got := call(t, "POST", url+"/v2/repository/index", nil, bearer(all)...); !bytes.Contains(got.body, []byte(`"b"`)) {
		t.Errorf("got %s", got.body)
	}
	codes := map[int]int{}
	for range 20 {
		codes[call(t, "GET", url+"/v2/models/a", nil, bearer(few)...).code]++
	}
	if codes[429] < 10 {
		t.Errorf("three a second allowed %v", codes)
	}
	keys.Remove("few")
	if got := call(t, "GET", url+"/v2/models/a", nil, bearer(few)...); got.code != 401 {
		t.Errorf("revoked: %d", got.code)
	}
}

func TestKeysThatComeLater(t *testing.T) {
	keys := &serve.Keys{}
	if _, err := serve.New(serve.Config{Addr: "0.0.0.0:0", Keys: keys, KeysOptional: true, Plain: true}); !errors.Is(err, serve.ErrNeedsKey) {
		t.Errorf("an open door without a single key: %v", err)
	}
	_, url := start(t, serve.Config{Keys: keys, KeysOptional: true}, nil)
	ask := func(header ...string) int { return call(t, "GET", url+"/v2", nil, header...).code }
	if got := ask(); got != 200 {
		t.Errorf("no key is asked for, but: %d", got)
	}
	if got := ask("Host", "evil.example"); got != 403 {
		t.Errorf("rebound name: %d", got)
	}
	key, secret, err := serve.NewKey("later")
	if err != nil {
		t.Fatal(err)
	}
	key.PerSecond = 1000
	keys.Add(key)
	if without, with := ask(), ask("X-Api-Key", secret); without != 401 || with != 200 {
		t.Errorf("with a key in the list: %d without, %d with it", without, with)
	}
	if list := keys.List(); len(list) != 1 || list[0].Name != "later" || list[0].PerSecond != 1000 {
		t.Errorf("got %+v", list)
	}
	keys.Remove("later")
	if got := ask(); got != 200 {
		t.Errorf("the last key has gone: %d", got)
	}
}

// TestNoLastKeyOpensTheDoor: on an address that others reach, no key is no way in.
func TestNoLastKeyOpensTheDoor(t *testing.T) {
	keys, secret := newKeys(t)
	_, url := start(t, serve.Config{Addr: "0.0.0.0:0", Keys: keys, KeysOptional: true, Plain: true}, nil)
	keys.Remove("all")
	for _, header := range [][]string{nil, {"X-Api-Key", secret}} {
		if got := call(t, "GET", url+"/v2", nil, header...); got.code != 401 {
			t.Errorf("%d %s", got.code, got.body)
		}
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	keys, secret := newKeys(t)
	if err := keys.Save(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), secret) {
		t.Errorf("the file holds the key itself: %s, %v", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if again, err := serve.LoadKeys(path); err != nil || len(again.Names()) != 1 {
		t.Errorf("%v, %v", again, err)
	}
	for name, change := range map[string]func() error{
		"readable by others": func() error { return os.Chmod(path, 0o640) },
		"damaged":            func() error { return errors.Join(os.WriteFile(path, []byte("{"), 0o600), os.Chmod(path, 0o600)) },
		"no hash":            func() error { return os.WriteFile(path, []byte(`{"keys":[{"name":"x"}]}`), 0o600) },
		"null":               func() error { return os.WriteFile(path, []byte(`{"keys":[null]}`), 0o600) },
		"missing":            func() error { return os.Remove(path) },
	} {
		if name == "missing" {
			continue // last, as maps have no order
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if _, err := serve.LoadKeys(path); !errors.Is(err, serve.ErrKeyFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := serve.LoadKeys(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
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
