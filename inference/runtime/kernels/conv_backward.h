// The gradient of a convolution for one sample. After pooling most of it is
// zero, so only the elements that carry something are gone through: each adds
// its window of the input to the weights' gradient, held in registers, and the
// weights to its window of the input's gradient. Included for each instruction
// set.

// spread_pixels puts channels last, with padding around and channels filled up.
KERNEL void spread_pixels(const conv_shape *s, patch_layout l, const float *x, float *to) {
  memset(to, 0, (size_t)s->pad_h * s->pad_w * l.channels * sizeof *to);
  for (int row = 0; row < s->in_h; row++) {
    int r = row + s->pad_top;
    if (r >= s->pad_h) break;
    int width = s->in_w < s->pad_w - s->pad_left ? s->in_w : s->pad_w - s->pad_left;
    float *line = to + ((size_t)r * s->pad_w + s->pad_left) * l.channels;
    for (int c = 0; c < s->in_c; c++) {
      const float *from = x + ((size_t)c * s->in_h + row) * s->in_w;
      for (int i = 0; i < width; i++) line[(size_t)i * l.channels + c] = from[i];
    }
  }
}

// gather_pixels takes the padding away and puts channels first again.
KERNEL void gather_pixels(const conv_shape *s, patch_layout l, const float *from, float *x) {
  int width = s->in_w < s->pad_w - s->pad_left ? s->in_w : s->pad_w - s->pad_left;
  for (int c = 0; c < s->in_c; c++)
    for (int row = 0; row < s->in_h; row++) {
      float *line = x + ((size_t)c * s->in_h + row) * s->in_w;
      int r = row + s->pad_top;
      int have = r < s->pad_h && width > 0 ? width : 0;
      const float *source = from + ((size_t)r * s->pad_w + s->pad_left) * l.channels + c;
      for (int i = 0; i < have; i++) line[i] = source[(size_t)i * l.channels];
      for (int i = have; i < s->in_w; i++) line[i] = 0;
    }
}

// absorb adds n vectors of every entry's window, times its value, to sum.
INLINE void absorb(float *sum, const float *x, const int *off, const float *val, int count, const int n) {
  vec acc[12];
  UNROLL for (int j = 0; j < n; j++) acc[j] = load(sum + j * LANES);
  for (int e = 0; e < count; e++) {
    const float *p = x + off[e];
    float g = val[e];
    UNROLL for (int j = 0; j < n; j++) acc[j] += load(p + j * LANES) * g;
  }
  UNROLL for (int j = 0; j < n; j++) store(sum + j * LANES, acc[j]);
}

// emit adds n vectors of weights, times each entry's value, to its window.
INLINE void emit(const float *w, float *x, const int *off, const float *val, int count, const int n) {
  vec wv[12];
  UNROLL for (int j = 0; j < n; j++) wv[j] = load(w + j * LANES);
  for (int e = 0; e < count; e++) {
    float *p = x + off[e], g = val[e];
    UNROLL for (int j = 0; j < n; j++) store(p + j * LANES, load(p + j * LANES) + wv[j] * g);
  }
}

// IN_BLOCKS goes through vectors of a segment in blocks that fit the registers.
#define IN_BLOCKS(call)                                         \
  for (int left = vectors, at = 0; left > 0;) {                 \
    if (left >= 12) { call(12); at += 12; left -= 12; } \
    else if (left >= 6) { call(6); at += 6; left -= 6; }        \
    else if (left >= 4) { call(4); at += 4; left -= 4; }        \
    else if (left >= 2) { call(2); at += 2; left -= 2; }        \
    else { call(1); at += 1; left -= 1; }                       \
  }

KERNEL void sum_windows(const sweep *k, float *dw, int count) {
  int vectors = k->l.seg_len / LANES;
  for (int seg = 0; seg < k->l.segs; seg++) {
    const float *x = k->xs + seg_offset(k->s, k->l, seg);
    float *sum = dw + (size_t)seg * k->l.seg_len;
#define ABSORB(n) absorb(sum + at * LANES, x + at * LANES, k->off, k->val, count, n)
    IN_BLOCKS(ABSORB)
  }
}

