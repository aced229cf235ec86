package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/ui"
)

// ended runs the program until it ends by itself and returns what it said.
func ended(t *testing.T, binary string, env ...string) (said string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, binary)
	c.Dir = testenv.Root(t)
	c.Env = append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("the program does not end; it said %q", out)
	}
	return string(out), err
}

func TestWhatTheWindowCannotDoWithoutIsNamed(t *testing.T) {
	needTools(t)
	testenv.NeedNative(t, runtime.Load())
	binary := build(t)
	bare := openDisplay(t, "800x600", t.TempDir(), "-extension", "GLX")
	full := openDisplay(t, "800x600", t.TempDir())
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ display, home, want string }{
		"display": {"", t.TempDir(), "no display"},
		"nobody":  {":9876", t.TempDir(), "cannot be reached"},
		"OpenGL":  {bare.name, t.TempDir(), "libgl1-mesa-dri"},
		"home":    {full.name, filepath.Join(file, "home"), "ATHANOR_HOME"},
	} {
		t.Run(name, func(t *testing.T) {
			said, err := ended(t, binary, "DISPLAY="+c.display, "WAYLAND_DISPLAY=", "LIBGL_ALWAYS_SOFTWARE=1", "ATHANOR_HOME="+c.home)
			if err == nil || !strings.Contains(said, c.want) {
				t.Errorf("%v: it said %q, want words about %q", err, said, c.want)
			}
		})
	}
}

// TestOneWindowOnly starts the program a second time over the same home: that one
// ends at once, and the first goes on. A damaged database and settings that
// cannot be read do not keep the window from opening.
func TestOneWindowOnly(t *testing.T) {
	needTools(t)
	testenv.NeedNative(t, runtime.Load())
	binary, home := build(t), t.TempDir()
	d := openDisplay(t, "1280x800", outFolder(t))
	settings(t, home, "this is = not [toml")
	if err := os.WriteFile(filepath.Join(home, "index.db"), []byte("this is no database at all, but long enough to look like one"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, d, binary, home, "1")
	p.up(t)
	p.until(t, "the words about the settings", func(c ui.Counters) bool { return c.Dialog })
	d.still()
	d.shoot("damaged-settings")
	d.key("Escape")
	p.until(t, "the end of the dialog", func(c ui.Counters) bool { return !c.Dialog })
	p.goes(t, "curves", "4") // the screen that reads the database
	if said, err := ended(t, binary, d.env("ATHANOR_HOME="+home)...); err != nil {
		t.Errorf("the second start: %v, %q", err, said)
	}
	if aside, err := filepath.Glob(filepath.Join(home, "settings.toml.broken-*")); err != nil || len(aside) != 1 {
		t.Errorf("the broken settings are not kept: %v, %v", aside, err)
	}
	if c := p.close(t); c.Errors != 1 {
		t.Errorf("%d errors were shown, want the one about the settings", c.Errors)
	}
}
