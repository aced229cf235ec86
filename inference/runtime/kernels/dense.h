// Products of a dense layer, two rows at a time. Pixels and what ReLU lets
// through are mostly zeros, so a row is first listed: only the places that carry
// something in one of the two rows are gone through. Included for each
// instruction set.

// WIDE is how many vectors of columns are summed at once for two rows: as many as
// registers allow.
#define WIDE (LANES == 16 ? 8 : 4)

enum { WORD = 8 }; // bytes that are looked at together

INLINE uint64_t word(const uint8_t *p) {
  uint64_t w;
  memcpy(&w, p, sizeof w);
  return w;
}

INLINE int carries(float a, float b) {
  uint32_t u, v;
  memcpy(&u, &a, sizeof u);
  memcpy(&v, &b, sizeof v);
  return (u | v) << 1 != 0; // not ±0
}

INLINE int note(pair *to, int at, float a, float b) {
  *to = (pair){at, a, b};
  return carries(a, b);
}

INLINE int note_bytes(pair *to, int at, const float *value, uint8_t a, uint8_t b) {
  *to = (pair){at, value[a], value[b]};
  return (a | b) != 0;
}

// list_rows lists n places of two rows, that begin at elements r0 and r1 of x.
KERNEL int list_rows(const dense_rows *x, size_t r0, size_t r1, int n, pair *to) {
  int count = 0, i = 0;
  if (x->floats) {
    for (; i < n; i++) count += note(to + count, i, x->floats[r0 + i], x->floats[r1 + i]);
    return count;
  }
  const uint8_t *a = x->bytes + r0, *b = x->bytes + r1;
  for (; i + WORD <= n; i += WORD) {
    if (!(word(a + i) | word(b + i))) continue;
    UNROLL for (int j = i; j < i + WORD; j++) count += note_bytes(to + count, j, x->value, a[j], b[j]);
  }
  for (; i < n; i++) count += note_bytes(to + count, i, x->value, a[i], b[i]);
  return count;
}

// list_columns lists columns 2c and 2c+1, counted from column from, of all rows
// into to[c·rows …]; n columns, and how many places each pair of them has.
KERNEL void list_columns(const dense_rows *x, size_t stride, int rows, int from, int n, pair *to, int *counts) {
  memset(counts, 0, (n + 1) / 2 * sizeof *counts);
  for (int r = 0; r < rows; r++) {
    size_t at = r * stride + from;
    int c = 0;
    for (; x->bytes && c + WORD <= n; c += WORD) {
      const uint8_t *b = x->bytes + at + c;
      if (!word(b)) continue;
      UNROLL for (int j = 0; j < WORD; j += 2) {
        int p = (c + j) / 2;
        counts[p] += note_bytes(to + (size_t)p * rows + counts[p], r, x->value, b[j], b[j + 1]);
      }
    }
    for (; c < n; c += 2) {
      int second = c + 1 < n;
      float a = x->floats ? x->floats[at + c] : x->value[x->bytes[at + c]];
      float b = !second ? 0 : x->floats ? x->floats[at + c + 1] : x->value[x->bytes[at + c + 1]];
      counts[c / 2] += note(to + (size_t)(c / 2) * rows + counts[c / 2], r, a, b);
    }
  }
}

// pair_sums is n vectors of columns: start + Σ factor · row of m, for both rows.
INLINE void pair_sums(const pair *list, int count, const float *m, size_t stride, const float *start, float *y0, float *y1, const int n) {
  vec a[8], b[8];
  UNROLL for (int j = 0; j < n; j++) a[j] = b[j] = start ? load(start + j * LANES) : (vec){0};
  for (int e = 0; e < count; e++) {
    const float *row = m + list[e].at * stride;
    float fa = list[e].a, fb = list[e].b;
    UNROLL for (int j = 0; j < n; j++) {
      vec v = load(row + j * LANES);
      a[j] += v * fa;
      b[j] += v * fb;
    }
  }
  UNROLL for (int j = 0; j < n; j++) store(y0 + j * LANES, a[j]), store(y1 + j * LANES, b[j]);
}

INLINE void finish(float *y, const float *sums, const float *mask, int relu, int n) {
  for (int i = 0; i < n; i++) {
    float v = relu && sums[i] < 0 ? 0 : sums[i];
    y[i] = mask ? v * mask[i] : v;
  }
}

// pair_product is columns of two rows of a product, with ReLU and a mask behind
// it if asked; y1 may be NULL. m and start reach to whole vectors.
KERNEL void pair_product(const pair *list, int count, const product *p, float *y0, float *y1, const float *mask0, const float *mask1) {
  float s0[8 * LANES], s1[8 * LANES];
  for (int c = 0; c < p->columns;) {
    int vectors = (p->columns - c + LANES - 1) / LANES;
    const float *m = p->m + c, *start = p->start ? p->start + c : NULL;
    int n = vectors >= WIDE ? WIDE : vectors >= 4 ? 4 : vectors >= 2 ? 2 : 1;
    if (n == WIDE) pair_sums(list, count, m, p->stride, start, s0, s1, WIDE);
    else if (n == 4) pair_sums(list, count, m, p->stride, start, s0, s1, 4);
    else if (n == 2) pair_sums(list, count, m, p->stride, start, s0, s1, 2);
    else pair_sums(list, count, m, p->stride, start, s0, s1, 1);
    int width = p->columns - c < n * LANES ? p->columns - c : n * LANES;
    finish(y0 + c, s0, mask0 ? mask0 + c : NULL, p->relu, width);
    if (y1) finish(y1 + c, s1, mask1 ? mask1 + c : NULL, p->relu, width);
    c += n * LANES;
  }
}
