#include "native.h"

#include "api.h"

#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
static void *open_library(const char *path) { return (void *)LoadLibraryA(path); }
static void *find_symbol(void *library, const char *name) { return (void *)GetProcAddress((HMODULE)library, name); }
#else
#include <dlfcn.h>
static void *open_library(const char *path) { return dlopen(path, RTLD_LAZY); }
static void *find_symbol(void *library, const char *name) { return dlsym(library, name); }
#endif

// Places in the API.
enum place {
  GET_ERROR_MESSAGE = 2,
  RUN = 9,
  SESSION_INPUT_COUNT = 30,
  SESSION_OUTPUT_COUNT = 31,
  SESSION_INPUT_TYPE = 33,
  SESSION_OUTPUT_TYPE = 34,
  SESSION_INPUT_NAME = 36,
  SESSION_OUTPUT_NAME = 37,
  CREATE_RUN_OPTIONS = 39,
  RUN_OPTIONS_SET_TERMINATE = 46,
  CREATE_TENSOR = 48,
  CREATE_TENSOR_WITH_DATA = 49,
  GET_TENSOR_DATA = 51,
  STRINGS_LENGTH = 53,
  STRINGS_CONTENT = 54,
  CAST_TYPE_TO_TENSOR = 55,
  TYPE_KIND = 56,
  GET_ELEMENT_TYPE = 60,
  GET_DIM_COUNT = 61,
  GET_DIMS = 62,
  GET_TYPE_AND_SHAPE = 65,
  CREATE_CPU_MEMORY_INFO = 69,
  ALLOCATOR_FREE = 76,
  DEFAULT_ALLOCATOR = 78,
  RELEASE_STATUS = 93,
  RELEASE_VALUE = 96,
  RELEASE_RUN_OPTIONS = 97,
  RELEASE_TYPE_INFO = 98,
  RELEASE_TENSOR_INFO = 99,
  STRING_BUFFER = 252,
};

enum { API_VERSION = 29, STRING_TYPE = 8, TENSOR_KIND = 1, ARENA_ALLOCATOR = 1, DEFAULT_MEMORY = 0 };

typedef struct {
  const void *(*get_api)(uint32_t version);
  const char *(*version)(void);
} api_base;

void *const *athanor_api;
static void *memory;
static void *allocator;

static void release(enum place where, void *object) { athanor_give_back(where, object); }

char *athanor_message(status failed) {
  char *text = strdup(((const char *(*)(void *))athanor_api[GET_ERROR_MESSAGE])(failed));
  release(RELEASE_STATUS, failed);
  return text;
}

char *athanor_bind(const char *path) {
  void *library = open_library(path);
  if (!library) return strdup("the library could not be opened again");
  const api_base *(*base)(void) = (const api_base *(*)(void))find_symbol(library, "OrtGetApiBase");
  if (!base) return strdup("the library has no OrtGetApiBase");
  athanor_api = (void *const *)base()->get_api(API_VERSION);
  if (!athanor_api) return strdup("the library does not know its own API");
  TRY(CALL(CREATE_CPU_MEMORY_INFO, int, int, void **)(ARENA_ALLOCATOR, DEFAULT_MEMORY, &memory));
  TRY(CALL(DEFAULT_ALLOCATOR, void **)(&allocator));
  return NULL;
}

char *athanor_tensor(void *data, size_t bytes, const int64_t *shape, size_t rank, int type, void **value) {
  static uint64_t nothing; // an empty tensor still needs an address
  TRY(CALL(CREATE_TENSOR_WITH_DATA, void *, void *, size_t, const int64_t *, size_t, int, void **)(
      memory, data ? data : &nothing, bytes, shape, rank, type, value));
  return NULL;
}

// Texts are written into the runtime's own buffers: FillStringTensor would end
// each at its first zero byte.
static char *fill_texts(void *value, const char *bytes, const size_t *sizes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char *buffer = NULL;
    TRY(CALL(STRING_BUFFER, void *, size_t, size_t, char **)(value, i, sizes[i], &buffer));
    if (sizes[i]) memcpy(buffer, bytes, sizes[i]);
    bytes += sizes[i];
  }
  return NULL;
}

