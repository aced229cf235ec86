package runtime

import (
	"fmt"
	"strconv"

	ort "github.com/yalue/onnxruntime_go"
)

// kind is a family of devices that one execution provider of the runtime reaches.
type kind struct {
	name     string // what devices are called, before the colon
	provider string // as the library lists it
	title    string // where the system tells no better one
	// add asks a session for the index-th device of the family.
	add func(so *ort.SessionOptions, index int, o Options) error
	// list finds the devices that this machine has; nil where only the provider
	// knows, which then counts as one device.
	list func() []Device
}

// kinds are all families but the processor, the best first. TensorRT, CoreML,
// DirectML and OpenVINO come with builds of the library of their own; their state
// lies in the process' memory.
func kinds() []kind {
	return []kind{
		{name: "cuda", provider: "CUDAExecutionProvider", add: appendCUDA, list: func() []Device { return cards("cuda", "CUDAExecutionProvider", "") }},
		{
			name: "tensorrt", provider: "TensorrtExecutionProvider", add: appendTensorRT,
			list: func() []Device { return cards("tensorrt", "TensorrtExecutionProvider", "TensorRT on ") },
		},
		{name: "webgpu", provider: webgpuProvider, add: appendWebGPU, list: webgpuDevices},
		{name: "coreml", provider: "CoreMLExecutionProvider", title: "Apple CoreML", add: func(so *ort.SessionOptions, _ int, _ Options) error {
			return so.AppendExecutionProviderCoreMLV2(map[string]string{"ModelFormat": "MLProgram"})
		}},
		{name: "directml", provider: "DmlExecutionProvider", title: "DirectML", add: func(so *ort.SessionOptions, index int, _ Options) error {
			return so.AppendExecutionProviderDirectML(index)
		}},
		{name: "openvino", provider: "OpenVINOExecutionProvider", title: "Intel OpenVINO", add: func(so *ort.SessionOptions, index int, _ Options) error {
			device := "AUTO"
			if index > 0 {
				device = fmt.Sprintf("GPU.%d", index-1)
			}
			return so.AppendExecutionProviderOpenVINO(map[string]string{"device_type": device})
		}},
	}
}

func findKind(name string) (kind, bool) {
	for _, k := range kinds() {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

// kindNames are the names that options and recipes take, the processor's left out.
func kindNames() (names []string) {
	for _, k := range kinds() {
		names = append(names, k.name+"[:n]")
	}
	return names
}

// devicesOf lists the devices that a library with these execution providers
// reaches, in the order of kinds.
func devicesOf(providers []string) (list []Device) {
	has := map[string]bool{}
	for _, p := range providers {
		has[p] = true
	}
	for _, k := range kinds() {
		switch {
		case !has[k.provider]:
		case k.list != nil:
			list = append(list, k.list()...)
		default:
			list = append(list, Device{Name: k.name, Title: k.title, Provider: k.provider})
		}
	}
	return list
}

// cards are NVIDIA's, one device each.
func cards(name, provider, title string) (list []Device) {
	for i, card := range nvidiaCards() {
		list = append(list, Device{Name: fmt.Sprintf("%s:%d", name, i), Title: title + card, Provider: provider})
	}
	return list
}

func appendTensorRT(so *ort.SessionOptions, index int, o Options) error {
	options, err := ort.NewTensorRTProviderOptions()
	if err != nil {
		return err
	}
	defer func() { _ = options.Destroy() }()
	if err := options.Update(map[string]string{"device_id": strconv.Itoa(index)}); err != nil {
		return err
	}
	if err := so.AppendExecutionProviderTensorRT(options); err != nil {
		return err
	}
	return appendCUDA(so, index, o) // for what TensorRT leaves
}
