// Gated recurrent units over texts of different lengths, in the layout of ONNX's GRU
// with the reset gate behind the product, and their gradient. Texts are sorted by
// length, so that padding costs nothing, and go through in groups of rows; each group
// is a task, so that results do not depend on the number of threads.
#include <string.h>

#include "kernels.h"
#include "op.h"

// gru_job: places L, texts N, units H, and whether the last place comes first.
typedef struct {
  const kernel_set *set;
  int places, texts, units, reverse;
  const float *in, *weights, *bias, *present; // [N, L, 3H], [3H, H], [3H], [N, L]
  const float *states, *kept, *dy;            // [N, L, H], [N, L, 4H], [N, L, H]
  float *y, *keep, *din, *dg;                 // [N, L, H], [N, L, 4H], [N, L, 3H] both
  const float *turned;                        // weights as [H, 3H]
  int *length, *order;
  float *scratch;
  size_t scratch_size; // floats of a task
} gru_job;

static gru_job gru_of(const kernel *k) {
  return (gru_job){.set = kernels(), .places = k->ints[0], .texts = k->ints[1], .units = k->ints[2], .reverse = k->ints[3]};
}

static size_t gru_groups(const gru_job *j) { return (j->texts + RECURRENT_ROWS - 1) / RECURRENT_ROWS; }

// measure finds the texts' lengths and sorts them, the longest first.
static void measure(gru_job *j) {
  for (int n = 0; n < j->texts; n++) {
    j->length[n] = 0;
    for (int t = 0; t < j->places; t++)
      if (j->present[(size_t)n * j->places + t] != 0) j->length[n] = t + 1;
  }
  int at = 0;
  for (int l = j->places; l >= 0; l--)
    for (int n = 0; n < j->texts; n++)
      if (j->length[n] == l) j->order[at++] = n;
}

static void turn_weights(const gru_job *j, float *to) {
  int h = j->units;
  for (int r = 0; r < 3 * h; r++)
    for (int c = 0; c < h; c++) to[(size_t)c * 3 * h + r] = j->weights[(size_t)r * h + c];
}

// gru_group is a group of texts at one place.
typedef struct {
  const gru_job *j;
  int rows; // texts in the group
  const int *text;
  const float *zeros;
  float *product; // [RECURRENT_ROWS, 3H]
  float *carried; // [RECURRENT_ROWS, H]
} gru_group;

static gru_group group_of(const gru_job *j, size_t task) {
  int first = task * RECURRENT_ROWS, left = j->texts - first;
  float *scratch = j->scratch + task * j->scratch_size;
  gru_group g = {.j = j, .rows = left < RECURRENT_ROWS ? left : RECURRENT_ROWS, .text = j->order + first, .zeros = scratch};
  g.product = scratch + 3 * j->units;
  g.carried = g.product + RECURRENT_ROWS * 3 * j->units;
  memset(scratch, 0, j->scratch_size * sizeof *scratch);
  return g;
}

static size_t scratch_of(const gru_job *j) { return (3 + RECURRENT_ROWS * 4) * (size_t)j->units; }

// alive is how many texts of the group reach place t.
static int alive(const gru_group *g, int t) {
  int rows = 0;
  while (rows < g->rows && g->j->length[g->text[rows]] > t) rows++;
  return rows;
}

// before is the state that text n comes to place t with, among states [N, L, H].
static const float *before(const gru_group *g, const float *states, int n, int t) {
  int from = g->j->reverse ? t + 1 : t - 1;
  if (from < 0 || from >= g->j->length[n]) return g->zeros;
  return states + ((size_t)n * g->j->places + from) * g->j->units;
}

static void gru_place(const gru_group *g, int t) {
  const gru_job *j = g->j;
  int rows = alive(g, t), h = j->units;
  const float *x[RECURRENT_ROWS];
  float *y[RECURRENT_ROWS];
  for (int r = 0; r < RECURRENT_ROWS; r++) {
    x[r] = r < rows ? before(g, j->y, g->text[r], t) : g->zeros;
    y[r] = g->product + r * 3 * h;
    memcpy(y[r], j->bias, 3 * h * sizeof *y[r]);
  }
  j->set->state_product(x, h, j->turned, 3 * h, y);
  for (int r = 0; r < rows; r++) {
    size_t at = (size_t)g->text[r] * j->places + t;
    j->set->gate(h, j->in + at * 3 * h, y[r], x[r], j->y + at * h, j->keep + at * 4 * h);
  }
}

static void gru_task(void *data, size_t task) {
  const gru_job *j = data;
  gru_group g = group_of(j, task);
  int longest = j->length[g.text[0]];
  for (int r = 0; r < g.rows; r++) {
    size_t at = (size_t)g.text[r] * j->places, length = j->length[g.text[r]];
    memset(j->y + (at + length) * j->units, 0, (j->places - length) * j->units * sizeof *j->y);
  }
  for (int i = 0; i < longest; i++) gru_place(&g, j->reverse ? longest - 1 - i : i);
}

