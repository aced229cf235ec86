package runtime

// #include "api.h"
// #include "customop.h"
import "C"

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"athanor/inference/runtime/kernels"
)

// kernelDomain is made once for a process, as the environment is.
var kernelDomain = sync.OnceValues(func() (handle, error) { //nolint:gochecknoglobals // mirrors the process-wide OrtEnv
	return kernels.Register(handle(C.athanor_api))
})

// appendKernels makes our own operators known to a session.
func appendKernels(so *ort.SessionOptions, device string) error {
	if !OnCPU(device) {
		return fmt.Errorf("%w: the kernels run on the CPU, not on %s", ErrDevice, device)
	}
	domain, err := kernelDomain()
	if err != nil {
		return fmt.Errorf("register kernels: %w", err)
	}
	inner := reflect.ValueOf(so).Elem().FieldByName("o")
	if inner.Kind() != reflect.Pointer {
		return errors.New("this version of the ONNX Runtime binding is not the one Athanor was built for")
	}
	return nativeError(C.athanor_add_domain(inner.UnsafePointer(), domain))
}
