#include "kernels.h"

// The kernels for this processor, or null where ggml's own arithmetic cannot be repeated: built for
// a processor with fused multiply-add, it rounds where the compiler likes.
const RowKernels *localr1_row_kernels(void) {
#if !defined(__x86_64__) || defined(__FP_FAST_FMAF)
    return nullptr;
#else
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") ? &localr1_avx2_kernels : &localr1_baseline_kernels;
#endif
}
