package runtime

// #cgo linux LDFLAGS: -ldl
// #include <stdlib.h>
// #include "native.h"
import "C"

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	ort "github.com/yalue/onnxruntime_go"

	"athanor/inference/onnx"
)

// handle points at an object of the native library.
type handle = unsafe.Pointer

// bindNative takes the API out of the library that the binding has loaded.
func bindNative(path string) error {
	p := C.CString(path)
	defer C.free(handle(p))
	return nativeError(C.athanor_bind(p))
}

// nativeError takes over a message of the native side.
func nativeError(message *C.char) error {
	if message == nil {
		return nil
	}
	defer C.free(handle(message))
	return errors.New(C.GoString(message))
}

// sessionHandle is the binding's own session, which it keeps to itself.
func sessionHandle(s *ort.DynamicAdvancedSession) (handle, error) {
	inner := reflect.ValueOf(s).Elem().FieldByName("s")
	if inner.Kind() != reflect.Pointer {
		return nil, errors.New("this version of the ONNX Runtime binding is not the one Athanor was built for")
	}
	session := inner.Elem().FieldByName("ortSession")
	if session.Kind() != reflect.Pointer {
		return nil, errors.New("this version of the ONNX Runtime binding is not the one Athanor was built for")
	}
	return session.UnsafePointer(), nil
}

// dims is the address C reads a shape from; nil for a scalar.
func dims(shape []int64) *C.int64_t {
	if len(shape) == 0 {
		return nil
	}
	return (*C.int64_t)(&shape[0])
}

// newValue wraps raw as a native value of any rank and element type; raw stays
// the caller's and must outlive it.
func newValue(kind onnx.DataType, shape []int64, raw []byte) (handle, error) {
	var value handle
	err := nativeError(C.athanor_tensor(handle(unsafe.SliceData(raw)), C.size_t(len(raw)), dims(shape), C.size_t(len(shape)), C.int(kind), &value))
	return value, err
}

// newTextValue makes a native value that holds copies of texts.
func newTextValue(shape []int64, texts []string) (handle, error) {
	sizes := make([]C.size_t, len(texts), len(texts)+1)
	for i, s := range texts {
		sizes[i] = C.size_t(len(s))
	}
	bytes := []byte(strings.Join(texts, ""))
	var value handle
	err := nativeError(C.athanor_text_tensor(dims(shape), C.size_t(len(shape)), (*C.char)(handle(unsafe.SliceData(bytes))), unsafe.SliceData(sizes), C.size_t(len(sizes)), &value))
	return value, err
}

func releaseValue(value handle) { C.athanor_release(value) }

// adoptValue copies a value that the runtime allocated into a tensor and frees it.
func adoptValue(value handle) (*Tensor, error) {
	defer releaseValue(value)
	var kind C.int
	var rank C.size_t
	var sizes [C.ATHANOR_MAX_RANK]C.int64_t
	if err := nativeError(C.athanor_describe(value, &kind, &sizes[0], &rank)); err != nil {
		return nil, fmt.Errorf("read output: %w", err)
	}
	shape := goShape(sizes[:rank])
	if onnx.DataType(kind) == onnx.String {
		texts, err := readTexts(value, shape)
		if err != nil {
			return nil, err
		}
		return NewStrings(shape, texts)
	}
	t, err := NewZeros(onnx.DataType(kind), shape)
	if err != nil {
		return nil, err
	}
	var data handle
	if err := nativeError(C.athanor_data(value, &data)); err != nil {
		t.Close()
		return nil, fmt.Errorf("read output: %w", err)
	}
	copy(t.raw, unsafe.Slice((*byte)(data), len(t.raw)))
	return t, nil
}

func goShape(sizes []C.int64_t) []int64 {
	shape := make([]int64, len(sizes))
	for i, d := range sizes {
		shape[i] = int64(d)
	}
	return shape
}

// readTexts copies the strings of a native value.
func readTexts(value handle, shape []int64) ([]string, error) {
	count, err := elements(shape)
	if err != nil || count == 0 {
		return nil, err
	}
	var size C.size_t
	if err := nativeError(C.athanor_text_size(value, &size)); err != nil {
		return nil, fmt.Errorf("read strings: %w", err)
	}
	buffer, offsets := make([]byte, size+1), make([]C.size_t, count)
	if err := nativeError(C.athanor_texts(value, handle(&buffer[0]), size, &offsets[0], C.size_t(count))); err != nil {
		return nil, fmt.Errorf("read strings: %w", err)
	}
	texts := make([]string, count)
	for i := range texts {
		end := size
		if i+1 < count {
			end = offsets[i+1]
		}
		texts[i] = string(buffer[offsets[i]:end])
	}
	return texts, nil
}

// kinds of values that are not tensors, as the native side numbers them.
const tensorKind = 1

// readPorts lists a session's inputs or outputs.
func readPorts(session handle, output C.int) ([]Port, error) {
	var count C.size_t
	if err := nativeError(C.athanor_count(session, output, &count)); err != nil {
		return nil, err
	}
	list := make([]Port, count)
	for i := range list {
		var name *C.char
		var kind, elem C.int
		var rank C.size_t
		var sizes [C.ATHANOR_MAX_RANK]C.int64_t
		err := nativeError(C.athanor_port(session, output, C.size_t(i), &name, &kind, &elem, &sizes[0], &rank))
		list[i] = Port{Name: C.GoString(name), Type: onnx.DataType(elem), Shape: goShape(sizes[:rank])}
		C.free(handle(name))
		if err == nil && kind != tensorKind {
			err = fmt.Errorf("%q is a sequence, map or optional value, not a tensor: export the model with tensors only", list[i].Name)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// portNames are a session's names as the native side reads them; free them.
type portNames []*C.char

func newPortNames(ports []Port) portNames {
	list := make(portNames, len(ports), len(ports)+1)
	for i, p := range ports {
		list[i] = C.CString(p.Name)
	}
	return list
}

func (n portNames) free() {
	for _, p := range n {
		C.free(handle(p))
	}
}

// runOptions can end the run they were given to.
type runOptions struct{ handle handle }

func newRunOptions() (runOptions, error) {
	var o runOptions
	err := nativeError(C.athanor_new_options(&o.handle))
	return o, err
}

func (o runOptions) terminate() { C.athanor_terminate(o.handle) }
func (o runOptions) free()      { C.athanor_release_options(o.handle) }

// runNative runs a session; nil entries of out are allocated by the runtime.
func runNative(session handle, options runOptions, names [2]portNames, in, out []handle) error {
	return nativeError(C.athanor_run(session, options.handle,
		unsafe.SliceData(names[0]), unsafe.SliceData(in), C.size_t(len(in)),
		unsafe.SliceData(names[1]), unsafe.SliceData(out), C.size_t(len(out))))
}
