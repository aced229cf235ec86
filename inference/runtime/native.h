// The part of ONNX Runtime's C API that the Go binding does not reach: values
// of any rank and element type, and runs over them. Functions return NULL or an
// error message that the caller frees.
#ifndef ATHANOR_NATIVE_H
#define ATHANOR_NATIVE_H

#include <stddef.h>
#include <stdint.h>

enum { ATHANOR_MAX_RANK = 64 };

// athanor_bind takes the API table out of the library at path, which the
// process has loaded already.
char *athanor_bind(const char *path);

char *athanor_tensor(void *data, size_t bytes, const int64_t *shape, size_t rank, int type, void **value);
// athanor_text_tensor copies count texts that lie one behind the other in bytes.
char *athanor_text_tensor(const int64_t *shape, size_t rank, const char *bytes, const size_t *sizes, size_t count, void **value);
void athanor_release(void *value);

// athanor_describe writes element type and shape; shape takes ATHANOR_MAX_RANK.
char *athanor_describe(void *value, int *type, int64_t *shape, size_t *rank);
char *athanor_data(void *value, void **data);
char *athanor_text_size(void *value, size_t *bytes);
char *athanor_texts(void *value, void *buffer, size_t bytes, size_t *offsets, size_t count);

char *athanor_count(void *session, int output, size_t *count);
char *athanor_port(void *session, int output, size_t index, char **name, int *kind, int *type, int64_t *shape, size_t *rank);

char *athanor_new_options(void **options);
void athanor_terminate(void *options);
void athanor_release_options(void *options);
char *athanor_run(void *session, void *options, const char *const *in_names, const void *const *in, size_t in_count,
                  const char *const *out_names, void **out, size_t out_count);

#endif
