// AVX-512's registers with vectors of 8: for convolutions of so few output channels
// that half of a longer vector would be empty.
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#define LANES 8
#define TILE 14
#define ROOT(x) ((vec)_mm256_sqrt_ps((__m256)(x)))
#define SET kernels_narrow
#include "set.h"
#endif
