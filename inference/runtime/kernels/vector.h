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
