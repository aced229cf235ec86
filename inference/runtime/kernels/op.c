#include "op.h"

#include <stdlib.h>
#include <string.h>

ort_table kernels_api;

#define CALL(where, ...) ((ort_status(*)(__VA_ARGS__))kernels_api[where])

static ort_status failure(const char *text) {
  return ((ort_status(*)(int, const char *))kernels_api[ORT_CREATE_STATUS])(ORT_FAIL, text);
}

const void *input_data(void *context, size_t index) {
  const void *value = NULL;
  void *data = NULL;
  if (CALL(ORT_CONTEXT_INPUT, const void *, size_t, const void **)(context, index, &value) || !value) return NULL;
  if (CALL(ORT_TENSOR_DATA, const void *, void **)(value, &data)) return NULL;
  return data;
}

const float *input_floats(void *context, size_t index) { return input_data(context, index); }

void *output_data(void *context, size_t index, const int64_t *shape, size_t rank) {
  void *value = NULL, *data = NULL;
  if (CALL(ORT_CONTEXT_OUTPUT, void *, size_t, const int64_t *, size_t, void **)(context, index, shape, rank, &value) || !value) return NULL;
  if (CALL(ORT_TENSOR_DATA, void *, void **)(value, &data)) return NULL;
  return data;
}

void in_parallel(void *context, void (*task)(void *, size_t), size_t count, void *data) {
  if (count > 1) {
    CALL(ORT_PARALLEL_FOR, const void *, void (*)(void *, size_t), size_t, size_t, void *)(context, task, count, 0, data);
    return;
  }
  if (count == 1) task(data, 0);
}

enum { LINE = 64 }; // bytes of a cache line

static void *aligned(void *raw) { return raw ? (void *)(((uintptr_t)raw + LINE - 1) / LINE * LINE) : NULL; }

loan borrow(kernel *k, size_t size) {
  if (atomic_flag_test_and_set(&k->busy)) {
    void *raw = malloc(size + LINE);
    return (loan){aligned(raw), raw};
  }
  if (k->size < size) {
    free(k->memory);
    k->memory = malloc(size + LINE);
    k->size = k->memory ? size : 0;
  }
  return (loan){aligned(k->memory), NULL};
}

void give_back(kernel *k, loan l) {
  if (l.raw) {
    free(l.raw);
  } else {
    atomic_flag_clear(&k->busy);
  }
}

static const operator *ours(const ort_op *op) { return (const operator *)op; }
static const char *name(const ort_op *op) { return ours(op)->name; }
static const char *provider(const ort_op *op) { return (void)op, "CPUExecutionProvider"; }
static int input_type(const ort_op *op, size_t i) { return ours(op)->input_types[i]; }
static int output_type(const ort_op *op, size_t i) { return ours(op)->output_types[i]; }
static size_t input_count(const ort_op *op) { return ours(op)->inputs; }
static size_t output_count(const ort_op *op) { return ours(op)->outputs; }
static int input_kind(const ort_op *op, size_t i) {
  if (ours(op)->variadic && (int)i == ours(op)->inputs - 1) return ORT_VARIADIC;
  return ours(op)->min_inputs && (int)i >= ours(op)->min_inputs ? ORT_OPTIONAL : ORT_REQUIRED;
}
static int output_kind(const ort_op *op, size_t i) { return (int)i < ours(op)->min_outputs ? ORT_REQUIRED : ORT_OPTIONAL; }
static int zero(const ort_op *op, size_t i) { return (void)op, (void)i, 0; }
static int one(const ort_op *op) { return (void)op, 1; }
static int newest(const ort_op *op) { return (void)op, INT32_MAX; }

static void destroy(void *p) {
  kernel *k = p;
  free(k->memory);
  free(k);
}

static ort_status create(const ort_op *op, ort_table api, const void *info, void **made) {
  (void)api; // the table that was bound is the same
  kernel *k = calloc(1, sizeof *k);
  if (!k) return failure("no memory for a kernel");
  k->op = ours(op);
  atomic_flag_clear(&k->busy);
  size_t ints = MAX_INTS, floats = MAX_FLOATS;
  ort_status failed = CALL(ORT_ATTRIBUTE_INTS, const void *, const char *, int64_t *, size_t *)(info, "sizes", k->ints, &ints);
  if (!failed) failed = CALL(ORT_ATTRIBUTE_FLOATS, const void *, const char *, float *, size_t *)(info, "constants", k->floats, &floats);
  if (failed) {
    destroy(k);
    return failed;
  }
  k->int_count = ints;
  *made = k;
  return NULL;
}

static ort_status compute(void *p, void *context) {
  kernel *k = p;
  const char *failed = k->op->compute(k, context);
  return failed ? failure(failed) : NULL;
}

static ort_status add(void *domain, operator *op) {
  op->base = (ort_op){
      .version = ORT_VERSION, .name = name, .provider = provider,
      .input_type = input_type, .input_count = input_count, .output_type = output_type, .output_count = output_count,
      .destroy = destroy, .input_kind = input_kind, .output_kind = output_kind, .input_memory = zero,
      .variadic_input_min = one, .variadic_input_same = one, .variadic_output_min = one, .variadic_output_same = one,
      .create_kernel_safely = create, .compute_safely = compute, .start_version = one, .end_version = newest,
  };
  return CALL(ORT_DOMAIN_ADD, void *, const ort_op *)(domain, &op->base);
}

const char *athanor_kernels_domain(const void *api, const char *domain_name, void **domain) {
  kernels_api = api;
  ort_status failed = CALL(ORT_CREATE_DOMAIN, const char *, void **)(domain_name, domain);
  operator *all[] = {&conv_operator, &conv_grad_operator, &update_operator, &loss_operator, &loss_grad_operator, &relu_grad_operator, &scale_operator, &dense_operator, &dense_grad_operator,
                     &bag_operator, &bag_grad_operator, &gru_operator, &gru_grad_operator};
  for (size_t i = 0; !failed && i < sizeof all / sizeof *all; i++) failed = add(*domain, all[i]);
  return failed ? ((const char *(*)(ort_status))kernels_api[ORT_ERROR_MESSAGE])(failed) : NULL;
}
