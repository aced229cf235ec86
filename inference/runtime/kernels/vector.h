// Vectors of LANES floats by the compiler's own extension. A file that includes
// this defines LANES, and TARGET as the attribute that allows its instructions.
#include <stdint.h>
#include <string.h>

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t bits __attribute__((vector_size(4 * LANES)));
typedef uint8_t bytes __attribute__((vector_size(LANES)));
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define KERNEL static TARGET
#define INLINE static inline TARGET __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")

INLINE vec load(const float *p) { return *(const loose *)p; }
INLINE void store(float *p, vec v) { *(loose *)p = v; }
INLINE vec splat(float x) { return x - (vec){0}; }
INLINE vec choose(bits where, vec a, vec b) { return (vec)((where & (bits)a) | (~where & (bits)b)); }
// A number beats NaN nowhere: larger keeps a where the two do not compare.
INLINE vec larger(vec a, vec b) { return choose(a < b, b, a); }
INLINE float total(vec v) {
  float sum = 0;
  for (int i = 0; i < LANES; i++) sum += v[i];
  return sum;
}

// exponential is eˣ to 2 units of the last place (the polynomial of Cephes' expf).
INLINE vec exponential(vec x) {
  x = larger(choose(x > splat(87), splat(87), x), splat(-87));
  vec n = (x * 1.44269504f + 12582912.f) - 12582912.f; // rounds
  vec r = (x - n * .693359375f) + n * 2.12194440e-4f;
  vec p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  bits power = (__builtin_convertvector(n, bits) + 127) << 23;
  return (p * r * r + r + 1) * (vec)power;
}