KERNEL void send_windows(const sweep *k, const float *w, int count) {
  int vectors = k->l.seg_len / LANES;
  for (int seg = 0; seg < k->l.segs; seg++) {
    float *x = k->dxs + seg_offset(k->s, k->l, seg);
    const float *from = w + (size_t)seg * k->l.seg_len;
#define EMIT(n) emit(from + at * LANES, x + at * LANES, k->off, k->val, count, n)
    IN_BLOCKS(EMIT)
  }
}

INLINE int entry(const sweep *k, int count, int position, float value) {
  k->off[count] = k->at[position];
  k->val[count] = value;
  return count + (value != 0);
}

// pooled_entries lists a channel's elements that were their window's maximum;
// those that tie share the gradient.
KERNEL int pooled_entries(const sweep *k, const uint8_t *mask, const float *dy, float *bias) {
  static const float share[16] = {0, 1, 1, .5f, 1, .5f, .5f, 1 / 3.f, 1, .5f, .5f, 1 / 3.f, .5f, 1 / 3.f, 1 / 3.f, .25f};
  static const uint8_t lowest[16] = {0, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0};
  const conv_shape *s = k->s;
  int count = 0;
  float sum = 0;
  for (int r = 0; r < s->y_h; r++)
    for (int c = 0; c < s->y_w; c++, dy++, mask += s->out_c) {
      int m = *mask & 15, corner = 2 * r * s->cols + 2 * c;
      float g = m ? *dy * share[m] : 0;
      sum += m ? *dy : 0;
      int first = lowest[m];
      count = entry(k, count, corner + (first >> 1) * s->cols + (first & 1), g);
      for (m &= m - 1; m; m &= m - 1) {
        first = lowest[m];
        count = entry(k, count, corner + (first >> 1) * s->cols + (first & 1), g);
      }
    }
  *bias += sum;
  return count;
}

// plain_entries lists a channel's elements that are not zero; where y is given,
// only those that ReLU let through.
KERNEL int plain_entries(const sweep *k, const float *y, const float *dy, float *bias) {
  int count = 0, n = k->s->rows * k->s->cols;
  float sum = 0;
  for (int i = 0; i < n; i++) {
    float g = k->s->relu && !(y[i] > 0) ? 0 : dy[i];
    sum += g;
    count = entry(k, count, i, g);
  }
  *bias += sum;
  return count;
}

// sparse goes through a sample channel by channel. dw is laid out as windows
// are: [channel][segment].
KERNEL void sparse(const sweep *k, const float *x, const float *y, const uint8_t *mask, const float *dy, float *dx, int sums) {
  const conv_shape *s = k->s;
  size_t plane = (size_t)s->y_h * s->y_w, size = (size_t)k->l.segs * k->l.seg_len;
  float unused = 0;
  if (sums) spread_pixels(s, k->l, x, k->xs);
  if (dx) memset(k->dxs, 0, (size_t)s->pad_h * s->pad_w * k->l.channels * sizeof *dx);
  for (int c = 0; c < s->out_c; c++) {
    float *bias = sums ? k->db + c : &unused;
    int count = s->pool ? pooled_entries(k, mask + c, dy + c * plane, bias) : plain_entries(k, y + c * plane, dy + c * plane, bias);
    if (sums) sum_windows(k, k->dw + c * size, count);
    if (dx) send_windows(k, k->w + c * size, count);
  }
  if (dx) gather_pixels(s, k->l, k->dxs, dx);
}

KERNEL void backward(const sweep *k, const float *x, const float *y, const uint8_t *mask, const float *dy, float *dx) {
  if (k->dense) {
    lay_errors(k, y, mask, dy);
    dense_sums(k, x);
  }
  if (dx && k->back) dense_input(k, y, dy, dx);
  else if (dx || !k->dense) sparse(k, x, y, mask, dy, dx, !k->dense);
}
