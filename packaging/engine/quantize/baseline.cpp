#include "kernels.h"
#include "rows.h"

const RowKernels localr1_baseline_kernels = {
    "SSE2", quantize<Q2>, quantize<Q3>, quantize<Q4>, quantize<Q5>, quantize<Q6>,
};
