#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#define LANES 16
#define TILE 14
#define ROOT(x) ((vec)_mm512_sqrt_ps((__m512)(x)))
#define SET kernels_avx512
#include "set.h"
#endif
