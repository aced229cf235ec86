package settings_test

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"athanor/app/project"
	"athanor/inference/runtime"
	"athanor/ui/i18n"
	"athanor/ui/settings"
	"athanor/ui/uitest"
)

// TestDevicesTellWhatTheirTestsCameTo: speed where one works, the reason and what
// takes its place where one does not, also for a device that is chosen and not there.
func TestDevicesTellWhatTheirTestsCameTo(t *testing.T) {
	uitest.App(t)
	b := uitest.Book(t, i18n.English)
	chosen := project.DefaultSettings()
	chosen.Device = "cuda:0"
	v := settings.New(b, project.Paths{Data: t.TempDir()}, chosen)
	w := test.NewTempWindow(t, v)
	w.Resize(v.MinSize().AddWidthHeight(400, 400))
	v.ApplyTest("webgpu:0", settings.Test{}) // before the list is there
	v.ApplyDevices([]runtime.Device{{Name: "cpu", Title: "a processor"}, {Name: "webgpu:0", Title: "a card"}})
	if got := v.DeviceText("webgpu:0"); got != b.T("settings.device.testing") {
		t.Errorf("a card under test says %q", got)
	}
	v.ApplyTest("cpu", settings.Test{Done: true, GFLOPS: 1234.4, Start: 3 * time.Millisecond})
	v.ApplyTest("cuda:0", settings.Test{Done: true, Failed: "no such provider"})
	if got := v.DeviceText("cpu"); got != b.T("settings.device.speed", "1,234", "3") {
		t.Errorf("the processor says %q", got)
	}
	if got := v.DeviceText("cuda:0"); !strings.Contains(got, "no such provider") || !strings.Contains(got, b.T("settings.device.failed")) {
		t.Errorf("the card that is not there says %q", got)
	}
}
