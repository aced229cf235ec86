package remote_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"athanor/inference/remote"
)

func TestAFileStandsForAModelOfAService(t *testing.T) {
	path := filepath.Join(t.TempDir(), "digits"+remote.RefSuffix)
	want := remote.Ref{URL: "http://127.0.0.1:1", Model: "digits", Key: "ath_x", Task: "image"}
	if err := want.Save(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the key: %v, %v", info.Mode(), err)
	}
	if got, err := remote.LoadRef(path); err != nil || got != want || !remote.IsRef(path) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := want.Open(t.Context()); !errors.Is(err, remote.ErrUnreachable) {
		t.Errorf("nobody listens there: %v", err)
	}
	for name, text := range map[string]string{"no JSON": "{", "empty": "{}", "no model": `{"url":"http://x"}`, "long": string(make([]byte, 1<<17))} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := remote.LoadRef(path); !errors.Is(err, remote.ErrRef) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
