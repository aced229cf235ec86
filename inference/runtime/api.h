// ONNX Runtime's C API as a table of function pointers, to which releases only
// append; each part of the native side names the places it uses
// (onnxruntime_c_api.h, struct OrtApi).
#ifndef ATHANOR_API_H
#define ATHANOR_API_H

#include <stdint.h>

typedef void *status;

// athanor_api is set by athanor_bind and never changes after it.
extern void *const *athanor_api;

// athanor_message copies a status' text and frees the status.
char *athanor_message(status failed);

static inline void athanor_give_back(int where, void *object) { ((void (*)(void *))athanor_api[where])(object); }

#define CALL(where, ...) ((status(*)(__VA_ARGS__))athanor_api[where])
#define TRY(expression)                            \
  do {                                             \
    status failed_ = (expression);                 \
    if (failed_) return athanor_message(failed_);  \
  } while (0)

#endif
