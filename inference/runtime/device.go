package runtime

import (
	"errors"
	"fmt"
	"strings"

	ort "github.com/yalue/onnxruntime_go"
)

// ErrDevice says that a device is unknown or could not be started.
var ErrDevice = errors.New("device cannot be used")

// appendDevice asks a session for the device named auto, cpu, webgpu[:n] or cuda[:n].
func appendDevice(so *ort.SessionOptions, device string) error {
	kind, index, _ := strings.Cut(device, ":")
	var err error
	switch kind {
	case "", "cpu", "auto":
		return nil
	case "webgpu":
		options := map[string]string{}
		if index != "" {
			options["deviceId"] = index
		}
		err = so.AppendExecutionProvider("WebGPU", options)
	case "cuda":
		err = appendCUDA(so, index)
	default:
		return fmt.Errorf("%w: %q is unknown; use auto, cpu, webgpu[:n] or cuda[:n]", ErrDevice, device)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w; use --device cpu", ErrDevice, device, err)
	}
	return nil
}

func appendCUDA(so *ort.SessionOptions, index string) error {
	options, err := ort.NewCUDAProviderOptions()
	if err != nil {
		return err
	}
	defer func() { _ = options.Destroy() }()
	if index != "" {
		if err := options.Update(map[string]string{"device_id": index}); err != nil {
			return err
		}
	}
	return so.AppendExecutionProviderCUDA(options)
}
