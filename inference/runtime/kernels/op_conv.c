// The convolution operator: how samples are shared out over threads. Samples are
// grouped by their number alone, so that sums come out the same with any number
// of threads.
#include "conv.h"

static int smaller(int a, int b) { return a < b ? a : b; }

conv_shape read_shape(const kernel *k) {
  const int64_t *n = k->ints;
  conv_shape s = {
      .batch = n[0], .in_c = n[1], .in_h = n[2], .in_w = n[3], .out_c = n[4], .kernel_h = n[5], .kernel_w = n[6],
      .stride_h = n[7], .stride_w = n[8], .dilation_h = n[9], .dilation_w = n[10], .pad_top = n[11], .pad_left = n[12],
      .out_h = n[13], .out_w = n[14], .pool = n[15], .relu = n[16],
  };
  derive(&s);
  return s;
}

void derive(conv_shape *s) {
  s->y_h = s->pool ? s->out_h / 2 : s->out_h;
  s->y_w = s->pool ? s->out_w / 2 : s->out_w;
  s->rows = s->pool ? 2 * s->y_h : s->y_h;
  s->cols = s->pool ? 2 * s->y_w : s->y_w;
  s->pad_h = (s->rows - 1) * s->stride_h + (s->kernel_h - 1) * s->dilation_h + 1;
  s->pad_w = (s->cols - 1) * s->stride_w + (s->kernel_w - 1) * s->dilation_w + 1;
}

enum { MOST_MEMORY = 4 << 20 }; // floats that many tasks may take together

int groups(int batch, size_t scratch) {
  int tasks = batch < 4 ? 1 : smaller(batch / 4, 16);
  while (tasks > 4 && tasks * scratch > MOST_MEMORY) tasks /= 2;
  return tasks;
}

size_t up(size_t n) { return (n + 15) / 16 * 16; }

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
  const kernel_set *set = kernels_for(s.out_c);
  size_t packed = up(set->packed_size(&s)), scratch = up(set->forward_scratch(&s));
  forward_job j = {.s = &s, .set = set, .scratch_size = scratch, .tasks = groups(s.batch, scratch)};
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

operator conv_operator = {
    .name = "Conv", .inputs = 3, .outputs = 2, .min_outputs = 1, .compute = conv_compute,
    .input_types = {ORT_FLOAT, ORT_FLOAT, ORT_FLOAT}, .output_types = {ORT_FLOAT, ORT_UINT8},
};
