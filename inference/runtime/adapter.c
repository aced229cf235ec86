#include "adapter.h"

#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <dlfcn.h>

// The few declarations of Vulkan 1.0 (vulkan_core.h) that listing takes.
typedef struct {
  uint32_t type; // VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO
  const void *next;
  uint32_t flags;
  const void *application;
  uint32_t layer_count;
  const char *const *layers;
  uint32_t extension_count;
  const char *const *extensions;
} instance_info;

typedef struct {
  uint32_t api_version, driver_version, vendor, device;
  int32_t kind;
  char name[256];
  uint8_t rest[2048]; // cache id, limits, sparse properties
} device_properties;

enum { STRUCTURE_TYPE_INSTANCE = 1 };

typedef int (*create_instance)(const instance_info *, const void *, void **);
typedef void (*destroy_instance)(void *, const void *);
typedef int (*enumerate)(void *, uint32_t *, void **);
typedef void (*get_properties)(void *, device_properties *);

static int list_adapters(void *library, void *instance, athanor_adapter *list) {
  enumerate devices = (enumerate)dlsym(library, "vkEnumeratePhysicalDevices");
  get_properties properties = (get_properties)dlsym(library, "vkGetPhysicalDeviceProperties");
  uint32_t count = ATHANOR_MAX_ADAPTERS;
  void *found[ATHANOR_MAX_ADAPTERS];
  if (!devices || !properties || devices(instance, &count, found) < 0) return 0;
  for (uint32_t i = 0; i < count; i++) {
    device_properties p;
    memset(&p, 0, sizeof p);
    properties(found[i], &p);
    list[i] = (athanor_adapter){.vendor = p.vendor, .device = p.device, .kind = p.kind};
    memcpy(list[i].name, p.name, sizeof list[i].name);
    list[i].name[sizeof list[i].name - 1] = 0;
  }
  return (int)count;
}

int athanor_adapters(athanor_adapter list[ATHANOR_MAX_ADAPTERS]) {
  void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return -1;
  create_instance create = (create_instance)dlsym(library, "vkCreateInstance");
  destroy_instance destroy = (destroy_instance)dlsym(library, "vkDestroyInstance");
  instance_info info = {.type = STRUCTURE_TYPE_INSTANCE};
  void *instance = NULL;
  int count = 0;
  if (create && destroy && create(&info, NULL, &instance) == 0) {
    count = list_adapters(library, instance, list);
    destroy(instance, NULL);
  }
  dlclose(library);
  return count;
}
#else
int athanor_adapters(athanor_adapter list[ATHANOR_MAX_ADAPTERS]) {
  (void)list;
  return -1;
}
#endif
