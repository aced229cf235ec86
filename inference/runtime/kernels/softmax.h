// Softmax over many classes, a row at a time. Included for each instruction set.

KERNEL float largest(size_t n, const float *x) {
  vec top = splat(x[0]);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) top = larger(top, load(x + i));
  float most = top[0];
  for (int j = 1; j < LANES; j++) most = top[j] > most ? top[j] : most;
  for (; i < n; i++) most = x[i] > most ? x[i] : most;
  return most;
}

// some is up to LANES numbers of x in a vector, with fill behind them.
INLINE vec some(const float *x, size_t n, float fill) {
  float t[LANES];
  for (size_t i = 0; i < LANES; i++) t[i] = i < n ? x[i] : fill;
  return load(t);
}

// log_softmax gives the logarithms of a row's probabilities, and returns their sum.
KERNEL float log_softmax(size_t n, const float *x, float *logp) {
  float top = largest(n, x), rest = 0;
  vec sums = {0}, all = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) sums += exponential(load(x + i) - top);
  float sum = total(sums);
  vec last = exponential(some(x + i, n - i, top) - top);
  for (size_t j = 0; i + j < n; j++) sum += last[j];
  float shift = top + logf(sum);
  for (i = 0; i + LANES <= n; i += LANES) {
    vec y = load(x + i) - shift;
    store(logp + i, y);
    all += y;
  }
  for (; i < n; i++) rest += logp[i] = x[i] - shift;
  return total(all) + rest;
}

// softmax_grad is by · (exp(logp) − off).
KERNEL void softmax_grad(size_t n, const float *logp, float by, float off, float *dx) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(dx + i, (exponential(load(logp + i)) - off) * by);
  vec last = (exponential(some(logp + i, n - i, 0)) - off) * by;
  for (size_t j = 0; i + j < n; j++) dx[i + j] = last[j];
}
