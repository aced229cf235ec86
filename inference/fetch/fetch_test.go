package fetch_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"athanor/inference/fetch"
	"athanor/inference/testenv"
)

// goods is a file of a megabyte that every byte of is different from its neighbours.
func goods() []byte {
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(i * 7 / 3)
	}
	return data
}

func itemOf(url string, data []byte) fetch.Item {
	sum := sha256.Sum256(data)
	return fetch.Item{Name: "goods", File: "goods.onnx", URL: url, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}

func TestGetAndHave(t *testing.T) {
	data := goods()
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.ServeContent(w, r, "goods", time.Time{}, bytes.NewReader(data))
	}))
	defer srv.Close()
	item, dir := itemOf(srv.URL, data), filepath.Join(t.TempDir(), "models")
	if _, have := fetch.Have(item, dir); have {
		t.Fatal("the file is there before it was fetched")
	}
	var last int64
	path, err := fetch.Get(t.Context(), item, fetch.Config{Dir: dir, Progress: func(done, total int64) {
		if done < last || total != item.Size {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
	}})
	if err != nil || last != item.Size {
		t.Fatal(path, err, last)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, data) {
		t.Error("the file differs from what was served")
	}
	if _, err := fetch.Get(t.Context(), item, fetch.Config{Dir: dir}); err != nil || asked.Load() != 1 {
		t.Errorf("a file that is there was asked for again (%d times), %v", asked.Load(), err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("the folder holds %v", left)
	}
}

func TestGetResumes(t *testing.T) {
	data := goods()
	var ranges []string
	broken := true
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.Header.Get("Range"))
		if broken {
			broken = false
			w.Header().Set("Content-Length", "1048576")
			_, _ = w.Write(data[:300000])
			panic(http.ErrAbortHandler) // the line breaks
		}
		http.ServeContent(w, r, "goods", time.Time{}, bytes.NewReader(data))
	}))
	defer srv.Close()
	item, dir := itemOf(srv.URL, data), t.TempDir()
	if _, err := fetch.Get(t.Context(), item, fetch.Config{Dir: dir}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("a broken line gave %v", err)
	}
	if _, have := fetch.Have(item, dir); have {
		t.Fatal("a part passes for the whole")
	}
	path, err := fetch.Get(t.Context(), item, fetch.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, data) {
		t.Error("the parts do not make the whole")
	}
	if len(ranges) != 2 || ranges[0] != "" || !strings.HasPrefix(ranges[1], "bytes=") || ranges[1] == "bytes=0-" {
		t.Errorf("asked for ranges %q", ranges)
	}
}

func TestGetStartsAgainWhereRangesAreUnknown(t *testing.T) {
	data := goods()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }))
	defer srv.Close()
	item, dir := itemOf(srv.URL, data), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "goods.onnx.part"), data[:1000], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fetch.Get(t.Context(), item, fetch.Config{Dir: dir}); err != nil {
		t.Error(err)
	}
}

func TestGetRefusesAnotherFile(t *testing.T) {
	data := goods()
	changed := bytes.Clone(data)
	changed[500000] ^= 1
	for name, c := range map[string]struct {
		body   []byte
		status int
		want   error
	}{
		"one bit changed": {changed, 200, fetch.ErrChecksum},
		"too long":        {append(bytes.Clone(data), 1), 200, fetch.ErrChecksum},
		"an error page":   {[]byte("<html>gone</html>"), 404, fetch.ErrServer},
		"a short page":    {[]byte("<html>log in</html>"), 200, io.ErrUnexpectedEOF},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = w.Write(c.body)
		}))
		item, dir := itemOf(srv.URL, data), t.TempDir()
		if _, err := fetch.Get(t.Context(), item, fetch.Config{Dir: dir}); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if path, have := fetch.Have(item, dir); have {
			t.Errorf("%s: %s was kept", name, path)
		}
		srv.Close()
	}
}

func TestGetStopsWhenCancelled(t *testing.T) {
	data := goods()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1048576")
		_, _ = w.Write(data[:1000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := fetch.Get(ctx, itemOf(srv.URL, data), fetch.Config{Dir: t.TempDir(), Progress: func(int64, int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestKnownItemsAreComplete(t *testing.T) {
	for _, item := range fetch.Known() {
		if got, err := fetch.Find(item.Name); err != nil || got != item {
			t.Errorf("find %s: %v", item.Name, err)
		}
		if item.License == "" || item.Size <= 0 || len(item.SHA256) != 64 || !strings.HasPrefix(item.URL, "https://") || item.Title == "" {
			t.Errorf("%+v", item)
		}
		path := testenv.SharedData(t, "faces", "models", item.File)
		if got, ok := fetch.Match(path); !ok || got.Name != item.Name {
			t.Errorf("%s on disk is not recognised: its size or SHA-256 is pinned wrongly", item.File)
		}
	}
	if _, err := fetch.Find("skynet"); !errors.Is(err, fetch.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	if _, ok := fetch.Match(filepath.Join(t.TempDir(), "nothing")); ok {
		t.Error("nothing was recognised")
	}
}

func TestGetWritesOnlyIntoItsFolder(t *testing.T) {
	item := itemOf("http://127.0.0.1:1", goods())
	item.File = "../escape"
	if _, err := fetch.Get(t.Context(), item, fetch.Config{Dir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "not a file name") {
		t.Errorf("got %v", err)
	}
}

func TestKeepADroppedModel(t *testing.T) {
	dropped := testenv.SharedData(t, "faces", "models", "face_detection_yunet_2023mar.onnx")
	dir := filepath.Join(t.TempDir(), "models")
	for range 2 { // dropping it again changes nothing
		item, err := fetch.Keep(dropped, dir)
		if err != nil || item.Name != "yunet" {
			t.Fatal(item, err)
		}
		if _, have := fetch.Have(item, dir); !have {
			t.Error("the kept file is not found")
		}
	}
	other := filepath.Join(t.TempDir(), "other.onnx")
	if err := os.WriteFile(other, []byte("not a model"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fetch.Keep(other, dir); !errors.Is(err, fetch.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("the folder holds %v", left)
	}
}
