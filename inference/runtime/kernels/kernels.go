// Package kernels holds operators of our own for ONNX Runtime's CPU provider:
// what a training step spends its time on besides matrix products, each as one
// pass over memory. They stand for groups of plain ONNX operators, which stay
// the reference and run on every other device; package graph says where they
// are put. The inner loops are compiled for AVX-512, AVX2 and the processor's
// base instructions and chosen when they run.
//
// Results depend on the instruction set, not on the number of threads: work is
// cut by sizes alone and partial sums are added in a fixed order.
package kernels

// #cgo CFLAGS: -O3 -std=gnu11
// #cgo LDFLAGS: -lm
// #include <stdlib.h>
// #include "op.h"
import "C"

import (
	"errors"
	"unsafe"

	"athanor/inference/onnx"
)

// Register makes a domain with all operators in the runtime whose table of
// functions (OrtApi) is api. The domain lives as long as the process; sessions
// that shall know the operators are given it before they open.
func Register(api unsafe.Pointer) (domain unsafe.Pointer, err error) {
	name := C.CString(onnx.KernelDomain)
	// The runtime keeps the name's characters, so they are not freed.
	if failed := C.athanor_kernels_domain(api, name, &domain); failed != nil {
		return nil, errors.New(C.GoString(failed))
	}
	return domain, nil
}

// Lanes is how many floats one instruction of the chosen set takes.
func Lanes() int { return int(C.athanor_kernels_lanes()) }

// Limit allows no longer vectors than lanes (4, 8, 16) in the whole process from
// the next operator on: for tests of the code that other processors run.
func Limit(lanes int) { C.athanor_kernels_limit(C.int(lanes)) }
