// The weights' gradient where most of the output's gradient counts, or the input
// has few channels: output channels fill the vectors, and up to nine places of
// the window are held in registers while all positions are gone through.
// Included for each instruction set.

// SPAN is how many vectors of channels go together: as many as registers allow.
#define SPAN (LANES == 16 ? 2 : 1)

INLINE int span(int left) { return left > LANES && SPAN == 2 ? 2 : 1; }

INLINE vec pick(const float *from, size_t stride, int count) {
  float v[LANES] = {0};
  for (int i = 0; i < count; i++) v[i] = from[i * stride];
  return load(v);
}

INLINE bits pick_mask(const uint8_t *mask, int count) {
  int32_t v[LANES] = {0};
  for (int i = 0; i < count; i++) v[i] = mask[i];
  return *(const bits *)memcpy(&(bits){0}, v, sizeof v);
}

// lay_errors writes the gradient of one sample with channels last, [position]
// [padded channels], through pooling and ReLU, and adds it to the biases'.
KERNEL void lay_errors(const sweep *k, const float *y, const uint8_t *mask, const float *dy) {
  const conv_shape *s = k->s;
  size_t plane = (size_t)s->y_h * s->y_w, wide = padded_channels(s);
  for (int c = 0; c < s->out_c; c += LANES) {
    int count = s->out_c - c < LANES ? s->out_c - c : LANES;
    vec sum = {0};
    for (int p = 0; p < (int)plane; p++) {
      vec g = pick(dy + c * plane + p, plane, count);
      if (!s->pool) {
        if (s->relu) g = choose(pick(y + c * plane + p, plane, count) > (vec){0}, g, (vec){0});
        store(k->errors + p * wide + c, g);
        sum += g;
        continue;
      }
      bits m = pick_mask(mask + (size_t)p * s->out_c + c, count);
      bits ties = (m & 1) + ((m >> 1) & 1) + ((m >> 2) & 1) + ((m >> 3) & 1);
      sum += choose(m > 0, g, (vec){0});
      g = choose(m > 0, g / __builtin_convertvector(ties, vec), (vec){0});
      float *to = k->errors + ((size_t)(2 * (p / s->y_w)) * s->cols + 2 * (p % s->y_w)) * wide + c;
      UNROLL for (int b = 0; b < 4; b++) store(to + ((b >> 1) * s->cols + (b & 1)) * wide, choose((m & (1 << b)) > 0, g, (vec){0}));
    }
    float bias[LANES];
    store(bias, sum);
    for (int i = 0; i < count; i++) k->db[c + i] += bias[i];
  }
}

// places sums count places of the window for n vectors of channels.
INLINE void places(const sweep *k, const float *errors, const int *taps, float *sum, const int count, const int n, const int stride) {
  const conv_shape *s = k->s;
  size_t wide = padded_channels(s);
  vec acc[9][2];
  UNROLL for (int t = 0; t < count; t++) UNROLL for (int j = 0; j < n; j++) acc[t][j] = (vec){0};
  for (int r = 0; r < s->rows; r++) {
    const float *row[9];
    UNROLL for (int t = 0; t < count; t++) row[t] = k->xs + taps[t] + (size_t)r * s->stride_h * s->pad_w;
    for (int c = 0; c < s->cols; c++, errors += wide) {
      vec g[2];
      UNROLL for (int j = 0; j < n; j++) g[j] = load(errors + j * LANES);
      UNROLL for (int t = 0; t < count; t++) UNROLL for (int j = 0; j < n; j++) acc[t][j] += g[j] * row[t][c * stride];
    }
  }
  UNROLL for (int t = 0; t < count; t++) UNROLL for (int j = 0; j < n; j++) {
    float *at = sum + (t * n + j) * LANES;
    store(at, load(at) + acc[t][j]);
  }
}

INLINE void all_places(const sweep *k, const float *errors, float *sum, const int n, const int stride) {
  int size = window(k->s), at = 0;
  for (; at + 9 <= size; at += 9) places(k, errors, k->taps + at, sum + (size_t)at * n * LANES, 9, n, stride);
  for (; at + 4 <= size; at += 4) places(k, errors, k->taps + at, sum + (size_t)at * n * LANES, 4, n, stride);
  for (; at < size; at++) places(k, errors, k->taps + at, sum + (size_t)at * n * LANES, 1, n, stride);
}

KERNEL void dense_block(const sweep *k, const float *errors, float *sum, int n) {
  if (k->s->stride_w == 1) {
    if (n == 2) all_places(k, errors, sum, 2, 1);
    else all_places(k, errors, sum, 1, 1);
  } else {
    if (n == 2) all_places(k, errors, sum, 2, k->s->stride_w);
    else all_places(k, errors, sum, 1, k->s->stride_w);
  }
}

// dense_sums adds a sample to dw, which is laid out in blocks of channels as
// packed weights are: [block][place of the window][channel of the block].
KERNEL void dense_sums(const sweep *k, const float *x) {
  const conv_shape *s = k->s;
  pad_planes(s, x, k->xs);
  for (int c = 0, n; c < s->out_c; c += n * LANES) {
    n = span(s->out_c - c);
    dense_block(k, k->errors + c, k->dw + (size_t)c * window(s), n);
  }
}

// dense_read copies one channel's gradient out of that layout.
KERNEL void dense_read(const conv_shape *s, const float *dw, int channel, float *to) {
  int first = 0, n = 1;
  for (; first < s->out_c; first += n * LANES) {
    n = span(s->out_c - first);
    if (channel < first + n * LANES) break;
  }
  const float *from = dw + (size_t)first * window(s) + (channel - first);
  for (int i = 0; i < window(s); i++) to[i] = from[(size_t)i * n * LANES];
}

// pass_relu is dy where y let it through, in the layout of both.
KERNEL void pass_relu(size_t n, const float *y, const float *dy, float *to) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(to + i, choose(load(y + i) > (vec){0}, load(dy + i), (vec){0}));
  for (; i < n; i++) to[i] = y[i] > 0 ? dy[i] : 0;
}

// dense_input is the input's gradient of a convolution with stride 1: the
// convolution of dy with the weights turned around (k->back).
KERNEL void dense_input(const sweep *k, const float *y, const float *dy, float *dx) {
  if (k->s->relu) {
    pass_relu((size_t)k->s->out_c * k->s->y_h * k->s->y_w, y, dy, k->passed);
    dy = k->passed;
  }
  forward(k->back, dy, k->w, k->zeros, dx, NULL, k->scratch);
}
