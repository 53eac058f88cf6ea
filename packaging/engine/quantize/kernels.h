// What localr1 looks up in libggml-base: see converters/localr1_convert/row_kernels.py.
#pragma once

#include <stdint.h>

// `values` float32, a multiple of 256, into blocks: byte for byte what ggml_quantize_chunk writes
// without an importance matrix.
typedef void (*QuantizeRows)(const float *x, void *blocks, int64_t values);

struct RowKernels {
    const char *instructions;
    QuantizeRows q2_K, q3_K, q4_K, q5_K, q6_K;
};

#if defined(_WIN32)
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED __attribute__((visibility("default")))
#endif

extern "C" {
EXPORTED extern const RowKernels localr1_baseline_kernels, localr1_avx2_kernels;
EXPORTED const RowKernels *localr1_row_kernels(void);
}
