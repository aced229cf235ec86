// The gradient of a convolution for one sample. After pooling and ReLU most of
// it is zero, so only the elements that carry something are gone through: each
// adds its window of the input to the weights' gradient, held in registers, and
// the weights to its window of the input's gradient. Included for each
// instruction set.

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

// unroll writes one row for each position: kernel offset, then channel.
KERNEL void unroll(const conv_shape *s, patch_layout l, const float *x, float *to) {
  memset(to, 0, (size_t)s->rows * s->cols * l.seg_len * sizeof *to);
  for (int r = 0; r < s->rows; r++)
    for (int ky = 0; ky < s->kernel_h; ky++) {
      int row = r * s->stride_h + ky * s->dilation_h - s->pad_top;
      if (row < 0 || row >= s->in_h) continue;
      for (int c = 0; c < s->in_c; c++) {
        const float *from = x + ((size_t)c * s->in_h + row) * s->in_w;
        for (int kx = 0; kx < s->kernel_w; kx++) {
          float *out = to + (size_t)r * s->cols * l.seg_len + (ky * s->kernel_w + kx) * s->in_c + c;
          int shift = kx * s->dilation_w - s->pad_left;
          for (int p = 0; p < s->cols; p++) {
            int at = p * s->stride_w + shift;
            if (at >= 0 && at < s->in_w) out[(size_t)p * l.seg_len] = from[at];
          }
        }
      }
    }
}

// absorb adds n vectors of every entry's window, times its value, to sum. With
// few vectors several sums are kept, so that additions need not wait for each other.
INLINE void absorb(float *sum, const float *x, const int *off, const float *val, int count, const int n) {
  const int lots = n > 2 ? 1 : 4;
  vec acc[4][12];
  UNROLL for (int u = 0; u < lots; u++) UNROLL for (int j = 0; j < n; j++) acc[u][j] = (vec){0};
  int e = 0;
  for (; e + lots <= count; e += lots) {
    UNROLL for (int u = 0; u < lots; u++) {
      const float *p = x + off[e + u];
      UNROLL for (int j = 0; j < n; j++) acc[u][j] += load(p + j * LANES) * val[e + u];
    }
  }
  for (; e < count; e++) {
    UNROLL for (int j = 0; j < n; j++) acc[0][j] += load(x + off[e] + j * LANES) * val[e];
  }
  UNROLL for (int j = 0; j < n; j++) {
    vec v = load(sum + j * LANES);
    UNROLL for (int u = 0; u < lots; u++) v += acc[u][j];
    store(sum + j * LANES, v);
  }
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
    if (WIDE && left >= 12) { call(12); at += 12; left -= 12; } \
    else if (left >= 6) { call(6); at += 6; left -= 6; }        \
    else if (left >= 4) { call(4); at += 4; left -= 4; }        \
    else if (left >= 2) { call(2); at += 2; left -= 2; }        \
    else { call(1); at += 1; left -= 1; }                       \
  }

KERNEL void sum_windows(const sweep *k, float *dw, int count) {
  int vectors = k->lw.seg_len / LANES;
  for (int seg = 0; seg < k->lw.segs; seg++) {
    const float *x = k->xs + seg_offset(k->s, k->lw, seg);
    float *sum = dw + (size_t)seg * k->lw.seg_len;
#define ABSORB(n) absorb(sum + at * LANES, x + at * LANES, k->off_w, k->val, count, n)
    IN_BLOCKS(ABSORB)
  }
}

KERNEL void send_windows(const sweep *k, const float *w, int count) {
  int vectors = k->lx.seg_len / LANES;
  for (int seg = 0; seg < k->lx.segs; seg++) {
    float *x = k->dxs + seg_offset(k->s, k->lx, seg);
    const float *from = w + (size_t)seg * k->lx.seg_len;
#define EMIT(n) emit(from + at * LANES, x + at * LANES, k->off_x, k->val, count, n)
    IN_BLOCKS(EMIT)
  }
}

INLINE int entry(const sweep *k, int count, int position, float value) {
  k->off_w[count] = k->at_w[position];
  k->off_x[count] = k->at_x[position];
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

KERNEL void backward(const sweep *k, const float *x, const float *y, const uint8_t *mask, const float *dy, float *dx) {
  const conv_shape *s = k->s;
  size_t plane = (size_t)s->y_h * s->y_w;
  if (k->lw.columns) unroll(s, k->lw, x, k->xs);
  else spread_pixels(s, k->lw, x, k->xs);
  if (dx) memset(k->dxs, 0, (size_t)s->pad_h * s->pad_w * k->lx.channels * sizeof *dx);
  for (int c = 0; c < s->out_c; c++) {
    int count = s->pool ? pooled_entries(k, mask + c, dy + c * plane, k->db + c)
                        : plain_entries(k, y + c * plane, dy + c * plane, k->db + c);
    sum_windows(k, k->dw + c * (size_t)k->lw.segs * k->lw.seg_len, count);
    if (dx) send_windows(k, k->w + c * (size_t)k->lx.segs * k->lx.seg_len, count);
  }
  if (dx) gather_pixels(s, k->lx, k->dxs, dx);
}
