// Loops over flat vectors: sums, optimizers, ReLU's gradient. Included for each
// instruction set. Lengths need not be multiples of the vector's.

KERNEL void add(float *sum, const float *x, size_t n) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(sum + i, load(sum + i) + load(x + i));
  for (; i < n; i++) sum[i] += x[i];
}

KERNEL double squares(const float *g, size_t n) {
  vec a = {0}, b = {0};
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    vec x = load(g + i), y = load(g + i + LANES);
    a += x * x;
    b += y * y;
  }
  float rest = 0;
  for (; i < n; i++) rest += g[i] * g[i];
  return (double)total(a + b) + rest;
}

typedef struct { vec p, m, v; } moved;

// move is one vector's update; the formulas are those of package optim.
INLINE moved move(const update_rule *u, vec p, vec g, vec m, vec v, vec decay, const int kind) {
  moved out = {p, m, v};
  g *= u->clip;
  if (!u->decoupled) g += p * (decay * u->decay);
  else out.p = choose(decay > (vec){0}, p * u->shrink, p);
  vec direction = g;
  if (kind == 1) {
    out.m = m * u->momentum + g;
    direction = u->nesterov ? out.m * u->momentum + g : out.m;
  }
  if (kind == 2) {
    out.m = m * u->beta1 + g;
    out.v = v * u->beta2 + g * g;
    direction = out.m / (ROOT(out.v) + u->epsilon);
  }
  out.p -= direction * u->rate;
  return out;
}

INLINE void update_as(const update_rule *u, size_t n, const float *p, const float *g, const float *m, const float *v, const float *decay, float *p2, float *m2, float *v2, const int kind) {
  vec none = {0};
  for (size_t i = 0; i < n; i += LANES) {
    size_t left = n - i;
    if (left >= LANES) {
      moved out = move(u, load(p + i), load(g + i), kind > 0 ? load(m + i) : none, kind > 1 ? load(v + i) : none, decay ? load(decay + i) : none, kind);
      store(p2 + i, out.p);
      if (kind > 0) store(m2 + i, out.m);
      if (kind > 1) store(v2 + i, out.v);
      continue;
    }
    float t[5][LANES] = {{0}}; // the rest, in a vector of its own
    memcpy(t[0], p + i, left * sizeof **t);
    memcpy(t[1], g + i, left * sizeof **t);
    if (kind > 0) memcpy(t[2], m + i, left * sizeof **t);
    if (kind > 1) memcpy(t[3], v + i, left * sizeof **t);
    if (decay) memcpy(t[4], decay + i, left * sizeof **t);
    moved out = move(u, load(t[0]), load(t[1]), load(t[2]), load(t[3]), load(t[4]), kind);
    store(t[0], out.p), store(t[2], out.m), store(t[3], out.v);
    memcpy(p2 + i, t[0], left * sizeof **t);
    if (kind > 0) memcpy(m2 + i, t[2], left * sizeof **t);
    if (kind > 1) memcpy(v2 + i, t[3], left * sizeof **t);
  }
}

KERNEL void update(const update_rule *u, size_t n, const float *p, const float *g, const float *m, const float *v, const float *decay, float *p2, float *m2, float *v2) {
  if (u->kind == 0) update_as(u, n, p, g, m, v, decay, p2, m2, v2, 0);
  else if (u->kind == 1) update_as(u, n, p, g, m, v, decay, p2, m2, v2, 1);
  else update_as(u, n, p, g, m, v, decay, p2, m2, v2, 2);
}

// scale turns bytes into numbers.
KERNEL void scale(size_t n, const uint8_t *x, float by, float *y) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    bytes b;
    memcpy(&b, x + i, sizeof b);
    store(y + i, __builtin_convertvector(b, vec) * by);
  }
  for (; i < n; i++) y[i] = x[i] * by;
}

// relu_grad is one row: dx = dy where y > 0, added to the columns' sums.
KERNEL void relu_grad(size_t n, const float *y, const float *dy, float *dx, float *sums) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    vec g = choose(load(y + i) > (vec){0}, load(dy + i), (vec){0});
    store(dx + i, g);
    store(sums + i, load(sums + i) + g);
  }
  for (; i < n; i++) {
    dx[i] = y[i] > 0 ? dy[i] : 0;
    sums[i] += dx[i];
  }
}
