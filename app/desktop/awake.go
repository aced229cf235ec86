// Package desktop speaks with the person's desktop, over D-Bus.
package desktop

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/godbus/dbus/v5"
)

// answerWithin is how long the login manager may take to answer.
const answerWithin = 5 * time.Second

// StayAwake keeps the machine from falling asleep, and says why, until release is
// called or the program ends, however it ends: systemd-logind hands out a file that
// holds sleep back while it is open
// (https://systemd.io/INHIBITOR_LOCKS). It waits for the answer; without a login
// manager it returns an error, and the machine sleeps as it always does.
func StayAwake(ctx context.Context, why string) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	bus, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("reach the system's message bus: %w", err)
	}
	defer bus.Close() //nolint:errcheck // the file holds sleep back, not the connection
	var held dbus.UnixFD
	manager := bus.Object("org.freedesktop.login1", "/org/freedesktop/login1")
	call := manager.CallWithContext(ctx, "org.freedesktop.login1.Manager.Inhibit", 0, "idle:sleep", "Athanor", why, "block")
	if err := call.Store(&held); err != nil {
		return nil, fmt.Errorf("keep the machine awake: %w", err)
	}
	file := os.NewFile(uintptr(held), "inhibitor")
	return func() { _ = file.Close() }, nil // nothing was written to it
}
