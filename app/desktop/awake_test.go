package desktop_test

import (
	"testing"
	"time"

	"athanor/app/desktop"
	"athanor/app/desktop/desktoptest"
)

func TestTheMachineStaysAwakeUntilReleased(t *testing.T) {
	d := desktoptest.Start(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", d.Address)
	release, err := desktop.StayAwake(t.Context(), "a network is learning")
	if err != nil {
		t.Fatal(err)
	}
	if want := (desktoptest.Inhibitor{What: "idle:sleep", Who: "Athanor", Why: "a network is learning", Mode: "block"}); d.Held() != 1 || d.Asked()[0] != want {
		t.Errorf("%d hold sleep back: %+v, want %+v", d.Held(), d.Asked(), want)
	}
	release()
	for began := time.Now(); d.Held() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("sleep is held back after the release")
		}
	}
}

func TestWithoutALoginManagerNobodyWaits(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+t.TempDir()+"/none")
	if _, err := desktop.StayAwake(t.Context(), "a network is learning"); err == nil {
		t.Error("nobody answered, and no error came")
	}
}
