#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define TILE 6
#define ROOT(x) ((vec)_mm256_sqrt_ps((__m256)(x)))
#define SET kernels_avx2
#include "set.h"
#endif
