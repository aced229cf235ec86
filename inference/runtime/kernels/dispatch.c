#include <stdatomic.h>

#include "kernels.h"
#include "op.h"

// widest is the longest vector that may be used.
static atomic_int widest = 16;

const kernel_set *kernels(void) {
  int most = atomic_load_explicit(&widest, memory_order_relaxed);
#if defined(__x86_64__)
  if (most >= 16 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) return &kernels_avx512;
  if (most >= 8 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &kernels_avx2;
#endif
  (void)most;
  return &kernels_base;
}

const kernel_set *kernels_for(int channels) {
  const kernel_set *set = kernels();
#if defined(__x86_64__)
  if (set == &kernels_avx512 && channels <= kernels_narrow.lanes) return &kernels_narrow;
#endif
  (void)channels;
  return set;
}

int athanor_kernels_lanes(void) { return kernels()->lanes; }
void athanor_kernels_limit(int lanes) { atomic_store(&widest, lanes); }