char *athanor_text_tensor(const int64_t *shape, size_t rank, const char *bytes, const size_t *sizes, size_t count, void **value) {
  TRY(CALL(CREATE_TENSOR, void *, const int64_t *, size_t, int, void **)(allocator, shape, rank, STRING_TYPE, value));
  char *failed = fill_texts(*value, bytes, sizes, count);
  if (!failed) return NULL;
  release(RELEASE_VALUE, *value);
  *value = NULL;
  return failed;
}

void athanor_release(void *value) { release(RELEASE_VALUE, value); }

static char *read_tensor_info(const void *info, int *type, int64_t *shape, size_t *rank) {
  TRY(CALL(GET_ELEMENT_TYPE, const void *, int *)(info, type));
  TRY(CALL(GET_DIM_COUNT, const void *, size_t *)(info, rank));
  if (*rank > ATHANOR_MAX_RANK) return strdup("more dimensions than are read here");
  TRY(CALL(GET_DIMS, const void *, int64_t *, size_t)(info, shape, *rank));
  return NULL;
}

char *athanor_describe(void *value, int *type, int64_t *shape, size_t *rank) {
  void *info = NULL;
  TRY(CALL(GET_TYPE_AND_SHAPE, const void *, void **)(value, &info));
  char *failed = read_tensor_info(info, type, shape, rank);
  release(RELEASE_TENSOR_INFO, info);
  return failed;
}

char *athanor_data(void *value, void **data) {
  TRY(CALL(GET_TENSOR_DATA, void *, void **)(value, data));
  return NULL;
}

char *athanor_text_size(void *value, size_t *bytes) {
  TRY(CALL(STRINGS_LENGTH, const void *, size_t *)(value, bytes));
  return NULL;
}

char *athanor_texts(void *value, void *buffer, size_t bytes, size_t *offsets, size_t count) {
  TRY(CALL(STRINGS_CONTENT, const void *, void *, size_t, size_t *, size_t)(value, buffer, bytes, offsets, count));
  return NULL;
}

char *athanor_count(void *session, int output, size_t *count) {
  TRY(CALL(output ? SESSION_OUTPUT_COUNT : SESSION_INPUT_COUNT, const void *, size_t *)(session, count));
  return NULL;
}

static char *read_type(void *info, int *kind, int *type, int64_t *shape, size_t *rank) {
  const void *tensor = NULL;
  *rank = 0;
  *type = 0;
  TRY(CALL(TYPE_KIND, const void *, int *)(info, kind));
  if (*kind != TENSOR_KIND) return NULL;
  TRY(CALL(CAST_TYPE_TO_TENSOR, const void *, const void **)(info, &tensor));
  return tensor ? read_tensor_info(tensor, type, shape, rank) : NULL;
}

char *athanor_port(void *session, int output, size_t index, char **name, int *kind, int *type, int64_t *shape, size_t *rank) {
  char *given = NULL;
  void *info = NULL;
  TRY(CALL(output ? SESSION_OUTPUT_NAME : SESSION_INPUT_NAME, const void *, size_t, void *, char **)(session, index, allocator, &given));
  *name = strdup(given);
  TRY(CALL(ALLOCATOR_FREE, void *, void *)(allocator, given));
  TRY(CALL(output ? SESSION_OUTPUT_TYPE : SESSION_INPUT_TYPE, const void *, size_t, void **)(session, index, &info));
  char *failed = read_type(info, kind, type, shape, rank);
  release(RELEASE_TYPE_INFO, info);
  return failed;
}

char *athanor_new_options(void **options) {
  TRY(CALL(CREATE_RUN_OPTIONS, void **)(options));
  return NULL;
}

void athanor_terminate(void *options) {
  status failed = CALL(RUN_OPTIONS_SET_TERMINATE, void *)(options);
  if (failed) release(RELEASE_STATUS, failed);
}

void athanor_release_options(void *options) { release(RELEASE_RUN_OPTIONS, options); }

char *athanor_run(void *session, void *options, const char *const *in_names, const void *const *in, size_t in_count,
                  const char *const *out_names, void **out, size_t out_count) {
  TRY(CALL(RUN, void *, const void *, const char *const *, const void *const *, size_t, const char *const *, size_t, void **)(
      session, options, in_names, in, in_count, out_names, out_count, out));
  return NULL;
}
