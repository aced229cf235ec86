// Convolution, a bias, 2×2 maximum pooling and ReLU of one sample in one pass.
// A tile of neighbouring positions and up to two vectors of output channels is
// held in registers while the window is gone through, so that each weight is
// loaded once a tile and each pixel is broadcast once. Included for each
// instruction set.

INLINE int channel_vectors(int left) { return left > LANES ? 2 : 1; }
INLINE size_t padded_channels(const conv_shape *s) { return (s->out_c + LANES - 1) / LANES * LANES; }
INLINE int window(const conv_shape *s) { return s->in_c * s->kernel_h * s->kernel_w; }

KERNEL size_t packed_size(const conv_shape *s) { return padded_channels(s) * (window(s) + 1); }

// pack lays weights out as they are read: blocks of one or two vectors of output
// channels, channel fastest. Missing channels are zeros.
KERNEL void pack(const conv_shape *s, const float *w, float *packed) {
  int k = window(s);
  memset(packed, 0, packed_size(s) * sizeof *packed);
  for (int first = 0, n; first < s->out_c; first += n * LANES) {
    n = channel_vectors(s->out_c - first);
    for (int j = 0; j < n * LANES && first + j < s->out_c; j++)
      for (int i = 0; i < k; i++) packed[(size_t)first * k + i * n * LANES + j] = w[(size_t)(first + j) * k + i];
  }
}

KERNEL size_t forward_scratch(const conv_shape *s) {
  return (size_t)s->in_c * s->pad_h * s->pad_w + (s->pool ? 2 : 1) * s->cols * 2 * LANES;
}

// pad_planes copies a sample with zeros around each channel's plane.
KERNEL void pad_planes(const conv_shape *s, const float *x, float *to) {
  int left = s->pad_left < s->pad_w ? s->pad_left : s->pad_w, width = s->in_w < s->pad_w - left ? s->in_w : s->pad_w - left;
  for (int c = 0; c < s->in_c; c++)
    for (int r = 0; r < s->pad_h; r++, to += s->pad_w) {
      int row = r - s->pad_top;
      if (row < 0 || row >= s->in_h) {
        memset(to, 0, s->pad_w * sizeof *to);
        continue;
      }
      for (int i = 0; i < left; i++) to[i] = 0;
      memcpy(to + left, x + ((size_t)c * s->in_h + row) * s->in_w, width * sizeof *to);
      for (int i = left + width; i < s->pad_w; i++) to[i] = 0;
    }
}

// tile computes count positions of one row times n vectors of channels.
INLINE void tile(const conv_shape *s, const float *x, const float *w, const vec *bias, float *out, const int count, const int n, const int stride) {
  vec acc[TILE][2];
  UNROLL for (int p = 0; p < count; p++) UNROLL for (int j = 0; j < n; j++) acc[p][j] = bias[j];
  for (int c = 0; c < s->in_c; c++, x += s->pad_h * s->pad_w)
    for (int ky = 0; ky < s->kernel_h; ky++) {
      const float *row = x + ky * s->dilation_h * s->pad_w;
      for (int kx = 0; kx < s->kernel_w; kx++, row += s->dilation_w, w += n * LANES) {
        vec wv[2];
        UNROLL for (int j = 0; j < n; j++) wv[j] = load(w + j * LANES);
        UNROLL for (int p = 0; p < count; p++) UNROLL for (int j = 0; j < n; j++) acc[p][j] += wv[j] * row[p * stride];
      }
    }
  UNROLL for (int p = 0; p < count; p++) UNROLL for (int j = 0; j < n; j++) store(out + (p * n + j) * LANES, acc[p][j]);
}

// SWEEP goes along a row in tiles of one size; the last overlaps the one before.
#define SWEEP(size)                                                                              \
  if (s->cols >= size) {                                                                         \
    for (int at = 0; at < s->cols; at += size) {                                                 \
      int p = at + size <= s->cols ? at : s->cols - size;                                        \
      tile(s, x + p * stride, w, bias, out + p * n * LANES, size, n, stride);                    \
    }                                                                                            \
    return;                                                                                      \
  }

