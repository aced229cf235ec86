// The instructions that every processor of the kind has: SSE2, NEON.
#include <math.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define ROOT(x) ((vec)_mm_sqrt_ps((__m128)(x)))
#elif defined(__aarch64__)
#include <arm_neon.h>
#define ROOT(x) ((vec)vsqrtq_f32((float32x4_t)(x)))
#else
#define ROOT(x) ((vec){sqrtf((x)[0]), sqrtf((x)[1]), sqrtf((x)[2]), sqrtf((x)[3])})
#endif

#define TARGET
#define LANES 4
#define TILE 6
#define SET kernels_base
#include "set.h"
