// The operators of a step's end: loss, ReLU's gradient, the optimizer. Sums are
// taken over pieces of a fixed size, so that they come out the same with any
// number of threads.
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "op.h"

enum { PIECE = 8192, MAX_PARTS = 120 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

// update_job: the gradients are several tensors that together are as long as
// the parameters, which lie in one.
typedef struct {
  const kernel_set *set;
  update_rule rule;
  size_t n, parts, starts[MAX_PARTS + 1];
  const float *grads[MAX_PARTS], *p, *m, *v, *decay;
  float *p2, *m2, *v2;
  double *sums;
} update_job;

// each_part calls for the stretches of one piece that lie in one gradient.
#define EACH_PART(job, piece, part, from, count)                                                                       \
  for (size_t part = 0, low_ = (piece) * PIECE, high_ = least(low_ + PIECE, (job)->n), from, count; part < (job)->parts; part++) \
    if ((from = (job)->starts[part] > low_ ? (job)->starts[part] : low_),                                              \
        (count = least((job)->starts[part + 1], high_)) > from && (count -= from, 1))

static void squares_task(void *data, size_t piece) {
  update_job *j = data;
  j->sums[piece] = 0;
  EACH_PART(j, piece, i, from, count) j->sums[piece] += j->set->squares(j->grads[i] + (from - j->starts[i]), count);
}

#define AT(pointer, from) ((pointer) ? (pointer) + (from) : NULL)

static void update_task(void *data, size_t piece) {
  update_job *j = data;
  EACH_PART(j, piece, i, from, count) {
    const float *g = j->grads[i] + (from - j->starts[i]);
    j->set->update(&j->rule, count, j->p + from, g, AT(j->m, from), AT(j->v, from), AT(j->decay, from), j->p2 + from, AT(j->m2, from), AT(j->v2, from));
  }
}

// Both at once where the step does not wait for the norm.
static void squares_and_update_task(void *data, size_t piece) {
  squares_task(data, piece);
  update_task(data, piece);
}

// read_update: sizes are slots, Nesterov, decoupled decay, whether there is a
// mask of decay, then the length of each gradient; constants are momentum, β₁,
// β₂, weight decay and the largest norm.
static const char *read_update(const kernel *k, void *context, update_job *j, float *limit) {
  j->rule = (update_rule){
      .kind = k->ints[0], .nesterov = k->ints[1], .decoupled = k->ints[2], .momentum = k->floats[0],
      .beta1 = k->floats[1], .beta2 = k->floats[2], .decay = k->floats[3], .clip = 1,
  };
  *limit = k->floats[4];
  j->parts = k->int_count - 4;
  if (j->parts > MAX_PARTS) return "Update: more gradients than it was made for";
  size_t in = 0;
  j->p = input_floats(context, in++);
  const float *hyper = input_floats(context, in++);
  if (j->rule.kind > 0) j->m = input_floats(context, in++);
  if (j->rule.kind > 1) j->v = input_floats(context, in++);
  if (k->ints[3]) j->decay = input_floats(context, in++);
  int whole = j->p && hyper;
  for (size_t i = 0; i < j->parts; i++) {
    j->grads[i] = input_floats(context, in++);
    whole = whole && j->grads[i];
    j->starts[i + 1] = j->starts[i] + k->ints[4 + i];
  }
  j->n = j->starts[j->parts];
  if (!whole) return "Update: an input is missing";
  j->rule.rate = hyper[0], j->rule.epsilon = hyper[1], j->rule.shrink = hyper[2];
  return NULL;
}

static const char *update_compute(kernel *k, void *context) {
  update_job j = {.set = kernels()};
  float limit;
  const char *failed = read_update(k, context, &j, &limit);
  if (failed) return failed;
  int64_t n = j.n;
  float *norm = output_data(context, 0, (int64_t[]){1}, 1);
  j.p2 = output_data(context, 1, &n, 1);
  if (j.rule.kind > 0) j.m2 = output_data(context, 2, &n, 1);
  if (j.rule.kind > 1) j.v2 = output_data(context, 3, &n, 1);
  size_t pieces = (j.n + PIECE - 1) / PIECE;
  loan l = borrow(k, pieces * sizeof *j.sums);
  if (!l.block) return give_back(k, l), "Update: no memory";
  j.sums = (double *)l.block;
  in_parallel(context, limit > 0 ? squares_task : squares_and_update_task, pieces, &j);
  double sum = 0;
  for (size_t i = 0; i < pieces; i++) sum += j.sums[i];
  *norm = (float)sqrt(sum);
  if (limit > 0) {
    j.rule.clip = *norm > limit ? limit / *norm : 1;
    in_parallel(context, update_task, pieces, &j);
  }
  give_back(k, l);
  return NULL;
}

// entropy_job: sizes are rows N and classes K, the constant is the label smoothing.
typedef struct {
  const kernel_set *set; // NULL: so few classes that vectors do not pay
  const float *logits, *logp, *dloss;
  const int64_t *target;
  float *loss, *log, *dx, off, on;
  int64_t rows, classes;
} entropy_job;

enum { MANY_CLASSES = 64, ENTROPY_ROWS = 16 };

static entropy_job entropy_of(const kernel *k) {
  entropy_job j = {.rows = k->ints[0], .classes = k->ints[1]};
  j.off = k->floats[0] / j.classes, j.on = 1 - k->floats[0];
  if (j.classes >= MANY_CLASSES) j.set = kernels();
  return j;
}

static float plain_log_softmax(int64_t classes, const float *logits, float *logp) {
  float top = logits[0], sum = 0, all = 0;
  for (int64_t i = 1; i < classes; i++) top = logits[i] > top ? logits[i] : top;
  for (int64_t i = 0; i < classes; i++) sum += expf(logits[i] - top);
  float shift = top + logf(sum);
  for (int64_t i = 0; i < classes; i++) all += logp[i] = logits[i] - shift;
  return all;
}

// wanted is a row's class, counted from the end where it is below 0; −1 for none.
static int64_t wanted(const entropy_job *j, int64_t row) {
  int64_t t = j->target[row] < 0 ? j->target[row] + j->classes : j->target[row];
  return t >= 0 && t < j->classes ? t : -1;
}

static void loss_row(const entropy_job *j, int64_t r) {
  const float *logits = j->logits + r * j->classes;
  float *logp = j->log + r * j->classes;
  float all = j->set ? j->set->log_softmax(j->classes, logits, logp) : plain_log_softmax(j->classes, logits, logp);
  int64_t t = wanted(j, r);
  j->loss[r] = -j->off * all - (t >= 0 ? j->on * logp[t] : 0);
}

static void loss_grad_row(const entropy_job *j, int64_t r) {
  const float *logp = j->logp + r * j->classes;
  float *dx = j->dx + r * j->classes;
  if (j->set) {
    j->set->softmax_grad(j->classes, logp, j->dloss[r], j->off, dx);
  } else {
    for (int64_t i = 0; i < j->classes; i++) dx[i] = j->dloss[r] * (expf(logp[i]) - j->off);
  }
  int64_t t = wanted(j, r);
  if (t >= 0) dx[t] -= j->dloss[r] * j->on;
}

static void loss_task(void *data, size_t piece) {
  const entropy_job *j = data;
  for (int64_t r = piece * ENTROPY_ROWS; r < j->rows && r < (int64_t)(piece + 1) * ENTROPY_ROWS; r++) loss_row(j, r);
}

static void loss_grad_task(void *data, size_t piece) {
  const entropy_job *j = data;
  for (int64_t r = piece * ENTROPY_ROWS; r < j->rows && r < (int64_t)(piece + 1) * ENTROPY_ROWS; r++) loss_grad_row(j, r);
}

// rows_in_parallel goes through all rows, on several threads where they are long.
static void rows_in_parallel(void *context, entropy_job *j, void (*task)(void *, size_t)) {
  size_t pieces = (j->rows + ENTROPY_ROWS - 1) / ENTROPY_ROWS;
  if (j->set) {
    in_parallel(context, task, pieces, j);
    return;
  }
  for (size_t i = 0; i < pieces; i++) task(j, i);
}

// loss_compute: cross entropy of logits [N, K] with classes [N]. Gives the loss of
// each row and the logarithms of the probabilities.
static const char *loss_compute(kernel *k, void *context) {
  entropy_job j = entropy_of(k);
  j.logits = input_floats(context, 0), j.target = input_data(context, 1);
  j.loss = output_data(context, 0, (int64_t[]){j.rows, 1}, 2);
  j.log = output_data(context, 1, (int64_t[]){j.rows, j.classes}, 2);
  if (!j.logits || !j.target || !j.loss || !j.log) return "CrossEntropy: an input or output is missing";
  rows_in_parallel(context, &j, loss_task);
  return NULL;
}

// loss_grad_compute: dlogits = dloss·(exp(logp) − wanted).
static const char *loss_grad_compute(kernel *k, void *context) {
  entropy_job j = entropy_of(k);
  j.logp = input_floats(context, 0), j.target = input_data(context, 1), j.dloss = input_floats(context, 2);
  j.dx = output_data(context, 0, (int64_t[]){j.rows, j.classes}, 2);
  if (!j.logp || !j.target || !j.dloss || !j.dx) return "CrossEntropyGrad: an input or output is missing";
  rows_in_parallel(context, &j, loss_grad_task);
  return NULL;
}

typedef struct {
  const float *y, *dy;
  float *dx, *sums;
  int64_t rows, columns;
} relu_job;

enum { STRIP = 64 }; // columns of a task

static void relu_task(void *data, size_t strip) {
  const relu_job *j = data;
  size_t from = strip * STRIP, count = least(STRIP, j->columns - from);
  memset(j->sums + from, 0, count * sizeof *j->sums);
  for (int64_t r = 0; r < j->rows; r++) {
    size_t at = r * j->columns + from;
    kernels()->relu_grad(count, j->y + at, j->dy + at, j->dx + at, j->sums + from);
  }
}

// relu_grad_compute: ReLU's gradient of rows [N, C], and its columns' sums, that
// are the gradient of a bias added before.
static const char *relu_grad_compute(kernel *k, void *context) {
  relu_job j = {.rows = k->ints[0], .columns = k->ints[1]};
  j.y = input_floats(context, 0), j.dy = input_floats(context, 1);
  j.dx = output_data(context, 0, (int64_t[]){j.rows, j.columns}, 2);
  j.sums = output_data(context, 1, (int64_t[]){j.columns}, 1);
  if (!j.y || !j.dy || !j.dx || !j.sums) return "ReluGrad: an input or output is missing";
  in_parallel(context, relu_task, (j.columns + STRIP - 1) / STRIP, &j);
  return NULL;
}

typedef struct {
  const uint8_t *x;
  float *y, by;
  size_t n;
} scale_job;

static void scale_task(void *data, size_t piece) {
  const scale_job *j = data;
  size_t from = piece * PIECE;
  kernels()->scale(least(PIECE, j->n - from), j->x + from, j->by, j->y + from);
}

// scale_compute turns bytes into numbers times a constant; sizes are the shape.
static const char *scale_compute(kernel *k, void *context) {
  scale_job j = {.by = k->floats[0], .n = 1};
  for (size_t i = 0; i < k->int_count; i++) j.n *= k->ints[i];
  j.x = input_data(context, 0);
  j.y = output_data(context, 0, k->ints, k->int_count);
  if (!j.x || !j.y) return "Scale: the input or output is missing";
  in_parallel(context, scale_task, (j.n + PIECE - 1) / PIECE, &j);
  return NULL;
}

operator update_operator = {
    .name = "Update", .inputs = 1, .variadic = 1, .outputs = 4, .min_outputs = 2, .compute = update_compute,
    .input_types = {ORT_FLOAT}, .output_types = {ORT_FLOAT, ORT_FLOAT, ORT_FLOAT, ORT_FLOAT},
};

operator loss_operator = {
    .name = "CrossEntropy", .inputs = 2, .outputs = 2, .min_outputs = 2, .compute = loss_compute,
    .input_types = {ORT_FLOAT, ORT_INT64}, .output_types = {ORT_FLOAT, ORT_FLOAT},
};

operator loss_grad_operator = {
    .name = "CrossEntropyGrad", .inputs = 3, .outputs = 1, .min_outputs = 1, .compute = loss_grad_compute,
    .input_types = {ORT_FLOAT, ORT_INT64, ORT_FLOAT}, .output_types = {ORT_FLOAT},
};

operator relu_grad_operator = {
    .name = "ReluGrad", .inputs = 2, .outputs = 2, .min_outputs = 2, .compute = relu_grad_compute,
    .input_types = {ORT_FLOAT, ORT_FLOAT}, .output_types = {ORT_FLOAT, ORT_FLOAT},
};

operator scale_operator = {
    .name = "Scale", .inputs = 1, .outputs = 1, .min_outputs = 1, .compute = scale_compute,
    .input_types = {ORT_UINT8}, .output_types = {ORT_FLOAT},
};
