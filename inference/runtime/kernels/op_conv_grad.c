// The convolution's gradient: which way is taken, where everything lies in
// memory, and how tasks' sums come together.
#include <string.h>

#include "conv.h"

typedef struct {
  const conv_shape *s;
  const kernel_set *set;
  conv_shape back; // of the input's gradient as a convolution
  sweep common;
  const float *x, *y, *dy, *w;
  const uint8_t *mask;
  float *dw, *db, *dx;
  float *scratch; // of the tasks, one after another
  size_t scratch_size, dw_size, xs_size, errors_size, passed_size, forward_size, dxs_size, entries;
  int tasks, turned; // turned: dx by a convolution
} grad_job;

static size_t patch_size(patch_layout l) { return (size_t)l.segs * l.seg_len; }

static patch_layout layout(const conv_shape *s, int lanes) {
  patch_layout l = {.channels = (s->in_c + lanes - 1) / lanes * lanes};
  int whole = s->dilation_w == 1; // a row of the window is one piece
  l.segs = whole ? s->kernel_h : s->kernel_h * s->kernel_w;
  l.seg_len = whole ? s->kernel_w * l.channels : l.channels;
  return l;
}

// turn_around is the convolution of dy that gives dx, for stride 1.
static conv_shape turn_around(const conv_shape *s) {
  conv_shape b = {
      .batch = s->batch, .in_c = s->out_c, .in_h = s->y_h, .in_w = s->y_w, .out_c = s->in_c, .kernel_h = s->kernel_h, .kernel_w = s->kernel_w,
      .stride_h = 1, .stride_w = 1, .dilation_h = s->dilation_h, .dilation_w = s->dilation_w,
      .pad_top = (s->kernel_h - 1) * s->dilation_h - s->pad_top, .pad_left = (s->kernel_w - 1) * s->dilation_w - s->pad_left,
      .out_h = s->in_h, .out_w = s->in_w,
  };
  derive(&b);
  return b;
}

// choose_way: sums over few channels, or over gradients that are mostly not
// zero, are dense; so is dx where it is a plain convolution.
static void choose_way(grad_job *j, int want_dx) {
  const conv_shape *s = j->s;
  j->common = (sweep){.s = s, .l = layout(s, j->set->lanes), .dense = !s->pool || s->in_c < j->set->lanes};
  j->back = turn_around(s);
  j->turned = want_dx && !s->pool && s->stride_h == 1 && s->stride_w == 1 && j->back.pad_top >= 0 && j->back.pad_left >= 0;
}

