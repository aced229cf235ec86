package testenv

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"athanor/inference/runtime"
)

// DeviceVariable names the device that GPU tests run on, where the machine has
// one that should be tried: webgpu[:n] or cuda[:n].
const DeviceVariable = "ATHANOR_TEST_DEVICE"

// errNoVulkan says what GPU tests lack.
var errNoVulkan = errors.New("no Vulkan driver: scripts/setup brings a software one")

// GPU names a device for tests of graphics processors: the one that
// DeviceVariable names, else a real adapter, else Vulkan in software, which
// scripts/setup puts beside ONNX Runtime. The environment of the whole test
// process is set accordingly.
func GPU(tb testing.TB) string {
	tb.Helper()
	NeedNative(tb, runtime.Load())
	if device := os.Getenv(DeviceVariable); device != "" {
		return device
	}
	real := func(a runtime.Adapter) bool { return !a.Software }
	list, _ := runtime.Adapters()
	driver := filepath.Join(Root(tb), ".native", "swiftshader", "vk_swiftshader_icd.json")
	_, err := os.Stat(driver)
	switch {
	case slices.ContainsFunc(list, real), err != nil && len(list) > 0:
		return "webgpu"
	case err != nil:
		NeedNative(tb, errNoVulkan)
	}
	for _, name := range []string{"VK_DRIVER_FILES", "VK_ICD_FILENAMES"} {
		if err := os.Setenv(name, driver); err != nil { //nolint:usetesting // it counts for the whole process: WebGPU outlives a test
			tb.Fatal(err)
		}
	}
	if list, ok := runtime.Adapters(); !ok || len(list) == 0 {
		NeedNative(tb, errNoVulkan)
	}
	return "webgpu"
}
