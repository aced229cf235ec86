// The convolution operators: how samples are shared out over threads. Samples
// are grouped by their number alone, so that sums come out the same with any
// number of threads.
#include <string.h>

#include "kernels.h"
#include "op.h"

enum { CONV_SIZES = 17 };

static int smaller(int a, int b) { return a < b ? a : b; }

static conv_shape read_shape(const kernel *k) {
  const int64_t *n = k->ints;
  conv_shape s = {
      .batch = n[0], .in_c = n[1], .in_h = n[2], .in_w = n[3], .out_c = n[4], .kernel_h = n[5], .kernel_w = n[6],
      .stride_h = n[7], .stride_w = n[8], .dilation_h = n[9], .dilation_w = n[10], .pad_top = n[11], .pad_left = n[12],
      .out_h = n[13], .out_w = n[14], .pool = n[15], .relu = n[16],
  };
  s.y_h = s.pool ? s.out_h / 2 : s.out_h;
  s.y_w = s.pool ? s.out_w / 2 : s.out_w;
  s.rows = s.pool ? 2 * s.y_h : s.y_h;
  s.cols = s.pool ? 2 * s.y_w : s.y_w;
  s.pad_h = (s.rows - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
  s.pad_w = (s.cols - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
  return s;
}

patch_layout layout_for_gradient(const conv_shape *s, int lanes) {
  patch_layout l = {.channels = (s->in_c + lanes - 1) / lanes * lanes};
  int whole = s->dilation_w == 1; // a row of the window is one piece
  l.segs = whole ? s->kernel_h : s->kernel_h * s->kernel_w;
  l.seg_len = whole ? s->kernel_w * l.channels : l.channels;
  return l;
}

patch_layout layout_for_sums(const conv_shape *s, int lanes) {
  if (s->in_c >= lanes) return layout_for_gradient(s, lanes);
  int window = s->in_c * s->kernel_h * s->kernel_w;
  return (patch_layout){.channels = s->in_c, .columns = 1, .segs = 1, .seg_len = (window + lanes - 1) / lanes * lanes};
}

size_t patch_size(patch_layout l) { return (size_t)l.segs * l.seg_len; }

// groups is into how many tasks a batch is cut.
static int groups(int batch) { return batch < 4 ? 1 : smaller(batch / 4, 16); }

// up rounds a number of floats to whole cache lines.
static size_t up(size_t n) { return (n + 15) / 16 * 16; }

typedef struct {
  const conv_shape *s;
  const kernel_set *set;
  const float *x, *packed, *bias;
  float *y, *scratch;
  uint8_t *mask;
  size_t scratch_size;
  int tasks;
} forward_job;

static void forward_task(void *data, size_t task) {
  const forward_job *j = data;
  const conv_shape *s = j->s;
  size_t in = (size_t)s->in_c * s->in_h * s->in_w, out = (size_t)s->out_c * s->y_h * s->y_w;
  for (int i = s->batch * task / j->tasks; i < (int)(s->batch * (task + 1) / j->tasks); i++)
    j->set->forward(s, j->x + i * in, j->packed, j->bias, j->y + i * out, j->mask ? j->mask + i * out : NULL, j->scratch + task * j->scratch_size);
}

static const char *conv_compute(kernel *k, void *context) {
  conv_shape s = read_shape(k);
  const kernel_set *set = kernels();
  size_t packed = up(set->packed_size(&s)), scratch = up(set->forward_scratch(&s));
  forward_job j = {.s = &s, .set = set, .scratch_size = scratch, .tasks = groups(s.batch)};
  j.x = input_floats(context, 0);
  const float *w = input_floats(context, 1);
  j.bias = input_floats(context, 2);
  j.y = output_data(context, 0, (int64_t[]){s.batch, s.out_c, s.y_h, s.y_w}, 4);
  if (s.pool) j.mask = output_data(context, 1, (int64_t[]){s.batch, s.y_h * s.y_w, s.out_c}, 3);
  if (!j.x || !w || !j.bias || !j.y || (s.pool && !j.mask)) return "Conv: an input or output is missing";
  loan l = borrow(k, (packed + scratch * j.tasks) * sizeof(float));
  if (!l.block) return give_back(k, l), "Conv: no memory";
  float *memory = (float *)l.block;
  set->pack(&s, w, memory);
  j.packed = memory;
  j.scratch = memory + packed;
  in_parallel(context, forward_task, j.tasks, &j);
  give_back(k, l);
  return NULL;
}

typedef struct {
  const conv_shape *s;
  const kernel_set *set;
  sweep common;
  const float *x, *y, *dy, *w;
  const uint8_t *mask;
  float *dw, *db, *dx;
  float *scratch;               // of tasks
  size_t scratch_size, xs_size, dxs_size, dw_size, positions;
  int tasks;
} backward_job;

// arrange gives a task its part of the memory: sums first, side by side.
static sweep arrange(const backward_job *j, size_t task) {
  sweep k = j->common;
  float *at = j->scratch + task * j->scratch_size;
  k.dw = at, at += up(j->dw_size);
  k.db = at, at += up(j->s->out_c);
  k.xs = at, at += up(j->xs_size);
  k.dxs = at, at += up(j->dxs_size);
  k.val = at, at += up(j->positions + 1);
  k.off_w = (int *)at, at += up(j->positions + 1);
  k.off_x = (int *)at;
  return k;
}

static void backward_task(void *data, size_t task) {
  const backward_job *j = data;
  const conv_shape *s = j->s;
  sweep k = arrange(j, task);
  memset(k.dw, 0, (up(j->dw_size) + up(s->out_c)) * sizeof(float));
  size_t in = (size_t)s->in_c * s->in_h * s->in_w, out = (size_t)s->out_c * s->y_h * s->y_w;
  for (int i = s->batch * task / j->tasks; i < (int)(s->batch * (task + 1) / j->tasks); i++)
    j->set->backward(&k, j->x + i * in, j->y ? j->y + i * out : NULL, j->mask ? j->mask + i * out : NULL, j->dy + i * out, j->dx ? j->dx + i * in : NULL);
}

// reduce_channel adds up what the tasks found for one output channel.
static void reduce_channel(void *data, size_t c) {
  const backward_job *j = data;
  const conv_shape *s = j->s;
  patch_layout l = j->common.lw;
  size_t n = patch_size(l);
  float *sum = j->scratch + c * n;
  float bias = 0;
  for (int t = 0; t < j->tasks; t++) {
    const float *part = j->scratch + t * j->scratch_size;
    if (t > 0) j->set->add(sum, part + c * n, n);
    bias += part[up(j->dw_size) + c];
  }
  j->db[c] = bias;
  int area = s->kernel_h * s->kernel_w;
  float *dw = j->dw + c * s->in_c * area;
  for (int offset = 0; offset < area; offset++)
    for (int i = 0; i < s->in_c; i++) dw[(size_t)i * area + offset] = sum[(size_t)offset * l.channels + i];
}

// spread_weights brings weights to the layout of a window of the gradient.
static void spread_weights(const conv_shape *s, patch_layout l, const float *w, float *to) {
  int area = s->kernel_h * s->kernel_w;
  memset(to, 0, s->out_c * patch_size(l) * sizeof *to);
  for (int c = 0; c < s->out_c; c++)
    for (int i = 0; i < s->in_c; i++)
      for (int offset = 0; offset < area; offset++)
        to[c * patch_size(l) + (size_t)offset * l.channels + i] = w[((size_t)c * s->in_c + i) * area + offset];
}

static void fill_positions(const conv_shape *s, patch_layout l, int *at) {
  for (int r = 0; r < s->rows; r++)
    for (int c = 0; c < s->cols; c++) {
      int place = l.columns ? (r * s->cols + c) * l.seg_len : (r * s->stride_h * s->pad_w + c * s->stride_w) * l.channels;
      at[r * s->cols + c] = place;
    }
}

static const char *backward_ends(backward_job *j, void *context, int want_dx) {
  const conv_shape *s = j->s;
  j->x = input_floats(context, 0);
  j->w = input_floats(context, 1);
  if (s->pool) j->mask = input_data(context, 2);
  else j->y = input_floats(context, 2);
  j->dy = input_floats(context, 3);
  j->dw = output_data(context, 0, (int64_t[]){s->out_c, s->in_c, s->kernel_h, s->kernel_w}, 4);
  j->db = output_data(context, 1, (int64_t[]){s->out_c}, 1);
  if (want_dx) j->dx = output_data(context, 2, (int64_t[]){s->batch, s->in_c, s->in_h, s->in_w}, 4);
  int whole = j->x && j->w && (j->mask || j->y) && j->dy && j->dw && j->db && (j->dx || !want_dx);
  return whole ? NULL : "ConvGrad: an input or output is missing";
}

static void measure(backward_job *j) {
  const conv_shape *s = j->s;
  patch_layout lw = j->common.lw, lx = j->common.lx;
  j->positions = (size_t)s->rows * s->cols;
  j->dw_size = s->out_c * patch_size(lw);
  j->xs_size = lw.columns ? j->positions * lw.seg_len : (size_t)s->pad_h * s->pad_w * lw.channels;
  j->dxs_size = j->dx ? (size_t)s->pad_h * s->pad_w * lx.channels : 0;
  j->scratch_size = up(j->dw_size) + up(s->out_c) + up(j->xs_size) + up(j->dxs_size) + 3 * up(j->positions + 1);
}

static const char *conv_grad_compute(kernel *k, void *context) {
  conv_shape s = read_shape(k);
  backward_job j = {.s = &s, .set = kernels(), .tasks = groups(s.batch)};
  int want_dx = k->int_count > CONV_SIZES && k->ints[CONV_SIZES];
  const char *failed = backward_ends(&j, context, want_dx);
  if (failed) return failed;
  j.common = (sweep){.s = &s, .lw = layout_for_sums(&s, j.set->lanes), .lx = layout_for_gradient(&s, j.set->lanes)};
  measure(&j);
  size_t weights = want_dx ? up(s.out_c * patch_size(j.common.lx)) : 0;
  loan l = borrow(k, (weights + 2 * up(j.positions) + j.scratch_size * j.tasks) * sizeof(float));
  if (!l.block) return give_back(k, l), "ConvGrad: no memory";
  float *memory = (float *)l.block;
  int *at_w = (int *)(memory + weights), *at_x = at_w + up(j.positions);
  fill_positions(&s, j.common.lw, at_w);
  fill_positions(&s, j.common.lx, at_x);
  if (want_dx) spread_weights(&s, j.common.lx, j.w, memory);
  j.common.w = memory, j.common.at_w = at_w, j.common.at_x = at_x;
  j.scratch = (float *)(at_x + up(j.positions));
  in_parallel(context, backward_task, j.tasks, &j);
  in_parallel(context, reduce_channel, s.out_c, &j);
  give_back(k, l);
  return NULL;
}

operator conv_operator = {
    .name = "Conv", .inputs = 3, .outputs = 2, .min_outputs = 1, .compute = conv_compute,
    .input_types = {ORT_FLOAT, ORT_FLOAT, ORT_FLOAT}, .output_types = {ORT_FLOAT, ORT_UINT8},
};

operator conv_grad_operator = {
    .name = "ConvGrad", .inputs = 4, .outputs = 3, .min_outputs = 2, .compute = conv_grad_compute,
    .input_types = {ORT_FLOAT, ORT_FLOAT, ORT_ANY, ORT_FLOAT}, .output_types = {ORT_FLOAT, ORT_FLOAT, ORT_FLOAT},
};
