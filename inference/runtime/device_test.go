package runtime_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

func floats(values ...float32) []byte {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return raw
}

// TestProvidersThatTheLibraryLacks: asking this build for them is an error of the
// device, from which everything falls back, and no crash.
func TestProvidersThatTheLibraryLacks(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	have, err := runtime.Providers()
	if err != nil {
		t.Fatal(err)
	}
	raw := identity(t, onnx.Float, onnx.Fixed(1))
	for device, provider := range map[string]string{
		"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider", "coreml": "CoreMLExecutionProvider",
		"directml": "DmlExecutionProvider", "openvino": "OpenVINOExecutionProvider",
	} {
		if slices.Contains(have, provider) {
			continue
		}
		if s, err := runtime.NewSession(raw, runtime.Options{Threads: 1, Device: device}); err == nil {
			s.Close()
			t.Errorf("%s opens although the library lacks %s", device, provider)
		}
	}
}

// TestStateStaysOnDevice doubles a tensor on the device again and again without
// it ever coming back, then reads it.
func TestStateStaysOnDevice(t *testing.T) {
	for _, device := range []string{"cpu", testenv.GPU(t)} {
		t.Run(device, func(t *testing.T) { doubleOn(t, device) })
	}
}

func doubleOn(t *testing.T, device string) {
	t.Helper()
	ctx := context.Background()
	memory, err := runtime.OpenMemory(device)
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	n := onnx.Named("n")
	s, err := runtime.NewSession(model(t, []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, n)},
		[]*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, n)}, nil,
		&onnx.Node{OpType: "Add", Inputs: []string{"x", "x"}, Outputs: []string{"y"}}), runtime.Options{Threads: 1, Device: device})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var pair [2]*runtime.Tensor
	for i := range pair {
		if pair[i], err = memory.Zeros(ctx, onnx.Float, []int64{3}); err != nil {
			t.Fatal(err)
		}
		defer pair[i].Close()
	}
	if err := pair[0].Write(ctx, floats(1, -2, 0.5)); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := s.Run(ctx, pair[:1], pair[1:]); err != nil {
			t.Fatal(err)
		}
		pair[0], pair[1] = pair[1], pair[0]
	}
	got := make([]byte, 12)
	if err := pair[0].Read(ctx, got); err != nil {
		t.Fatal(err)
	}
	if want := floats(1024, -2048, 512); string(got) != string(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if err := pair[0].Read(ctx, got[:8]); err == nil {
		t.Fatal("reading into too few bytes must fail")
	}
	if left, err := s.LeftBehind(); err != nil || len(left) > 0 {
		t.Fatalf("left behind %v, %v", left, err)
	}
}

func TestSelfTest(t *testing.T) {
	for _, device := range []string{"cpu", testenv.GPU(t)} {
		speed, err := runtime.SelfTest(context.Background(), device, 1, time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if speed.GFLOPS <= 0 || speed.Start <= 0 {
			t.Fatalf("%s: speed %+v", device, speed)
		}
	}
}

func TestDevicesNameTheAdapter(t *testing.T) {
	testenv.GPU(t)
	list, err := runtime.Devices()
	if err != nil {
		t.Fatal(err)
	}
	if list[0].Name != "cpu" {
		t.Fatalf("the processor comes first, got %+v", list)
	}
	for _, d := range list {
		if strings.HasPrefix(d.Name, "webgpu") && d.Title != "" {
			return
		}
	}
	t.Fatalf("no WebGPU adapter with a name in %+v", list)
}

func TestWrongDevices(t *testing.T) {
	testenv.GPU(t)
	data := identity(t, onnx.Float, onnx.Named("n"))
	for _, device := range []string{"tpu", "webgpu:x", "webgpu:-1", "webgpu:15", "cuda:99"} {
		if _, err := runtime.NewSession(data, runtime.Options{Device: device}); !errors.Is(err, runtime.ErrDevice) {
			t.Errorf("%s: %v", device, err)
		}
	}
}

// TestDeviceMemoryRunsOut asks for more than any card has.
func TestDeviceMemoryRunsOut(t *testing.T) {
	device := testenv.GPU(t)
	memory, err := runtime.OpenMemory(device)
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	tensor, err := memory.Zeros(context.Background(), onnx.Float, []int64{1 << 38})
	if !errors.Is(err, runtime.ErrDeviceMemory) {
		tensor.Close()
		t.Fatalf("a terabyte: %v", err)
	}
}
