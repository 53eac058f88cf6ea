// A block's scales and least values, quantized in their turn, as in ggml's quantize_row_*_ref.
//
// Each function sets the block's own scale(s) and tells the steps that each sub-block is left with:
// x is about d * level - dmin. It returns false where the block is to be zeros.
#pragma once

#include "blocks.h"
#include "searches.h"

namespace {

// Q4_K and Q5_K
template <typename Block>
INLINE bool pack_steps(const float *scales, const float *mins, Block &y, float *d, float *dmin) {
    const float greatest = greatest_of(scales, 8), greatest_min = greatest_of(mins, 8);
    const float inverse = greatest > 0 ? 63.f / greatest : 0.f;
    const float inverse_min = greatest_min > 0 ? 63.f / greatest_min : 0.f;
    y.d = ggml_fp32_to_fp16(greatest / 63.f);
    y.dmin = ggml_fp32_to_fp16(greatest_min / 63.f);
    uint8_t small[8], small_min[8];
    for (int j = 0; j < 8; ++j) {
        // through eight bits before the minimum: a negative scale becomes 63, as in ggml
        small[j] = (uint8_t)clamped((uint8_t)nearest(inverse * scales[j]), 0, 63);
        small_min[j] = (uint8_t)clamped((uint8_t)nearest(inverse_min * mins[j]), 0, 63);
        d[j] = ggml_fp16_to_fp32(y.d) * small[j];
        dmin[j] = ggml_fp16_to_fp32(y.dmin) * small_min[j];
    }
    pack_scales(small, small_min, y.scales);
    return true;
}

INLINE bool pack_steps(const float *scales, const float *mins, BlockQ2 &y, float *d, float *dmin) {
    const float greatest = greatest_of(scales, 16), greatest_min = greatest_of(mins, 16);
    const float inverse = 15.f / greatest, inverse_min = 15.f / greatest_min;
    y.d = ggml_fp32_to_fp16(greatest / 15.f);
    y.dmin = ggml_fp32_to_fp16(greatest_min / 15.f);
    for (int j = 0; j < 16; ++j) {
        const int small = greatest > 0 ? nearest(inverse * scales[j]) : 0;
        const int small_min = greatest_min > 0 ? nearest(inverse_min * mins[j]) : 0;
        y.scales[j] = (uint8_t)(small | small_min * 16);
        d[j] = ggml_fp16_to_fp32(y.d) * (y.scales[j] & 15);
        dmin[j] = ggml_fp16_to_fp32(y.dmin) * (y.scales[j] >> 4);
    }
    return true;
}

INLINE bool pack_steps(const float *scales, const float *, BlockQ3 &y, float *d, float *dmin) {
    const float farthest = farthest_of(scales, 16), inverse = -32.f / farthest;
    y.d = farthest ? ggml_fp32_to_fp16(1 / inverse) : 0;
    memset(y.scales, 0, sizeof y.scales);
    for (int j = 0; j < 16; ++j) {
        const int small = farthest ? clamped((int8_t)nearest(inverse * scales[j]), -32, 31) : -32;
        y.scales[j % 8] |= (uint8_t)(((small + 32) & 15) << (j < 8 ? 0 : 4));
        y.scales[8 + j % 4] |= (uint8_t)((small + 32) >> 4 << 2 * (j / 4));
        d[j] = ggml_fp16_to_fp32(y.d) * small;
        dmin[j] = 0;
    }
    return true;
}

INLINE bool pack_steps(const float *scales, const float *, BlockQ6 &y, float *d, float *dmin) {
    const float farthest = farthest_of(scales, 16), inverse = -128.f / farthest;
    const bool zero = __builtin_fabsf(farthest) < SMALLEST;
    y.d = zero ? 0 : ggml_fp32_to_fp16(1 / inverse);
    for (int j = 0; j < 16; ++j) {
        y.scales[j] = zero ? 0 : (int8_t)clamped(nearest(inverse * scales[j]), INT32_MIN, 127);
        d[j] = ggml_fp16_to_fp32(y.d) * y.scales[j];
        dmin[j] = 0;
    }
    return !zero;
}

}  // namespace