// gru_borrow lays out what a run needs: sizes first, then the tasks' own memory.
static loan gru_borrow(kernel *k, gru_job *j, size_t turned) {
  size_t ints = (2 * j->texts * sizeof(int) + 63) / 64 * 64;
  j->scratch_size = scratch_of(j);
  loan l = borrow(k, ints + (turned + gru_groups(j) * j->scratch_size) * sizeof(float));
  if (!l.block) return l;
  j->length = l.block, j->order = j->length + j->texts;
  float *rest = (float *)((char *)l.block + ints);
  j->turned = rest, j->scratch = rest + turned;
  return l;
}

// gru_compute: states of every place [N, L, H], 0 behind a text's end, and what the
// gradient needs [N, L, 4H].
static const char *gru_compute(kernel *k, void *context) {
  gru_job j = gru_of(k);
  j.in = input_floats(context, 0), j.weights = input_floats(context, 1), j.bias = input_floats(context, 2), j.present = input_floats(context, 3);
  j.y = output_data(context, 0, (int64_t[]){j.texts, j.places, j.units}, 3);
  j.keep = output_data(context, 1, (int64_t[]){j.texts, j.places, 4 * j.units}, 3);
  if (!j.in || !j.weights || !j.bias || !j.present || !j.y || !j.keep) return "GRU: an input or output is missing";
  size_t turned = 3 * (size_t)j.units * j.units;
  loan l = gru_borrow(k, &j, turned);
  if (!l.block) return give_back(k, l), "GRU: no memory";
  turn_weights(&j, (float *)j.turned);
  measure(&j);
  in_parallel(context, gru_task, gru_groups(&j), &j);
  give_back(k, l);
  return NULL;
}

static void gru_grad_place(const gru_group *g, int t) {
  const gru_job *j = g->j;
  int rows = alive(g, t), h = j->units;
  const float *x[RECURRENT_ROWS];
  float *dh[RECURRENT_ROWS];
  for (int r = 0; r < RECURRENT_ROWS; r++) {
    dh[r] = g->carried + r * h;
    x[r] = g->zeros;
    if (r >= rows) continue;
    int n = g->text[r];
    size_t at = (size_t)n * j->places + t, wide = at * 3 * h;
    j->set->add(dh[r], j->dy + at * h, h);
    j->set->gate_grad(h, j->kept + at * 4 * h, before(g, j->states, n, t), dh[r], j->din + wide, j->dg + wide);
    x[r] = j->dg + wide;
  }
  j->set->state_product(x, 3 * h, j->weights, h, dh);
}

static void gru_grad_task(void *data, size_t task) {
  const gru_job *j = data;
  gru_group g = group_of(j, task);
  int longest = j->length[g.text[0]];
  size_t row = 3 * (size_t)j->units;
  for (int r = 0; r < g.rows; r++) {
    size_t at = (size_t)g.text[r] * j->places, length = j->length[g.text[r]];
    memset(j->din + (at + length) * row, 0, (j->places - length) * row * sizeof *j->din);
    memset(j->dg + (at + length) * row, 0, (j->places - length) * row * sizeof *j->dg);
  }
  for (int i = 0; i < longest; i++) gru_grad_place(&g, j->reverse ? i : longest - 1 - i);
}

// gru_grad_compute gives the gradients of the places' part and of the state's, both
// [N, L, 3H]; those of the weights are products of the latter.
static const char *gru_grad_compute(kernel *k, void *context) {
  gru_job j = gru_of(k);
  j.weights = input_floats(context, 0), j.present = input_floats(context, 1), j.states = input_floats(context, 2), j.kept = input_floats(context, 3), j.dy = input_floats(context, 4);
  int64_t shape[] = {j.texts, j.places, 3 * j.units};
  j.din = output_data(context, 0, shape, 3), j.dg = output_data(context, 1, shape, 3);
  if (!j.weights || !j.present || !j.states || !j.kept || !j.dy || !j.din || !j.dg) return "GRUGrad: an input or output is missing";
  loan l = gru_borrow(k, &j, 0);
  if (!l.block) return give_back(k, l), "GRUGrad: no memory";
  measure(&j);
  in_parallel(context, gru_grad_task, gru_groups(&j), &j);
  give_back(k, l);
  return NULL;
}

operator gru_operator = {
    .name = "GRU", .inputs = 4, .outputs = 2, .min_outputs = 2, .compute = gru_compute,
    .input_types = {ORT_FLOAT, ORT_FLOAT, ORT_FLOAT, ORT_FLOAT}, .output_types = {ORT_FLOAT, ORT_FLOAT},
};

operator gru_grad_operator = {
    .name = "GRUGrad", .inputs = 5, .outputs = 2, .min_outputs = 2, .compute = gru_grad_compute,
    .input_types = {ORT_FLOAT, ORT_FLOAT, ORT_FLOAT, ORT_FLOAT, ORT_FLOAT}, .output_types = {ORT_FLOAT, ORT_FLOAT},
};
