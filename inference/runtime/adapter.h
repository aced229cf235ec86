// The graphics adapters that Vulkan's loader knows, by the loader itself: it
// is opened at run time and need not be there.
#ifndef ATHANOR_ADAPTER_H
#define ATHANOR_ADAPTER_H

#include <stdint.h>

enum { ATHANOR_MAX_ADAPTERS = 16 };

typedef struct {
  uint32_t vendor, device;
  int kind; // VkPhysicalDeviceType: 1 integrated, 2 discrete, 3 virtual, 4 processor
  char name[256];
} athanor_adapter;

// athanor_adapters fills list and returns how many there are, or -1 where there
// is no Vulkan.
int athanor_adapters(athanor_adapter list[ATHANOR_MAX_ADAPTERS]);

#endif
