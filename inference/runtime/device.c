#include "device.h"

#include <stdlib.h>
#include <string.h>

#include "api.h"

// Places in the API.
enum {
  CREATE_TENSOR = 48,
  CREATE_MEMORY_INFO = 68,
  RELEASE_MEMORY_INFO = 94,
  PROVIDERS = 125,
  RELEASE_PROVIDERS = 126,
  CREATE_ALLOCATOR = 131,
  RELEASE_ALLOCATOR = 132,
  ASSIGNMENT = 407,
  SUBGRAPH_PROVIDER = 408,
  SUBGRAPH_NODES = 409,
  NODE_NAME = 410,
  NODE_OPERATOR = 412,
};

enum { DEVICE_ALLOCATOR = 0, DEFAULT_MEMORY = 0 };

char *athanor_device_allocator(void *session, const char *name, int id, void **allocator) {
  void *info = NULL;
  TRY(CALL(CREATE_MEMORY_INFO, const char *, int, int, int, void **)(name, DEVICE_ALLOCATOR, id, DEFAULT_MEMORY, &info));
  status failed = CALL(CREATE_ALLOCATOR, const void *, const void *, void **)(session, info, allocator);
  athanor_give_back(RELEASE_MEMORY_INFO, info);
  return failed ? athanor_message(failed) : NULL;
}

void athanor_release_allocator(void *allocator) { athanor_give_back(RELEASE_ALLOCATOR, allocator); }

char *athanor_device_tensor(void *allocator, const int64_t *shape, size_t rank, int type, void **value) {
  TRY(CALL(CREATE_TENSOR, void *, const int64_t *, size_t, int, void **)(allocator, shape, rank, type, value));
  return NULL;
}

// lines is a growing text.
typedef struct {
  char *text;
  size_t size, room;
} lines;

static void add(lines *out, const char *part, char end) {
  size_t length = strlen(part);
  if (out->size + length + 2 > out->room) {
    out->room = 2 * (out->room + length + 2);
    out->text = realloc(out->text, out->room);
    if (!out->text) abort(); // a few kilobytes are not to be had
  }
  memcpy(out->text + out->size, part, length);
  out->size += length;
  out->text[out->size++] = end;
  out->text[out->size] = 0;
}

static char *add_nodes(const void *subgraph, lines *out) {
  const char *provider = NULL, *operation = NULL, *name = NULL;
  const void *const *nodes = NULL;
  size_t count = 0;
  TRY(CALL(SUBGRAPH_PROVIDER, const void *, const char **)(subgraph, &provider));
  TRY(CALL(SUBGRAPH_NODES, const void *, const void *const **, size_t *)(subgraph, &nodes, &count));
  for (size_t i = 0; i < count; i++) {
    TRY(CALL(NODE_OPERATOR, const void *, const char **)(nodes[i], &operation));
    TRY(CALL(NODE_NAME, const void *, const char **)(nodes[i], &name));
    add(out, provider, '\t');
    add(out, operation, '\t');
    add(out, name, '\n');
  }
  return NULL;
}

char *athanor_assignment(void *session, char **text) {
  const void *const *subgraphs = NULL;
  size_t count = 0;
  lines out = {NULL, 0, 0};
  TRY(CALL(ASSIGNMENT, const void *, const void *const **, size_t *)(session, &subgraphs, &count));
  for (size_t i = 0; i < count; i++) {
    char *failed = add_nodes(subgraphs[i], &out);
    if (failed) {
      free(out.text);
      return failed;
    }
  }
  *text = out.text;
  return NULL;
}

char *athanor_providers(char **text) {
  char **names = NULL;
  int count = 0;
  lines out = {NULL, 0, 0};
  TRY(CALL(PROVIDERS, char ***, int *)(&names, &count));
  for (int i = 0; i < count; i++) add(&out, names[i], '\n');
  status failed = CALL(RELEASE_PROVIDERS, char **, int)(names, count);
  *text = out.text;
  return failed ? athanor_message(failed) : NULL;
}