INLINE void sweep_row(const conv_shape *s, const float *x, const float *w, const vec *bias, float *out, const int n, const int stride) {
  SWEEP(TILE)
#if TILE > 7
  SWEEP(7)
#endif
  SWEEP(4)
  SWEEP(2)
  SWEEP(1)
}

KERNEL void conv_row(const conv_shape *s, const float *x, const float *w, const vec *bias, float *out, int n) {
  if (s->stride_w == 1) {
    if (n == 2) sweep_row(s, x, w, bias, out, 2, 1);
    else sweep_row(s, x, w, bias, out, 1, 1);
  } else {
    if (n == 2) sweep_row(s, x, w, bias, out, 2, s->stride_w);
    else sweep_row(s, x, w, bias, out, 1, s->stride_w);
  }
}

// put writes one position of a vector of channels to their planes.
INLINE void put(const conv_shape *s, float *y, vec v, int channels) {
  size_t plane = (size_t)s->y_h * s->y_w;
  for (int j = 0; j < channels; j++) y[j * plane] = v[j];
}

// put_row finishes a row without pooling.
KERNEL void put_row(const conv_shape *s, const float *row, float *y, int n, int channels) {
  size_t plane = (size_t)s->y_h * s->y_w;
  for (int p = 0; p < s->cols; p++)
    for (int j = 0; j < n; j++) {
      vec v = load(row + (p * n + j) * LANES);
      if (s->relu) v = choose(v < (vec){0}, (vec){0}, v);
      int left = channels - j * LANES;
      put(s, y + p + j * LANES * plane, v, left < LANES ? left : LANES);
    }
}

// put_pooled takes the maximum of each window over two rows. mask has a bit for
// each element that is the maximum, none where ReLU is flat.
KERNEL void put_pooled(const conv_shape *s, const float *upper, const float *lower, float *y, uint8_t *mask, int n, int channels) {
  size_t plane = (size_t)s->y_h * s->y_w;
  for (int p = 0; p < s->y_w; p++)
    for (int j = 0; j < n; j++) {
      int at = (2 * p * n + j) * LANES, next = at + n * LANES;
      vec a = load(upper + at), b = load(upper + next), c = load(lower + at), d = load(lower + next);
      vec top = larger(larger(a, b), larger(c, d));
      bits hit = ((a == top) & 1) | ((b == top) & 2) | ((c == top) & 4) | ((d == top) & 8);
      if (s->relu) {
        hit &= top > (vec){0};
        top = choose(top < (vec){0}, (vec){0}, top);
      }
      int left = channels - j * LANES;
      left = left < LANES ? left : LANES;
      put(s, y + p + j * LANES * plane, top, left);
      uint8_t *m = mask + (size_t)p * s->out_c + j * LANES;
      for (int i = 0; i < left; i++) m[i] = hit[i];
    }
}

KERNEL void forward(const conv_shape *s, const float *x, const float *packed, const float *bias, float *y, uint8_t *mask, float *scratch) {
  float *rows = scratch + (size_t)s->in_c * s->pad_h * s->pad_w;
  pad_planes(s, x, scratch);
  size_t plane = (size_t)s->y_h * s->y_w;
  for (int first = 0, n; first < s->out_c; first += n * LANES) {
    n = channel_vectors(s->out_c - first);
    int channels = s->out_c - first < n * LANES ? s->out_c - first : n * LANES;
    float start[2 * LANES] = {0};
    memcpy(start, bias + first, channels * sizeof *start);
    vec from[2] = {load(start), load(start + LANES)};
    const float *w = packed + (size_t)first * window(s);
    for (int r = 0; r < s->rows; r++) {
      float *out = rows + (s->pool ? r % 2 : 0) * s->cols * n * LANES;
      conv_row(s, scratch + (size_t)r * s->stride_h * s->pad_w, w, from, out, n);
      if (!s->pool) {
        put_row(s, out, y + first * plane + (size_t)r * s->y_w, n, channels);
      } else if (r % 2) {
        int line = r / 2;
        put_pooled(s, rows, out, y + first * plane + (size_t)line * s->y_w, mask + (size_t)line * s->y_w * s->out_c + first, n, channels);
      }
    }
  }
}