static const char *take_ends(grad_job *j, void *context, int want_dx) {
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

// measure finds how much memory a task takes.
static void measure(grad_job *j) {
  const conv_shape *s = j->s;
  size_t padded = (size_t)s->pad_h * s->pad_w, positions = (size_t)s->rows * s->cols;
  int dense = j->common.dense, entries = !dense || (j->dx && !j->turned);
  j->dw_size = up(dense ? j->set->packed_size(s) : s->out_c * patch_size(j->common.l));
  j->xs_size = up(padded * (dense ? s->in_c : j->common.l.channels));
  j->errors_size = dense ? up(positions * ((s->out_c + 15) / 16 * 16)) : 0;
  j->passed_size = j->turned && s->relu ? up((size_t)s->out_c * s->y_h * s->y_w) : 0;
  j->forward_size = j->turned ? up(j->set->forward_scratch(&j->back)) : 0;
  j->dxs_size = j->dx && !j->turned ? up(padded * j->common.l.channels) : 0;
  j->entries = entries ? up(positions + 1) : 0;
  j->scratch_size = j->dw_size + up(s->out_c) + j->xs_size + j->errors_size + j->passed_size + j->forward_size + j->dxs_size + 2 * j->entries;
}

// arrange gives a task its part of the memory, sums first.
static sweep arrange(const grad_job *j, size_t task) {
  sweep k = j->common;
  float *at = j->scratch + task * j->scratch_size;
  k.dw = at, at += j->dw_size;
  k.db = at, at += up(j->s->out_c);
  k.xs = at, at += j->xs_size;
  k.errors = at, at += j->errors_size;
  k.passed = at, at += j->passed_size;
  k.scratch = at, at += j->forward_size;
  k.dxs = at, at += j->dxs_size;
  k.val = at, at += j->entries;
  k.off = (int *)at;
  return k;
}

static void grad_task(void *data, size_t task) {
  const grad_job *j = data;
  const conv_shape *s = j->s;
  sweep k = arrange(j, task);
  memset(k.dw, 0, (j->dw_size + up(s->out_c)) * sizeof(float));
  size_t in = (size_t)s->in_c * s->in_h * s->in_w, out = (size_t)s->out_c * s->y_h * s->y_w;
  for (int i = s->batch * task / j->tasks; i < (int)(s->batch * (task + 1) / j->tasks); i++)
    j->set->backward(&k, j->x + i * in, j->y ? j->y + i * out : NULL, j->mask ? j->mask + i * out : NULL, j->dy + i * out, j->dx ? j->dx + i * in : NULL);
}

// reduce_piece adds a stretch of all tasks' sums up, in their order.
enum { PIECE = 4096 };

static void reduce_piece(void *data, size_t piece) {
  const grad_job *j = data;
  size_t from = piece * PIECE, size = j->dw_size + up(j->s->out_c);
  size_t count = size - from < PIECE ? size - from : PIECE;
  for (int t = 1; t < j->tasks; t++) j->set->add(j->scratch + from, j->scratch + t * j->scratch_size + from, count);
}

// read_sums brings the sums to the weights' own layout.
static void read_sums(const grad_job *j) {
  const conv_shape *s = j->s;
  patch_layout l = j->common.l;
  int area = s->kernel_h * s->kernel_w;
  for (int c = 0; c < s->out_c; c++) {
    float *dw = j->dw + (size_t)c * s->in_c * area;
    j->db[c] = j->scratch[j->dw_size + c];
    if (j->common.dense) {
      j->set->dense_read(s, j->scratch, c, dw);
      continue;
    }
    const float *sum = j->scratch + c * patch_size(l);
    for (int i = 0; i < s->in_c; i++)
      for (int offset = 0; offset < area; offset++) dw[(size_t)i * area + offset] = sum[(size_t)offset * l.channels + i];
  }
}

// spread_weights brings weights to the layout of windows.
static void spread_weights(const conv_shape *s, patch_layout l, const float *w, float *to) {
  int area = s->kernel_h * s->kernel_w;
  memset(to, 0, s->out_c * patch_size(l) * sizeof *to);
  for (int c = 0; c < s->out_c; c++)
    for (int i = 0; i < s->in_c; i++)
      for (int offset = 0; offset < area; offset++)
        to[c * patch_size(l) + (size_t)offset * l.channels + i] = w[((size_t)c * s->in_c + i) * area + offset];
}

// turn_weights swaps channels and turns kernels by half a turn.
static void turn_weights(const conv_shape *s, const float *w, float *to) {
  int area = s->kernel_h * s->kernel_w;
  for (int c = 0; c < s->out_c; c++)
    for (int i = 0; i < s->in_c; i++)
      for (int offset = 0; offset < area; offset++)
        to[((size_t)i * s->out_c + c) * area + area - 1 - offset] = w[((size_t)c * s->in_c + i) * area + offset];
}

// prepare_weights lays out what dx needs at at; returns how much it takes.
static size_t prepare_weights(grad_job *j, float *at, int measure_only) {
  const conv_shape *s = j->s;
  size_t plain = up((size_t)s->out_c * s->in_c * s->kernel_h * s->kernel_w), zeros = up(s->in_c);
  if (!j->dx) return 0;
  if (!j->turned) {
    if (!measure_only) spread_weights(s, j->common.l, j->w, at), j->common.w = at;
    return up(s->out_c * patch_size(j->common.l));
  }
  if (!measure_only) {
    turn_weights(s, j->w, at);
    memset(at + plain, 0, zeros * sizeof *at);
    j->set->pack(&j->back, at, at + plain + zeros);
    j->common.zeros = at + plain, j->common.w = at + plain + zeros, j->common.back = &j->back;
  }
  return plain + zeros + up(j->set->packed_size(&j->back));
}

// prepare_places fills the tables of offsets.
static void prepare_places(grad_job *j, int *taps, int *at) {
  const conv_shape *s = j->s;
  for (int i = 0; i < s->in_c; i++)
    for (int ky = 0; ky < s->kernel_h; ky++)
      for (int kx = 0; kx < s->kernel_w; kx++) *taps++ = (i * s->pad_h + ky * s->dilation_h) * s->pad_w + kx * s->dilation_w;
  for (int r = 0; r < s->rows; r++)
    for (int c = 0; c < s->cols; c++) *at++ = (r * s->stride_h * s->pad_w + c * s->stride_w) * j->common.l.channels;
}

static const char *conv_grad_compute(kernel *k, void *context) {
  conv_shape s = read_shape(k);
  grad_job j = {.s = &s, .set = kernels()};
  int want_dx = k->int_count > CONV_SIZES && k->ints[CONV_SIZES];
  const char *failed = take_ends(&j, context, want_dx);
  if (failed) return failed;
  choose_way(&j, want_dx);
  measure(&j);
  j.tasks = groups(s.batch, j.scratch_size);
  size_t weights = prepare_weights(&j, NULL, 1), taps = up((size_t)s.in_c * s.kernel_h * s.kernel_w), positions = up((size_t)s.rows * s.cols);
  loan l = borrow(k, (weights + taps + positions + j.scratch_size * j.tasks) * sizeof(float));
  if (!l.block) return give_back(k, l), "ConvGrad: no memory";
  float *memory = l.block;
  prepare_weights(&j, memory, 0);
  int *places = (int *)(memory + weights);
  prepare_places(&j, places, places + taps);
  j.common.taps = places, j.common.at = places + taps;
  j.scratch = memory + weights + taps + positions;
  in_parallel(context, grad_task, j.tasks, &j);
  in_parallel(context, reduce_piece, (j.dw_size + up(s.out_c) + PIECE - 1) / PIECE, &j);
  read_sums(&j);
  give_back(k, l);
  return NULL;
}

operator conv_grad_operator = {
    .name = "ConvGrad", .inputs = 4, .outputs = 3, .min_outputs = 2, .compute = conv_grad_compute,
    .input_types = {ORT_FLOAT, ORT_FLOAT, ORT_ANY, ORT_FLOAT}, .output_types = {ORT_FLOAT, ORT_FLOAT, ORT_FLOAT},
};
