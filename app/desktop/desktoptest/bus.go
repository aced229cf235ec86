// Package desktoptest is a desktop for tests: a real message bus with a login
// manager that counts who keeps the machine awake, and a place for notifications.
package desktoptest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"athanor/inference/testenv"
)

// Desktop is what runs until the test ends. Its methods may be called by any
// goroutine.
type Desktop struct {
	// Address is the bus's, for DBUS_SESSION_BUS_ADDRESS and DBUS_SYSTEM_BUS_ADDRESS.
	Address string

	mu    sync.Mutex
	held  int
	given map[string][]*os.File // by who has it
	asked []Inhibitor
	notes []Note
}

// Inhibitor is one wish to keep the machine awake.
type Inhibitor struct{ What, Who, Why, Mode string }

// Note is one notification.
type Note struct{ Title, Text string }

// Start starts bus and services. A missing dbus-daemon is a failure where native
// parts are required, else a skip.
func Start(t *testing.T) *Desktop {
	t.Helper()
	_, err := exec.LookPath("dbus-daemon")
	testenv.NeedNative(t, err)
	socket := filepath.Join(t.TempDir(), "bus")
	d := &Desktop{Address: "unix:path=" + socket, given: map[string][]*os.File{}}
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--address="+d.Address)
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		_ = daemon.Wait() // it was told to end
	})
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			break
		} else if time.Since(began) > 10*time.Second {
			t.Fatalf("no message bus: %v", err)
		}
	}
	if err := d.serve(t); err != nil {
		t.Fatal(err)
	}
	return d
}

// Env is the environment that leads a program to the desktop.
func (d *Desktop) Env() []string {
	return []string{"DBUS_SESSION_BUS_ADDRESS=" + d.Address, "DBUS_SYSTEM_BUS_ADDRESS=" + d.Address}
}

func (d *Desktop) serve(t *testing.T) error {
	bus, err := dbus.Connect(d.Address)
	if err != nil {
		return fmt.Errorf("join the bus: %w", err)
	}
	t.Cleanup(func() { _ = bus.Close() })
	signals := make(chan *dbus.Signal, 64)
	bus.Signal(signals)
	go d.watch(signals)
	if err := bus.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged")); err != nil {
		return fmt.Errorf("hear who leaves the bus: %w", err)
	}
	for _, s := range []struct {
		name, path, face string
		methods          any
	}{
		{"org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager", login{d}},
		{"org.freedesktop.Notifications", "/org/freedesktop/Notifications", "org.freedesktop.Notifications", notifications{d}},
	} {
		if err := bus.Export(s.methods, dbus.ObjectPath(s.path), s.face); err != nil {
			return fmt.Errorf("offer %s: %w", s.face, err)
		}
		if _, err := bus.RequestName(s.name, dbus.NameFlagDoNotQueue); err != nil {
			return fmt.Errorf("be %s: %w", s.name, err)
		}
	}
	return nil
}

// Held is how many keep the machine awake now.
func (d *Desktop) Held() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held
}

// Asked lists all who ever did.
func (d *Desktop) Asked() []Inhibitor {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}

// Notes lists the notifications so far.
func (d *Desktop) Notes() []Note {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.notes)
}

// login is org.freedesktop.login1.Manager.
type login struct{ d *Desktop }

// Inhibit hands out one end of a pipe, as the real one does: when all copies of it
// are closed the other end tells. The copy here is closed when the sender left the
// bus, for by then it has its own.
func (l login) Inhibit(sender dbus.Sender, what, who, why, mode string) (dbus.UnixFD, *dbus.Error) {
	read, write, err := os.Pipe()
	if err != nil {
		return 0, dbus.MakeFailedError(err)
	}
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	l.d.held++
	l.d.asked = append(l.d.asked, Inhibitor{what, who, why, mode})
	l.d.given[string(sender)] = append(l.d.given[string(sender)], write)
	go func() {
		_, _ = read.Read(make([]byte, 1)) // until the last copy is closed
		_ = read.Close()
		l.d.mu.Lock()
		defer l.d.mu.Unlock()
		l.d.held--
	}()
	return dbus.UnixFD(write.Fd()), nil
}

// watch closes what was given to those who left the bus.
func (d *Desktop) watch(signals <-chan *dbus.Signal) {
	for s := range signals {
		var name, before, now string
		if err := dbus.Store(s.Body, &name, &before, &now); err != nil || now != "" {
			continue
		}
		d.mu.Lock()
		for _, f := range d.given[name] {
			_ = f.Close()
		}
		delete(d.given, name)
		d.mu.Unlock()
	}
}

// notifications is org.freedesktop.Notifications.
type notifications struct{ d *Desktop }

// Notify takes a notification.
func (n notifications) Notify(_ string, _ uint32, _, title, text string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	n.d.mu.Lock()
	defer n.d.mu.Unlock()
	n.d.notes = append(n.d.notes, Note{title, text})
	return uint32(len(n.d.notes)), nil
}
