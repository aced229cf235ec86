// The inner loops, compiled once for each instruction set, and the numbers they
// work from.
#ifndef ATHANOR_KERNELS_H
#define ATHANOR_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// conv_shape is a two-dimensional convolution of one group, with what follows
// it in the same pass: 2×2 maximum pooling, ReLU.
typedef struct {
  int batch, in_c, in_h, in_w, out_c, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int pad_top, pad_left, out_h, out_w, pool, relu;
  // Derived: positions that are computed, the result's size, and the padded
  // input as far as windows reach.
  int rows, cols, y_h, y_w, pad_h, pad_w;
} conv_shape;

// patch_layout is how the window of one position lies in an input with channels
// last: segs pieces of seg_len floats.
typedef struct {
  int channels; // of a pixel, filled up with zeros to whole vectors
  int segs, seg_len;
} patch_layout;

// sweep is what the backward pass of one sample works with.
typedef struct {
  const conv_shape *s;
  int dense;          // how dw is found: see conv_dense.h and conv_backward.h
  float *dw, *db;     // sums over samples
  float *xs;          // the input, prepared
  const int *taps;    // dense: where a place of the window lies in a padded input
  float *errors;      // dense: the output's gradient, channels last
  const conv_shape *back; // the convolution that gives dx; NULL to go through entries
  const float *w;     // its weights, packed; or in the layout l
  const float *zeros; // its bias
  float *passed, *scratch;
  patch_layout l;
  const int *at;      // where a position's window starts
  float *dxs, *val;   // the input's gradient; a channel's entries
  int *off;
} sweep;

// update_rule is an optimizer's arithmetic; names as in package optim.
typedef struct {
  int kind; // slots: 0 plain, 1 momentum, 2 Adam
  int nesterov, decoupled;
  float momentum, beta1, beta2, decay;
  float rate, epsilon, shrink, clip; // of this step
} update_rule;

// pair is one place of a sum for two rows at once: the row of the matrix, and
// what it counts in either.
typedef struct {
  int32_t at;
  float a, b;
} pair;

// dense_rows is the left side of a product: floats, or bytes with what each of
// the 256 counts.
typedef struct {
  const float *floats;
  const uint8_t *bytes;
  const float *value;
} dense_rows;

// product is the right side: rows of m, and what comes behind the sum.
typedef struct {
  const float *m, *start;
  size_t stride;
  int columns, relu;
} product;

// RECURRENT_ROWS is how many texts go through gated units at once.
enum { RECURRENT_ROWS = 8 };

typedef struct {
  int lanes;
  size_t (*packed_size)(const conv_shape *);
  void (*pack)(const conv_shape *, const float *w, float *packed);
  size_t (*forward_scratch)(const conv_shape *);
  void (*forward)(const conv_shape *, const float *x, const float *packed, const float *bias, float *y, uint8_t *mask, float *scratch);
  void (*dense_read)(const conv_shape *, const float *dw, int channel, float *to);
  void (*backward)(const sweep *, const float *x, const float *y, const uint8_t *mask, const float *dy, float *dx);
  int (*list_rows)(const dense_rows *, size_t r0, size_t r1, int n, pair *to);
  void (*list_columns)(const dense_rows *, size_t stride, int rows, int from, int n, pair *to, int *counts);
  void (*pair_product)(const pair *, int count, const product *, float *y0, float *y1, const float *mask0, const float *mask1);
  void (*add)(float *sum, const float *x, size_t n);
  double (*squares)(const float *g, size_t n);
  void (*update)(const update_rule *, size_t n, const float *p, const float *g, const float *m, const float *v, const float *decay, float *p2, float *m2, float *v2);
  void (*scale)(size_t n, const uint8_t *x, float by, float *y);
  void (*relu_grad)(size_t n, const float *y, const float *dy, float *dx, float *sums);
  void (*state_product)(const float *const *x, int depth, const float *m, int columns, float *const *y);
  void (*gate)(int units, const float *x, const float *g, const float *h, float *y, float *kept);
  void (*gate_grad)(int units, const float *kept, const float *h, float *dh, float *dx, float *dg);
  float (*log_softmax)(size_t n, const float *x, float *logp);
  void (*softmax_grad)(size_t n, const float *logp, float by, float off, float *dx);
} kernel_set;

extern const kernel_set kernels_base, kernels_avx2, kernels_narrow, kernels_avx512;

// kernels is the fastest set that this processor can run.
const kernel_set *kernels(void);
// kernels_for is the set for results of so many channels side by side.
const kernel_set *kernels_for(int channels);

// seg_offset is where a segment lies behind the window's start.
static inline int seg_offset(const conv_shape *s, patch_layout l, int seg) {
  if (l.segs == s->kernel_h) return seg * s->dilation_h * s->pad_w * l.channels;
  return (seg / s->kernel_w * s->dilation_h * s->pad_w + seg % s->kernel_w * s->dilation_w) * l.channels;
}

#endif
