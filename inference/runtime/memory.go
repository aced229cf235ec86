package runtime

// #include <stdlib.h>
// #include "device.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"athanor/inference/onnx"
)

// Memory is where a device keeps tensors: the process' own memory for the CPU,
// the card's for a GPU. Tensors made by it stay there between runs; Read and
// Write copy them. It is used by one goroutine; close its tensors before it.
type Memory struct {
	device    string
	allocator handle
	copiers   map[onnx.DataType]*Session
}

// webgpuMemory is what the runtime calls the memory of the WebGPU provider.
const webgpuMemory = "WebGPU_Buffer"

// memoryName is what the runtime calls the memory of a provider.
func memoryName(device string) string {
	switch kind, _, _ := strings.Cut(device, ":"); kind {
	case "webgpu":
		return webgpuMemory
	case "cuda":
		return "Cuda"
	default:
		return ""
	}
}

// OpenMemory opens the memory of the device named cpu, webgpu[:n] or cuda[:n].
func OpenMemory(device string) (*Memory, error) {
	m := &Memory{device: device, copiers: map[onnx.DataType]*Session{}}
	name := memoryName(device)
	if name == "" {
		return m, nil
	}
	_, index, err := splitDevice(device)
	if err != nil {
		return nil, err
	}
	if name == webgpuMemory {
		index = 0 // of the one WebGPU device of the process
	}
	s, err := m.copier(onnx.Float)
	if err != nil {
		return nil, fmt.Errorf("open the memory of %s: %w", device, err)
	}
	n := C.CString(name)
	defer C.free(handle(n))
	if err := nativeError(C.athanor_device_allocator(s.handle, n, C.int(index), &m.allocator)); err != nil {
		m.Close()
		return nil, fmt.Errorf("%w: %s keeps no tensors: %w", ErrDevice, device, err)
	}
	return m, nil
}

// maxDeviceBytes is more than one buffer of any graphics API holds today.
const maxDeviceBytes = 1 << 34

// OnDevice tells whether tensors lie outside the process' own memory.
func (m *Memory) OnDevice() bool { return m.allocator != nil }

// Zeros makes a tensor of zeros in this memory.
func (m *Memory) Zeros(ctx context.Context, kind onnx.DataType, shape []int64) (*Tensor, error) {
	if !m.OnDevice() {
		return NewZeros(kind, shape)
	}
	count, err := elements(shape)
	if err != nil {
		return nil, err
	}
	if count > maxDeviceBytes/max(elementSize(kind), 1) {
		return nil, fmt.Errorf("%w: %s: a tensor of shape %v is larger than any of its buffers", ErrDeviceMemory, m.device, shape)
	}
	var value handle
	if err := nativeError(C.athanor_device_tensor(m.allocator, dims(shape), C.size_t(len(shape)), C.int(kind), &value)); err != nil {
		return nil, deviceError(m.device, fmt.Errorf("make tensor %v: %w", shape, err))
	}
	t := &Tensor{value: value, kind: kind, shape: append([]int64(nil), shape...), memory: m}
	if err := t.Write(ctx, make([]byte, count*elementSize(kind))); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// Close gives the memory back.
func (m *Memory) Close() {
	if m == nil {
		return
	}
	if m.allocator != nil {
		C.athanor_release_allocator(m.allocator)
		m.allocator = nil
	}
	for _, s := range m.copiers {
		s.Close()
	}
	m.copiers = nil
}

// copier is a session of one Identity node: the runtime has no other way to
// move a tensor between a provider's memory and the process'.
func (m *Memory) copier(kind onnx.DataType) (*Session, error) {
	if s := m.copiers[kind]; s != nil {
		return s, nil
	}
	port := func(name string) *onnx.ValueInfo { // of any shape
		return &onnx.ValueInfo{Name: name, Type: &onnx.Type{Tensor: &onnx.TensorType{Elem: kind}}}
	}
	model := &onnx.Model{
		IRVersion: 8, Opsets: []onnx.Opset{{Version: 18}},
		Graph: &onnx.Graph{
			Name: "copy", Inputs: []*onnx.ValueInfo{port("from")}, Outputs: []*onnx.ValueInfo{port("to")},
			Nodes: []*onnx.Node{{Name: "copy", OpType: "Identity", Inputs: []string{"from"}, Outputs: []string{"to"}}},
		},
	}
	data, err := model.Encode()
	if err != nil {
		return nil, err
	}
	s, err := NewSession(data, Options{Threads: 1, Device: m.device, Optimization: None})
	if err != nil {
		return nil, err
	}
	m.copiers[kind] = s
	return s, nil
}

// Read copies the tensor's elements into dst, little-endian, which must be as
// long as they are.
func (t *Tensor) Read(ctx context.Context, dst []byte) error {
	if t.memory == nil {
		return copyExactly(dst, t.raw)
	}
	host, err := NewZeros(t.kind, t.shape)
	if err != nil {
		return err
	}
	defer host.Close()
	if err := t.memory.move(ctx, t, host, t.kind); err != nil {
		return fmt.Errorf("read from %s: %w", t.memory.device, err)
	}
	return copyExactly(dst, host.raw)
}

// Write overwrites the tensor's elements with src, which must be as long.
func (t *Tensor) Write(ctx context.Context, src []byte) error {
	if t.memory == nil {
		return copyExactly(t.raw, src)
	}
	host, err := NewZeros(t.kind, t.shape)
	if err != nil {
		return err
	}
	defer host.Close()
	if err := copyExactly(host.raw, src); err != nil {
		return err
	}
	if err := t.memory.move(ctx, host, t, t.kind); err != nil {
		return fmt.Errorf("write to %s: %w", t.memory.device, err)
	}
	return nil
}

// move copies between two tensors of the same shape.
func (m *Memory) move(ctx context.Context, from, to *Tensor, kind onnx.DataType) error {
	s, err := m.copier(kind)
	if err != nil {
		return err
	}
	return s.Run(ctx, []*Tensor{from}, []*Tensor{to})
}

// errLength says that the bytes given are not as many as the tensor's.
var errLength = errors.New("the tensor holds another number of bytes")

func copyExactly(dst, src []byte) error {
	if len(dst) != len(src) {
		return fmt.Errorf("%w: %d, not %d", errLength, len(src), len(dst))
	}
	copy(dst, src)
	return nil
}
