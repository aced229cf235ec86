package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"athanor/app/project"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/ui"
)

// TestChineseIsTypedThroughAnInputMethod runs fcitx5 with its pinyin engine,
// types syllables by keyboard, commits the first candidate and expects the
// Chinese text in the program: in the name of a new project.
func TestChineseIsTypedThroughAnInputMethod(t *testing.T) {
	needTools(t)
	for _, tool := range []string{"fcitx5", "dbus-daemon"} {
		_, err := exec.LookPath(tool)
		testenv.NeedNative(t, err)
	}
	testenv.NeedNative(t, runtime.Load())
	binary := build(t)
	d := openDisplay(t, "1280x800", outFolder(t))
	env := inputMethod(t, d)
	p := start(t, d, binary, t.TempDir(), "1", env...)
	p.up(t)
	d.do("mousemove", "700", "760", "click", "1") // the window gets the focus
	p.palette(t, "new project")
	p.until(t, "the field of the name", func(c ui.Counters) bool { return c.Dialog })
	d.do("key", "ctrl+space") // turns pinyin on
	d.do("type", "--delay", "40", "nihao")
	await(t, "the candidates", 20*time.Second, func() bool {
		out, err := d.run("xdotool", "search", "--onlyvisible", "--class", "fcitx")
		return err == nil && out != ""
	})
	d.shoot("input-method")
	d.do("key", "space") // commits the first candidate
	p.until(t, "the Chinese text", func(c ui.Counters) bool { return c.Field == "你好" })
	d.shoot("input-method-committed")
	d.do("key", "ctrl+space") // off again
	d.do("key", "Return")
	var made []project.Project
	await(t, "the project", 10*time.Second, func() bool {
		list, err := project.List(filepath.Join(p.home, "projects"))
		made = list
		return err == nil && len(list) > 0
	})
	if made[0].Name != "你好" {
		t.Errorf("the project is called %q, want 你好", made[0].Name)
	}
	p.close(t)
}

// inputMethod starts a message bus and fcitx5 on the display, in a home of their
// own, and returns the environment programs need to use them.
func inputMethod(t *testing.T, d *display) []string {
	t.Helper()
	home := t.TempDir()
	profile := "[Groups/0]\nName=Default\nDefault Layout=us\nDefaultIM=pinyin\n\n[Groups/0/Items/0]\nName=keyboard-us\n\n" +
		"[Groups/0/Items/1]\nName=pinyin\n\n[GroupOrder]\n0=Default\n"
	config := filepath.Join(home, ".config", "fcitx5")
	if err := os.MkdirAll(config, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, "profile"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"), "XDG_RUNTIME_DIR=" + home, "LC_ALL=C.UTF-8", "XMODIFIERS=@im=fcitx"}
	bus := "unix:path=" + filepath.Join(home, "bus")
	background(t, d, env, "dbus-daemon", "--session", "--nofork", "--nopidfile", "--address="+bus)
	env = append(env, "DBUS_SESSION_BUS_ADDRESS="+bus)
	await(t, "the message bus", 10*time.Second, func() bool {
		_, err := os.Stat(filepath.Join(home, "bus"))
		return err == nil
	})
	said := background(t, d, env, "fcitx5", "--disable=wayland,waylandim,notificationitem,notifications,kimpanel,cloudpinyin")
	await(t, "fcitx5", 20*time.Second, func() bool { return strings.Contains(said(), "Loaded addon pinyin") })
	return env
}

// background runs a program until the test ends; what it says can be read at any
// time.
func background(t *testing.T, d *display, env []string, name string, args ...string) (said func() string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), filepath.Base(name)+".log"))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(name, args...)
	c.Env = d.env(env...)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait() // it was told to end
		_ = log.Close()
	})
	return func() string {
		raw, err := os.ReadFile(log.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(bytes.ToValidUTF8(raw, nil))
	}
}
