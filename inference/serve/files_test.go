package serve_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"athanor/inference/model"
	"athanor/inference/runtime"
	"athanor/inference/serve"
	"athanor/inference/testenv"
)

func save(t *testing.T, factor float32, elem ...string) string {
	t.Helper()
	path := filepath.Join(elem...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := scaled(factor).Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFolderIsARepository(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	dir := t.TempDir()
	save(t, 1, dir, "plain.onnx")
	save(t, 1, dir, "run one", "model.onnx")
	save(t, 1, dir, "triton", "2", "model.onnx")
	save(t, 1, dir, "triton", "10", "model.onnx")
	save(t, 1, dir, "too", "deep", "down", "model.onnx")
	save(t, 1, dir, "some", "other.onnx")
	outside := save(t, 1, t.TempDir(), "secret.onnx")
	if err := os.Symlink(outside, filepath.Join(dir, "link.onnx")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.onnx"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := serve.Folder{Path: dir, Options: model.Options{Threads: 1}}
	names, err := f.Names(context.Background())
	if want := []string{"broken", "plain", "run-one", "triton"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("got %v, %v, wanted %v", names, err, want)
	}
	r, version, err := f.Open(context.Background(), "triton")
	if err != nil || version != "10" {
		t.Fatalf("version %s, %v", version, err)
	}
	r.Close()
	for _, name := range []string{"link", "../secret", outside, "none", "", "other"} {
		if _, _, err := f.Open(context.Background(), name); !errors.Is(err, serve.ErrUnknown) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, _, err := f.Open(context.Background(), "broken"); err == nil || errors.Is(err, serve.ErrUnknown) {
		t.Errorf("broken: %v", err)
	}
	if _, err := (serve.Folder{Path: filepath.Join(dir, "none")}).Names(context.Background()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

func TestWhatAPersonWritesForAModel(t *testing.T) {
	dir := t.TempDir()
	file := save(t, 1, dir, "猫 digits!.onnx")
	other := save(t, 1, dir, "猫.onnx")
	save(t, 1, dir, "2026-run", "model.onnx")
	for arg, want := range map[string]string{
		file:                            "digits-",
		other:                           "model",
		filepath.Join(dir, "2026-run"):  "2026-run",
		"cat=" + file:                   "cat",
		filepath.Join(dir, "none.onnx"): "",
		dir:                             "",
		"bad name=" + file:              "",
	} {
		m, err := serve.ParseModelFile(arg)
		if (err == nil) != (want != "") || (err == nil && m.Name != want) {
			t.Errorf("%s: %+v, %v", arg, m, err)
		}
	}
}
