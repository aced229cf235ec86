package serve

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrKeyFile says that a key file cannot be trusted.
var ErrKeyFile = errors.New("the key file cannot be used")

// Key is one key as it is stored: only its hash. A key has 256 random bits, so
// a plain hash cannot be searched.
type Key struct {
	Name      string   `json:"name"`
	Hash      string   `json:"sha256"`
	Models    []string `json:"models,omitempty"` // empty: all
	Manage    bool     `json:"manage,omitempty"` // may load and unload models
	PerSecond float64  `json:"per_second,omitempty"`

	mu     sync.Mutex
	tokens float64
	filled time.Time
}

// Keys are the keys of a service. Safe for concurrent use.
type Keys struct {
	mu   sync.RWMutex
	list []*Key
}

type keyFile struct {
	Keys []*Key `json:"keys"`
}

// NewKey makes a key and returns it with its secret, which is shown once and
// kept nowhere.
func NewKey(name string) (*Key, string, error) {
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return nil, "", fmt.Errorf("make key: %w", err)
	}
	secret := "ath_" + base64.RawURLEncoding.EncodeToString(raw[:])
	return &Key{Name: name, Hash: hashKey(secret), Manage: true}, secret, nil
}

func hashKey(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Add adds a key; a key of the same name is replaced.
func (k *Keys) Add(key *Key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = slices.DeleteFunc(k.list, func(old *Key) bool { return old.Name == key.Name })
	k.list = append(k.list, key)
}

// Remove revokes a key and says whether there was one.
func (k *Keys) Remove(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := len(k.list)
	k.list = slices.DeleteFunc(k.list, func(old *Key) bool { return old.Name == name })
	return len(k.list) < before
}

func (k *Keys) empty() bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.list) == 0
}

// Rights is what a key may do.
type Rights struct {
	Name      string
	Models    []string // empty: all
	Manage    bool
	PerSecond float64 // 0: any number
}

// List lists the keys' rights in the order in which they were added.
func (k *Keys) List() []Rights {
	k.mu.RLock()
	defer k.mu.RUnlock()
	list := make([]Rights, len(k.list))
	for i, key := range k.list {
		list[i] = Rights{key.Name, slices.Clone(key.Models), key.Manage, key.PerSecond}
	}
	return list
}

// Names lists the keys.
func (k *Keys) Names() []string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var names []string
	for _, key := range k.list {
		names = append(names, key.Name)
	}
	return names
}

// find returns the key of a secret. It looks at all keys in the same time.
func (k *Keys) find(secret string) *Key {
	hash := []byte(hashKey(secret))
	k.mu.RLock()
	defer k.mu.RUnlock()
	var found *Key
	for _, key := range k.list {
		if subtle.ConstantTimeCompare(hash, []byte(key.Hash)) == 1 {
			found = key
		}
	}
	return found
}

// LoadKeys reads a key file, which nobody else may read.
func LoadKeys(path string) (*Keys, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: others may read %s; run chmod 600 on it and make new keys", ErrKeyFile, filepath.Base(path))
	}
	if info.Size() > 1<<20 {
		return nil, fmt.Errorf("%w: %s is larger than 1 MiB", ErrKeyFile, filepath.Base(path))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	var f keyFile
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrKeyFile, filepath.Base(path), err)
	}
	keys := &Keys{}
	for i, key := range f.Keys {
		if key == nil || key.Name == "" || len(key.Hash) != 2*sha256.Size {
			return nil, fmt.Errorf("%w: %s: key %d lacks its name or hash", ErrKeyFile, filepath.Base(path), i)
		}
		keys.Add(key)
	}
	return keys, nil
}

// Save writes the key file whole, for its owner only.
func (k *Keys) Save(path string) (err error) {
	k.mu.RLock()
	text, err := json.MarshalIndent(keyFile{k.list}, "", "  ")
	k.mu.RUnlock()
	if err != nil {
		return fmt.Errorf("save keys: %w", err)
	}
	return writePrivate(path, append(text, '\n'))
}

// writePrivate writes a file that only its owner can read, whole or not at all.
func writePrivate(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return fmt.Errorf("save %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("save %s: %w", filepath.Base(path), err), os.Remove(f.Name()))
	}
	return nil
}

// allow takes one request from the key's bucket, which holds one second's worth.
func (k *Key) allow(now time.Time) bool {
	if k.PerSecond <= 0 {
		return true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	full := max(k.PerSecond, 1)
	if k.filled.IsZero() {
		k.tokens = full
	} else {
		k.tokens = min(full, k.tokens+k.PerSecond*now.Sub(k.filled).Seconds())
	}
	k.filled = now
	if k.tokens < 1 {
		return false
	}
	k.tokens--
	return true
}

func (k *Key) mayUse(model string) bool {
	return k == nil || len(k.Models) == 0 || slices.Contains(k.Models, model)
}

func (k *Key) mayManage() bool { return k == nil || k.Manage }

type keyOf struct{}

func withKey(ctx context.Context, k *Key) context.Context {
	if k == nil {
		return ctx
	}
	return context.WithValue(ctx, keyOf{}, k)
}

// keyIn returns the key of a request, nil where none is asked for.
func keyIn(ctx context.Context) *Key {
	k, _ := ctx.Value(keyOf{}).(*Key)
	return k
}

// authenticate finds the key of a request; nil where the service has none.
func (s *Server) authenticate(authorization, header string) (*Key, error) {
	if !s.config.asksKey() {
		return nil, nil
	}
	secret := header
	if scheme, rest, ok := strings.Cut(authorization, " "); ok && strings.EqualFold(scheme, "Bearer") {
		secret = strings.TrimSpace(rest)
	}
	if secret == "" {
		return nil, &statusError{status: http.StatusUnauthorized, text: "this service needs a key: send it as Authorization: Bearer"}
	}
	if key := s.config.Keys.find(secret); key != nil {
		return key, nil
	}
	return nil, &statusError{status: http.StatusUnauthorized, text: "this key is not known"}
}
