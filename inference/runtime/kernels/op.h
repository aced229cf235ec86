// What an operator of ours consists of, and what its code may call.
#ifndef ATHANOR_KERNELS_OP_H
#define ATHANOR_KERNELS_OP_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "ort.h"

enum { MAX_INTS = 256, MAX_FLOATS = 8, MAX_ENDS = 8 };

typedef struct kernel kernel;

// operator describes one operator. Types are ONNX element types; the last input
// may stand for any number of inputs. Inputs behind min_inputs, where that is set,
// and outputs behind min_outputs may be absent.
typedef struct {
  ort_op base; // first, so that the runtime's pointer is ours
  const char *name;
  int inputs, min_inputs, outputs, min_outputs, variadic;
  int input_types[MAX_ENDS], output_types[MAX_ENDS];
  // compute fills the outputs; it returns NULL or a fixed text that says what failed.
  const char *(*compute)(kernel *, void *context);
} operator;

// kernel is one node: its numbers from the graph, and memory kept between runs.
struct kernel {
  const operator *op;
  int64_t ints[MAX_INTS];
  float floats[MAX_FLOATS];
  size_t int_count;
  void *memory;
  size_t size;
  atomic_flag busy;
};

extern ort_table kernels_api;

const float *input_floats(void *context, size_t index);
const void *input_data(void *context, size_t index);
// output_data asks for an output of this shape.
void *output_data(void *context, size_t index, const int64_t *shape, size_t rank);
// in_parallel calls task(data, 0 … count-1) on the session's own threads.
void in_parallel(void *context, void (*task)(void *data, size_t index), size_t count, void *data);

// borrow gives a block of at least size bytes, aligned to 64, that is the
// caller's until give_back; a node that runs twice at once gets a second block.
typedef struct {
  void *block, *raw;
} loan;
loan borrow(kernel *k, size_t size);
void give_back(kernel *k, loan l);

// athanor_kernels_domain makes a domain that holds all operators, in the
// runtime whose table of functions is api; returns NULL or what failed.
const char *athanor_kernels_domain(const void *api, const char *name, void **domain);
// athanor_kernels_lanes is the vector's length of the instructions in use, in floats.
int athanor_kernels_lanes(void);
// athanor_kernels_limit allows no longer vectors than lanes from the next operator on.
void athanor_kernels_limit(int lanes);

extern operator conv_operator, conv_grad_operator, update_operator, loss_operator, loss_grad_operator, relu_grad_operator,
    scale_operator, dense_operator, dense_grad_operator, bag_operator, bag_grad_operator, gru_operator, gru_grad_operator;

#endif
