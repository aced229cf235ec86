// Tensors in the memory of a device, and what the runtime placed where.
// Functions return NULL or an error message that the caller frees.
#ifndef ATHANOR_DEVICE_H
#define ATHANOR_DEVICE_H

#include <stddef.h>
#include <stdint.h>

// athanor_device_allocator gives the allocator of a session's device memory,
// which the runtime knows by name ("WebGPU_Buffer", "Cuda").
char *athanor_device_allocator(void *session, const char *name, int id, void **allocator);
void athanor_release_allocator(void *allocator);

// athanor_device_tensor makes a tensor of undefined content.
char *athanor_device_tensor(void *allocator, const int64_t *shape, size_t rank, int type, void **value);

// athanor_assignment writes one line a node, "provider<TAB>operator<TAB>name\n",
// into a text that the caller frees. The session must have been opened with
// session.record_ep_graph_assignment_info.
char *athanor_assignment(void *session, char **text);

// athanor_providers writes the names of the library's execution providers, one a
// line, into a text that the caller frees.
char *athanor_providers(char **text);

#endif
