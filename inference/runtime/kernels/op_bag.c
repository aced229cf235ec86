// The weighed bag of token ids that a linear text model sums, and its gradient.
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "op.h"

// bag_job: sizes are samples N, ids a sample L, rows of the tables and columns.
typedef struct {
  const int64_t *ids;
  const float *ratios, *table, *norms, *dz;
  float *z, *norm, *sums[2];
  int64_t samples, length, rows, columns;
  float epsilon;
  atomic_int wrong; // an id is none of the tables'
} bag_job;

static bag_job bag_of(const kernel *k) {
  return (bag_job){.samples = k->ints[0], .length = k->ints[1], .rows = k->ints[2], .columns = k->ints[3], .epsilon = k->floats[0]};
}

enum { BAG_PIECE = 16 }; // samples of a task

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

static void bag_row(bag_job *j, int64_t n) {
  const int64_t *ids = j->ids + n * j->length;
  for (int64_t c = 0; c < j->columns; c++) {
    float sum = 0, squares = 0;
    for (int64_t l = 0; l < j->length; l++) {
      if (!ids[l]) continue;
      if ((uint64_t)ids[l] >= (uint64_t)j->rows) {
        atomic_store(&j->wrong, 1);
        return;
      }
      float r = j->ratios[ids[l] * j->columns + c];
      sum += r * j->table[ids[l] * j->columns + c];
      squares += r * r;
    }
    float norm = sqrtf(squares + j->epsilon);
    j->norm[n * j->columns + c] = norm;
    j->z[n * j->columns + c] = sum / norm;
  }
}

static void bag_task(void *data, size_t piece) {
  bag_job *j = data;
  for (int64_t n = piece * BAG_PIECE, to = lesser(n + BAG_PIECE, j->samples); n < to; n++) bag_row(j, n);
}

// bag_compute: z = Σ r·w / ‖r‖ over a sample's ids that are not 0, and ‖r‖.
static const char *bag_compute(kernel *k, void *context) {
  bag_job j = bag_of(k);
  j.ids = input_data(context, 0), j.ratios = input_floats(context, 1), j.table = input_floats(context, 2);
  j.z = output_data(context, 0, (int64_t[]){j.samples, j.columns}, 2);
  j.norm = output_data(context, 1, (int64_t[]){j.samples, j.columns}, 2);
  if (!j.ids || !j.ratios || !j.table || !j.z || !j.norm) return "Bag: an input or output is missing";
  in_parallel(context, bag_task, (j.samples + BAG_PIECE - 1) / BAG_PIECE, &j);
  return j.wrong ? "Bag: a token id lies outside of the table" : NULL;
}

// bag_grad_task adds half of the samples, always the same half, so that the sums
// do not depend on the number of threads.
static void bag_grad_task(void *data, size_t half) {
  bag_job *j = data;
  float *sums = j->sums[half];
  memset(sums, 0, j->rows * j->columns * sizeof *sums);
  int64_t middle = (j->samples + 1) / 2;
  for (int64_t n = half ? middle : 0, to = half ? j->samples : middle; n < to; n++) {
    const int64_t *ids = j->ids + n * j->length;
    for (int64_t c = 0; c < j->columns; c++) {
      float d = j->dz[n * j->columns + c] / j->norms[n * j->columns + c];
      for (int64_t l = 0; l < j->length; l++) {
        int64_t at = ids[l] * j->columns + c;
        if (ids[l]) sums[at] += d * j->ratios[at];
      }
    }
  }
}

// bag_grad_compute gives the gradient of the table. The ids were checked on the
// way forward.
static const char *bag_grad_compute(kernel *k, void *context) {
  bag_job j = bag_of(k);
  j.ids = input_data(context, 0), j.ratios = input_floats(context, 1), j.norms = input_floats(context, 2), j.dz = input_floats(context, 3);
  j.sums[0] = output_data(context, 0, (int64_t[]){j.rows, j.columns}, 2);
  if (!j.ids || !j.ratios || !j.norms || !j.dz || !j.sums[0]) return "BagGrad: an input or output is missing";
  size_t size = j.rows * j.columns;
  loan l = borrow(k, size * sizeof *j.sums[1]);
  j.sums[1] = l.block;
  if (j.sums[1]) {
    in_parallel(context, bag_grad_task, 2, &j);
    for (size_t i = 0; i < size; i++) j.sums[0][i] += j.sums[1][i];
  }
  give_back(k, l);
  return j.sums[1] ? NULL : "BagGrad: no memory";
}

operator bag_operator = {
    .name = "Bag", .inputs = 3, .outputs = 2, .min_outputs = 2, .compute = bag_compute,
    .input_types = {ORT_INT64, ORT_FLOAT, ORT_FLOAT}, .output_types = {ORT_FLOAT, ORT_FLOAT},
};

operator bag_grad_operator = {
    .name = "BagGrad", .inputs = 4, .outputs = 1, .min_outputs = 1, .compute = bag_grad_compute,
    .input_types = {ORT_INT64, ORT_FLOAT, ORT_FLOAT, ORT_FLOAT}, .output_types = {ORT_FLOAT},
};
