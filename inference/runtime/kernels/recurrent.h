// Gated recurrent units: products of a few states with the weights, and the gates
// behind them. Included for each instruction set. Units are a multiple of 16.

INLINE vec logistic(vec x) { return 1 / (1 + exponential(-x)); }
INLINE vec hyperbolic(vec x) { return 2 * logistic(2 * x) - 1; }

// STATES rows and COLUMN_VECS vectors of columns are summed at once: as many as
// registers allow.
#define STATES (LANES == 16 ? 8 : 4)
#define COLUMN_VECS (LANES == 16 ? 3 : 2)

// state_sums adds rows of x times m to n vectors of columns of y.
INLINE void state_sums(const float *const *x, int depth, const float *m, size_t stride, float *const *y, size_t at, const int n) {
  vec sum[8][3];
  UNROLL for (int r = 0; r < STATES; r++) UNROLL for (int j = 0; j < n; j++) sum[r][j] = load(y[r] + at + j * LANES);
  for (int k = 0; k < depth; k++) {
    const float *row = m + k * stride + at;
    vec w[3];
    UNROLL for (int j = 0; j < n; j++) w[j] = load(row + j * LANES);
    UNROLL for (int r = 0; r < STATES; r++) {
      vec s = splat(x[r][k]);
      UNROLL for (int j = 0; j < n; j++) sum[r][j] += w[j] * s;
    }
  }
  UNROLL for (int r = 0; r < STATES; r++) UNROLL for (int j = 0; j < n; j++) store(y[r] + at + j * LANES, sum[r][j]);
}

// state_product is y += x · m for RECURRENT_ROWS rows; m is [depth, columns].
KERNEL void state_product(const float *const *x, int depth, const float *m, int columns, float *const *y) {
  for (int r = 0; r < RECURRENT_ROWS; r += STATES) {
    int at = 0;
    for (; at + COLUMN_VECS * LANES <= columns; at += COLUMN_VECS * LANES) state_sums(x + r, depth, m, columns, y + r, at, COLUMN_VECS);
    for (; at < columns; at += LANES) state_sums(x + r, depth, m, columns, y + r, at, 1);
  }
}

// gate is one place of one text: x its part and g the state's, [3·units] in the order
// update, reset, candidate; y the new state; kept what the gradient needs, [4·units].
KERNEL void gate(int units, const float *x, const float *g, const float *h, float *y, float *kept) {
  for (int i = 0; i < units; i += LANES) {
    vec z = logistic(load(x + i) + load(g + i)), r = logistic(load(x + units + i) + load(g + units + i));
    vec q = load(g + 2 * units + i), c = hyperbolic(load(x + 2 * units + i) + r * q);
    store(y + i, c + z * (load(h + i) - c));
    store(kept + i, z), store(kept + units + i, r), store(kept + 2 * units + i, c), store(kept + 3 * units + i, q);
  }
}

// gate_grad gives the gradients of both parts and adds to the state's own; dh becomes
// what goes past the product.
KERNEL void gate_grad(int units, const float *kept, const float *h, float *dh, float *dx, float *dg) {
  for (int i = 0; i < units; i += LANES) {
    vec z = load(kept + i), r = load(kept + units + i), c = load(kept + 2 * units + i), q = load(kept + 3 * units + i), d = load(dh + i);
    vec dz = d * (load(h + i) - c) * z * (1 - z), dc = d * (1 - z) * (1 - c * c), dr = dc * q * r * (1 - r);
    store(dx + i, dz), store(dx + units + i, dr), store(dx + 2 * units + i, dc);
    store(dg + i, dz), store(dg + units + i, dr), store(dg + 2 * units + i, dc * r);
    store(dh + i, d * z);
  }
}
