// One set of kernels; included last, with SET as its name.
#include <math.h>

#include "vector.h"
#include "kernels.h"
#include "conv_forward.h"
#include "conv_dense.h"
#include "conv_backward.h"
#include "dense.h"
#include "flat.h"
#include "recurrent.h"
#include "softmax.h"

const kernel_set SET = {
    .lanes = LANES, .packed_size = packed_size, .pack = pack, .forward_scratch = forward_scratch, .forward = forward,
    .dense_read = dense_read, .backward = backward,
    .list_rows = list_rows, .list_columns = list_columns, .pair_product = pair_product,
    .add = add, .squares = squares, .update = update, .relu_grad = relu_grad, .scale = scale,
    .state_product = state_product, .gate = gate, .gate_grad = gate_grad, .log_softmax = log_softmax, .softmax_grad = softmax_grad,
};
