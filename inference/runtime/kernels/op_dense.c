// A dense layer and its gradient: how rows are shared out over threads. They are
// shared by sizes alone, and a sum is always taken in the order of its places,
// so that results do not depend on the number of threads.
#include <string.h>

#include "kernels.h"
#include "op.h"

enum { MOST_TASKS = 16, FEWEST_ROWS = 8, COLUMN_STEP = 8, COLUMN_PLACES = 8192 };

static size_t whole(size_t n, size_t step) { return (n + step - 1) / step * step; }

// dense_job: x [batch, in], w [in, out]; sizes are batch, in, out, whether ReLU
// follows, whether x is bytes and whether there is a mask; the constant is what a
// byte counts.
typedef struct {
  const kernel_set *set;
  int batch, in, out, relu;
  dense_rows x, errors; // errors: the gradient behind ReLU and mask
  float value[256];     // of a byte
  const float *w, *bias, *y, *dy, *mask;
  float *result, *dw, *db, *dx;
  size_t wide, high; // out and in as whole vectors
  product forward, weights, inputs;
  int row_tasks, rows, column_tasks, columns;
  char *lists;
  size_t list_size;
} dense_job;

static void read_job(const kernel *k, void *context, dense_job *j) {
  *j = (dense_job){.set = kernels(), .batch = k->ints[0], .in = k->ints[1], .out = k->ints[2], .relu = k->ints[3]};
  const void *x = input_data(context, 0);
  if (k->ints[4]) {
    j->x = (dense_rows){.bytes = x, .value = j->value};
    for (int i = 0; i < 256; i++) j->value[i] = i * k->floats[0];
  } else {
    j->x = (dense_rows){.floats = x};
  }
  j->w = input_floats(context, 1);
  j->wide = whole(j->out, j->set->lanes);
  j->high = whole(j->in, j->set->lanes);
  j->rows = whole((j->batch + MOST_TASKS - 1) / MOST_TASKS, 2);
  if (j->rows < FEWEST_ROWS) j->rows = FEWEST_ROWS;
  j->row_tasks = (j->batch + j->rows - 1) / j->rows;
}

// fill_up copies rows of n floats to rows of wide, with zeros behind.
static void fill_up(const float *from, size_t rows, size_t n, size_t wide, float *to) {
  for (size_t r = 0; r < rows; r++) {
    memcpy(to + r * wide, from + r * n, n * sizeof *to);
    memset(to + r * wide + n, 0, (wide - n) * sizeof *to);
  }
}

// multiply_rows computes a task's rows of x · p.
static void multiply_rows(const dense_job *j, size_t task, pair *list, const dense_rows *x, int in, size_t stride, const product *p, const float *mask, float *y) {
  for (int r = j->rows * task; r < (int)(j->rows * (task + 1)) && r < j->batch; r += 2) {
    int two = r + 1 < j->batch;
    int count = j->set->list_rows(x, r * stride, (r + two) * stride, in, list);
    size_t at = (size_t)r * p->columns, next = at + p->columns;
    j->set->pair_product(list, count, p, y + at, two ? y + next : NULL, mask ? mask + at : NULL, mask && two ? mask + next : NULL);
  }
}

static void dense_task(void *data, size_t task) {
  const dense_job *j = data;
  multiply_rows(j, task, (pair *)(j->lists + task * j->list_size), &j->x, j->in, j->in, &j->forward, j->mask, j->result);
}

static const char *dense_compute(kernel *k, void *context) {
  dense_job j;
  read_job(k, context, &j);
  j.bias = input_floats(context, 2);
  if (k->ints[5]) j.mask = input_floats(context, 3);
  j.result = output_data(context, 0, (int64_t[]){j.batch, j.out}, 2);
  if (!(j.x.floats || j.x.bytes) || !j.w || !j.bias || !j.result) return "Dense: an input or output is missing";
  size_t packed = j.wide == (size_t)j.out ? 0 : (j.in + 1) * j.wide * sizeof(float);
  j.list_size = whole((j.in + 1) * sizeof(pair), 64);
  loan l = borrow(k, packed + j.row_tasks * j.list_size);
  if (!l.block) return give_back(k, l), "Dense: no memory";
  j.forward = (product){.m = j.w, .start = j.bias, .stride = j.wide, .columns = j.out, .relu = j.relu};
  if (packed) {
    float *w = l.block;
    fill_up(j.w, j.in, j.out, j.wide, w);
    fill_up(j.bias, 1, j.out, j.wide, w + j.in * j.wide);
    j.forward.m = w, j.forward.start = w + j.in * j.wide;
  }
  j.lists = (char *)l.block + packed;
  in_parallel(context, dense_task, j.row_tasks, &j);
  give_back(k, l);
  return NULL;
}

// lay_errors writes the gradient behind ReLU and mask, and sums it for the bias.
static void lay_errors(dense_job *j, float *to) {
  memset(j->db, 0, j->out * sizeof *j->db);
  for (int r = 0; r < j->batch; r++, to += j->wide) {
    const float *dy = j->dy + (size_t)r * j->out, *y = j->y + (size_t)r * j->out, *mask = j->mask ? j->mask + (size_t)r * j->out : NULL;
    if (j->wide != (size_t)j->out) memset(to, 0, j->wide * sizeof *to);
    for (int c = 0; c < j->out; c++) {
      float g = mask ? dy[c] * mask[c] : dy[c];
      to[c] = j->relu && !(y[c] > 0) ? 0 : g;
    }
    j->set->add(j->db, to, j->out);
  }
}

