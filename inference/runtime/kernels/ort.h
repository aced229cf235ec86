// The part of ONNX Runtime's C API that custom operators need, as places in its
// table of functions and the layout of the operator structure it calls
// (onnxruntime_c_api.h, struct OrtApi and struct OrtCustomOp).
#ifndef ATHANOR_KERNELS_ORT_H
#define ATHANOR_KERNELS_ORT_H

#include <stddef.h>
#include <stdint.h>

typedef void *ort_status;
typedef void *const *ort_table;

enum ort_place {
  ORT_CREATE_STATUS = 0,
  ORT_ERROR_MESSAGE = 2,
  ORT_CREATE_DOMAIN = 26,
  ORT_DOMAIN_ADD = 27,
  ORT_TENSOR_DATA = 51,
  ORT_CONTEXT_INPUT = 90,
  ORT_CONTEXT_OUTPUT = 91,
  ORT_ATTRIBUTE_FLOATS = 162,
  ORT_ATTRIBUTE_INTS = 163,
  ORT_PARALLEL_FOR = 274,
};

enum { ORT_VERSION = 18, ORT_FAIL = 1, ORT_REQUIRED = 0, ORT_OPTIONAL = 1, ORT_VARIADIC = 2 };
enum { ORT_ANY = 0, ORT_FLOAT = 1, ORT_UINT8 = 2, ORT_INT64 = 7 };

// ort_op is OrtCustomOp; every function gets the operator it is called for.
typedef struct ort_op ort_op;
struct ort_op {
  uint32_t version;
  void *create_kernel;
  const char *(*name)(const ort_op *);
  const char *(*provider)(const ort_op *);
  int (*input_type)(const ort_op *, size_t);
  size_t (*input_count)(const ort_op *);
  int (*output_type)(const ort_op *, size_t);
  size_t (*output_count)(const ort_op *);
  void *compute;
  void (*destroy)(void *kernel);
  int (*input_kind)(const ort_op *, size_t);
  int (*output_kind)(const ort_op *, size_t);
  int (*input_memory)(const ort_op *, size_t);
  int (*variadic_input_min)(const ort_op *);
  int (*variadic_input_same)(const ort_op *);
  int (*variadic_output_min)(const ort_op *);
  int (*variadic_output_same)(const ort_op *);
  ort_status (*create_kernel_safely)(const ort_op *, ort_table api, const void *info, void **kernel);
  ort_status (*compute_safely)(void *kernel, void *context);
  void *infer_shapes;
  int (*start_version)(const ort_op *);
  int (*end_version)(const ort_op *);
  void *may_inplace, *release_inplace, *alias_map, *release_alias;
};

#endif
