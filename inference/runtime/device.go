package runtime

// #include <stdlib.h>
// #include "device.h"
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	ort "github.com/yalue/onnxruntime_go"
)

// Errors of devices. Each is wrapped with the device's name and the cause.
var (
	// ErrDevice says that a device is unknown, could not be started, or failed.
	ErrDevice = errors.New("device cannot be used")
	// ErrDeviceMemory says that a device has not enough memory.
	ErrDeviceMemory = errors.New("device is out of memory")
)

// CPU is the device that every machine has.
const CPU = "cpu"

// OnCPU tells whether a device's name means the processor. "auto" is resolved
// by Choose before; where nobody chose, it is the processor.
func OnCPU(device string) bool { return device == "" || device == CPU || device == "auto" }

// appendDevice asks a session for the device named auto, cpu, webgpu[:n] or cuda[:n].
func appendDevice(so *ort.SessionOptions, o Options) error {
	device := o.Device
	if OnCPU(device) {
		return nil
	}
	name, index, err := splitDevice(device)
	if err != nil {
		return err
	}
	k, _ := findKind(name)
	if err := k.add(so, index, o); err != nil {
		return deviceError(device, err)
	}
	return so.AddSessionConfigEntry("session.record_ep_graph_assignment_info", "1")
}

// CheckDevice tells what is wrong with a device's name; that the device is there
// it does not say.
func CheckDevice(name string) error {
	if OnCPU(name) {
		return nil
	}
	_, _, err := splitDevice(name)
	return err
}

// splitDevice takes names such as webgpu:1 apart.
func splitDevice(device string) (kind string, index int, err error) {
	kind, number, given := strings.Cut(device, ":")
	if _, known := findKind(kind); !known {
		return kind, 0, fmt.Errorf("%w: %q is unknown; use auto, cpu, %s, where the library has them", ErrDevice, device, strings.Join(kindNames(), ", "))
	}
	if !given {
		return kind, 0, nil
	}
	if index, err = strconv.Atoi(number); err != nil || index < 0 {
		return kind, 0, fmt.Errorf("%w: %q: what follows the colon must be the number of a device", ErrDevice, device)
	}
	return kind, index, nil
}

func appendWebGPU(so *ort.SessionOptions, index int, o Options) error {
	if err := selectAdapter(index); err != nil {
		return err
	}
	options := map[string]string{"powerPreference": "high-performance"}
	if len(o.onCPU) > 0 {
		options["forceCpuNodeNames"] = strings.Join(o.onCPU, "\n")
	}
	return so.AppendExecutionProvider("WebGPU", options)
}

func appendCUDA(so *ort.SessionOptions, index int, _ Options) error {
	options, err := ort.NewCUDAProviderOptions()
	if err != nil {
		return err
	}
	defer func() { _ = options.Destroy() }()
	settings := map[string]string{"device_id": strconv.Itoa(index), "cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}
	if err := options.Update(settings); err != nil {
		return err
	}
	return so.AppendExecutionProviderCUDA(options)
}

// shortage are the words by which the providers tell that memory ran out.
func shortage() []string {
	return []string{"out of memory", "failed to allocate", "bad_alloc", "bad allocation", "alloc_failed", "out_of_device_memory", "cuda failure 2"}
}

// deviceError names the device and what kind of failure it was; of the processor
// only a lack of memory is.
func deviceError(device string, err error) error {
	if err == nil || errors.Is(err, ErrDevice) || errors.Is(err, ErrDeviceMemory) {
		return err
	}
	text := strings.ToLower(err.Error())
	if OnCPU(device) {
		device = CPU
	}
	if slices.ContainsFunc(shortage(), func(s string) bool { return strings.Contains(text, s) }) {
		return fmt.Errorf("%w: %s: %w", ErrDeviceMemory, device, err)
	}
	if device == CPU {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrDevice, device, err)
}

// LeftBehind counts by operator the nodes of a device's session that the
// processor runs, because the device's provider lacks them or failed at them.
func (s *Session) LeftBehind() (map[string]int, error) {
	if OnCPU(s.device) {
		return nil, nil
	}
	var text *C.char
	if err := nativeError(C.athanor_assignment(s.handle, &text)); err != nil {
		return nil, fmt.Errorf("ask which provider runs what: %w", err)
	}
	defer C.free(handle(text))
	counts := map[string]int{}
	for line := range strings.Lines(C.GoString(text)) {
		// The runtime lists what it gave the processor; of the device's own nodes
		// it lists only those it added itself.
		provider, rest, _ := strings.Cut(line, "\t")
		operator, _, _ := strings.Cut(rest, "\t")
		if provider == "CPUExecutionProvider" {
			counts[operator]++
		}
	}
	return counts, nil
}