// turn writes w [in, out] as [out, high].
static void turn(const dense_job *j, float *to) {
  if (j->high != (size_t)j->in) memset(to, 0, j->out * j->high * sizeof *to);
  enum { BLOCK = 16 };
  for (int i = 0; i < j->in; i += BLOCK)
    for (int o = 0; o < j->out; o++)
      for (int b = i; b < j->in && b < i + BLOCK; b++) to[o * j->high + b] = j->w[(size_t)b * j->out + o];
}

static void weights_task(const dense_job *j, size_t task) {
  int *counts = (int *)(j->lists + task * j->list_size);
  pair *lists = (pair *)(counts + (j->columns + 1) / 2);
  int from = j->columns * task, n = j->in - from < j->columns ? j->in - from : j->columns;
  j->set->list_columns(&j->x, j->in, j->batch, from, n, lists, counts);
  for (int c = 0; c < n; c += 2) {
    float *dw = j->dw + (size_t)(from + c) * j->out;
    j->set->pair_product(lists + (size_t)(c / 2) * j->batch, counts[c / 2], &j->weights, dw, c + 1 < n ? dw + j->out : NULL, NULL, NULL);
  }
}

// dense_grad_task: the weights' gradient by columns of x, then the input's by rows.
static void dense_grad_task(void *data, size_t task) {
  const dense_job *j = data;
  if (task < (size_t)j->column_tasks) {
    weights_task(j, task);
    return;
  }
  pair *list = (pair *)(j->lists + task * j->list_size);
  multiply_rows(j, task - j->column_tasks, list, &j->errors, j->out, j->wide, &j->inputs, NULL, j->dx);
}

static const char *take_ends(dense_job *j, void *context, int masked, int want_dx) {
  j->y = input_floats(context, 2);
  j->dy = input_floats(context, 3);
  if (masked) j->mask = input_floats(context, 4);
  j->dw = output_data(context, 0, (int64_t[]){j->in, j->out}, 2);
  j->db = output_data(context, 1, (int64_t[]){j->out}, 1);
  if (want_dx) j->dx = output_data(context, 2, (int64_t[]){j->batch, j->in}, 2);
  int all = (j->x.floats || j->x.bytes) && j->w && j->y && j->dy && j->dw && j->db && (j->dx || !want_dx);
  return all ? NULL : "DenseGrad: an input or output is missing";
}

// share_columns cuts x's columns so that a task's lists stay in a near cache.
static void share_columns(dense_job *j) {
  int most = 2 * COLUMN_PLACES / j->batch / COLUMN_STEP * COLUMN_STEP, even = whole((j->in + MOST_TASKS - 1) / MOST_TASKS, COLUMN_STEP);
  j->columns = most < COLUMN_STEP ? COLUMN_STEP : most < even ? most : even;
  j->column_tasks = (j->in + j->columns - 1) / j->columns;
  size_t by_column = (j->columns + 1) / 2 * (sizeof(int) + sizeof(pair) * j->batch) + sizeof(pair), by_row = (j->out + 1) * sizeof(pair);
  j->list_size = whole(by_column > by_row ? by_column : by_row, 64);
}

static const char *dense_grad_compute(kernel *k, void *context) {
  dense_job j;
  read_job(k, context, &j);
  const char *failed = take_ends(&j, context, k->ints[5], k->int_count > 6 && k->ints[6]);
  if (failed) return failed;
  share_columns(&j);
  size_t errors = j.batch * j.wide, turned = j.dx ? j.out * j.high : 0;
  int tasks = j.column_tasks + (j.dx ? j.row_tasks : 0);
  loan l = borrow(k, whole((errors + turned) * sizeof(float), 64) + tasks * j.list_size);
  if (!l.block) return give_back(k, l), "DenseGrad: no memory";
  float *memory = l.block;
  lay_errors(&j, memory);
  j.errors = (dense_rows){.floats = memory};
  j.weights = (product){.m = memory, .stride = j.wide, .columns = j.out};
  if (j.dx) turn(&j, memory + errors);
  j.inputs = (product){.m = memory + errors, .stride = j.high, .columns = j.in};
  j.lists = (char *)l.block + whole((errors + turned) * sizeof(float), 64);
  in_parallel(context, dense_grad_task, tasks, &j);
  give_back(k, l);
  return NULL;
}

operator dense_operator = {
    .name = "Dense", .inputs = 4, .min_inputs = 3, .outputs = 1, .min_outputs = 1, .compute = dense_compute,
    .input_types = {ORT_ANY, ORT_FLOAT, ORT_FLOAT, ORT_FLOAT}, .output_types = {ORT_FLOAT},
};

operator dense_grad_operator = {
    .name = "DenseGrad", .inputs = 5, .min_inputs = 4, .outputs = 3, .min_outputs = 2, .compute = dense_grad_compute,
    .input_types = {ORT_ANY, ORT_FLOAT, ORT_FLOAT, ORT_FLOAT, ORT_FLOAT}, .output_types = {ORT_FLOAT, ORT_FLOAT, ORT_FLOAT},
};
