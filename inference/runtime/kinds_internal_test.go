package runtime

import (
	"slices"
	"strings"
	"testing"
)

// TestProvidersBecomeDevices fakes the libraries of other builds: each provider
// that brings its own device is listed by its name, the best first, and every name
// is one that options take.
func TestProvidersBecomeDevices(t *testing.T) {
	for name, c := range map[string]struct {
		providers []string
		want      string
	}{
		"macOS":            {[]string{"CoreMLExecutionProvider", "CPUExecutionProvider"}, "coreml Apple CoreML"},
		"Windows":          {[]string{"CPUExecutionProvider", "DmlExecutionProvider"}, "directml DirectML"},
		"Intel":            {[]string{"OpenVINOExecutionProvider", "CPUExecutionProvider"}, "openvino Intel OpenVINO"},
		"several":          {[]string{"OpenVINOExecutionProvider", "DmlExecutionProvider", "CoreMLExecutionProvider"}, "coreml Apple CoreML, directml DirectML, openvino Intel OpenVINO"},
		"unknown ones":     {[]string{"QNNExecutionProvider", "CPUExecutionProvider"}, ""},
		"nothing but CPUs": {[]string{"CPUExecutionProvider"}, ""},
	} {
		var got []string
		for _, d := range devicesOf(c.providers) {
			got = append(got, d.Name+" "+d.Title)
			if err := CheckDevice(d.Name); err != nil || d.Provider == "" {
				t.Errorf("%s: %+v: %v", name, d, err)
			}
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
	}
	nvidia := devicesOf([]string{"TensorrtExecutionProvider", "CUDAExecutionProvider"})
	if len(nvidia) != 2*len(nvidiaCards()) {
		t.Errorf("%d cards are listed as %+v", len(nvidiaCards()), nvidia)
	}
}

// TestNamesOfDevices: each family's name is known, with and without a number.
func TestNamesOfDevices(t *testing.T) {
	for _, name := range []string{"cuda", "cuda:1", "tensorrt:0", "webgpu", "webgpu:2", "coreml", "directml:1", "openvino:1"} {
		if err := CheckDevice(name); err != nil {
			t.Error(err)
		}
	}
	err := CheckDevice("abacus")
	if err == nil || !slices.ContainsFunc(kindNames(), func(k string) bool { return strings.Contains(err.Error(), k) }) {
		t.Errorf("an unknown name: %v", err)
	}
}
