package runtime

// #include "adapter.h"
import "C"

import (
	"fmt"
	"os"
)

// Adapter is a graphics processor as Vulkan's loader describes it.
type Adapter struct {
	Name     string
	Vendor   uint32
	Device   uint32
	Software bool // computed by the processor
}

// softwareKind is VK_PHYSICAL_DEVICE_TYPE_CPU.
const softwareKind = 4

// Adapters lists the graphics processors in the loader's order; ok is false
// where there is no Vulkan to ask.
func Adapters() (list []Adapter, ok bool) {
	var found [C.ATHANOR_MAX_ADAPTERS]C.athanor_adapter
	count := int(C.athanor_adapters(&found[0]))
	if count < 0 {
		return nil, false
	}
	for _, a := range found[:count] {
		list = append(list, Adapter{
			Name: C.GoString(&a.name[0]), Vendor: uint32(a.vendor), Device: uint32(a.device), Software: a.kind == softwareKind,
		})
	}
	return list, true
}

// selectAdapter makes Vulkan's loader put the adapter of that number first,
// which is the one that WebGPU takes. It counts for the whole process, from its
// next WebGPU device on: sessions that are open keep theirs, and two cards of
// the same model cannot be told apart.
func selectAdapter(index int) error {
	list, ok := Adapters()
	switch {
	case !ok || (index == 0 && len(list) == 1):
		return nil
	case len(list) == 0:
		return fmt.Errorf("%w: webgpu: no graphics driver for Vulkan is installed; apt names it mesa-vulkan-drivers, or install your card's own driver", ErrDevice)
	case index >= len(list):
		return fmt.Errorf("%w: webgpu:%d: this machine has %d graphics adapters, counted from 0", ErrDevice, index, len(list))
	}
	a := list[index]
	return os.Setenv("VK_LOADER_DEVICE_SELECT", fmt.Sprintf("0x%04x:0x%04x", a.Vendor, a.Device))
}
