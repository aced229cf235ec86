package runtime

// #include <stdlib.h>
// #include "device.h"
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"unsafe"
)

// Device is a place where models can run.
type Device struct {
	Name string // as options and recipes name it: cpu, webgpu:0, cuda:0, coreml
	// Title is what the system or the runtime calls it; empty where neither tells.
	Title    string
	Provider string // the runtime's execution provider
	Software bool   // a graphics device that the processor computes
}

// Devices lists what this library can use on this machine, the processor
// first. That a device is listed does not say that it works: SelfTest does.
func Devices() ([]Device, error) {
	providers, err := Providers()
	if err != nil {
		return nil, err
	}
	list := []Device{{Name: CPU, Title: processorName(), Provider: "CPUExecutionProvider"}}
	return append(list, devicesOf(providers)...), nil
}

const webgpuProvider = "WebGpuExecutionProvider"

func webgpuDevices() []Device {
	adapters, ok := Adapters()
	if !ok {
		if goruntime.GOOS == "linux" {
			return nil // Dawn has nothing but Vulkan here
		}
		return []Device{{Name: "webgpu", Provider: webgpuProvider}}
	}
	var list []Device
	for i, a := range adapters {
		list = append(list, Device{Name: fmt.Sprintf("webgpu:%d", i), Title: a.Name, Provider: webgpuProvider, Software: a.Software})
	}
	return list
}

// Providers are the execution providers built into the loaded library, best first.
func Providers() ([]string, error) {
	if err := Load(); err != nil {
		return nil, err
	}
	var text *C.char
	if err := nativeError(C.athanor_providers(&text)); err != nil {
		return nil, fmt.Errorf("list execution providers: %w", err)
	}
	defer C.free(unsafe.Pointer(text))
	return strings.Fields(C.GoString(text)), nil
}

// processorName is the system's name for the processor, where it tells.
func processorName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// nvidiaCards are the names of the cards that NVIDIA's driver knows, in its order.
func nvidiaCards() []string {
	var names []string
	files, _ := filepath.Glob("/proc/driver/nvidia/gpus/*/information") // the pattern is valid
	slices.Sort(files)
	for _, file := range files {
		names = append(names, nvidiaModel(file))
	}
	if _, err := os.Stat("/dev/nvidia0"); err == nil && len(names) == 0 {
		names = []string{"NVIDIA"}
	}
	return names
}

func nvidiaModel(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return "NVIDIA"
	}
	for line := range strings.Lines(string(data)) {
		if model, ok := strings.CutPrefix(line, "Model:"); ok {
			return strings.TrimSpace(model)
		}
	}
	return "NVIDIA"
}
