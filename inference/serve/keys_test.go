package serve_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/inference/serve"
)

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
