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

// patch_layout is how the window of one position lies in a prepared input:
// segs pieces of seg_len floats, a multiple of the vector's length.
typedef struct {
  int channels; // of a pixel in the prepared input, filled up with zeros
  int columns;  // the input is unrolled to one row a position
  int segs, seg_len;
} patch_layout;

// sweep is one sample's backward pass.
typedef struct {
  const conv_shape *s;
  patch_layout lw, lx;          // of the input for dw, of the input's gradient
  const int *at_w, *at_x;       // where a position's window starts
  const float *w;               // in the layout lx, or NULL without dx
  float *xs, *dxs;              // prepared input, gradient
  float *dw, *db;               // sums
  int *off_w, *off_x;           // entries of a channel
  float *val;
} sweep;

// update_rule is an optimizer's arithmetic; names as in package optim.
typedef struct {
  int kind; // slots: 0 plain, 1 momentum, 2 Adam
  int nesterov, decoupled;
  float momentum, beta1, beta2, decay;
  float rate, epsilon, shrink, clip; // of this step
} update_rule;

typedef struct {
  int lanes;
  size_t (*packed_size)(const conv_shape *);
  void (*pack)(const conv_shape *, const float *w, float *packed);
  size_t (*forward_scratch)(const conv_shape *);
  void (*forward)(const conv_shape *, const float *x, const float *packed, const float *bias, float *y, uint8_t *mask, float *scratch);
  void (*backward)(const sweep *, const float *x, const float *y, const uint8_t *mask, const float *dy, float *dx);
  void (*add)(float *sum, const float *x, size_t n);
  double (*squares)(const float *g, size_t n);
  void (*update)(const update_rule *, size_t n, const float *p, const float *g, const float *m, const float *v, const float *decay, float *p2, float *m2, float *v2);
  void (*relu_grad)(size_t n, const float *y, const float *dy, float *dx, float *sums);
} kernel_set;

extern const kernel_set kernels_base, kernels_avx2, kernels_avx512;

// kernels is the fastest set that this processor can run.
const kernel_set *kernels(void);

patch_layout layout_for_sums(const conv_shape *, int lanes);
patch_layout layout_for_gradient(const conv_shape *, int lanes);
size_t patch_size(patch_layout);
// seg_offset is where a segment lies behind the window's start.
static inline int seg_offset(const conv_shape *s, patch_layout l, int seg) {
  if (l.columns) return 0;
  if (l.segs == s->kernel_h) return seg * s->dilation_h * s->pad_w * l.channels;
  return (seg / s->kernel_w * s->dilation_h * s->pad_w + seg % s->kernel_w * s->dilation_w) * l.channels;
}

#endif
