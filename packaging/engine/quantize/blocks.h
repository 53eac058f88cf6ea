// How ggml stores 256 values of each type (ggml-common.h), and how levels are packed into that.
//
// `levels` are 256 numbers from 0 on. The packing repeats quantize_row_*_ref of ggml-quants.c, with
// loops that a compiler can vectorize.
#pragma once

#include <stdint.h>
#include <string.h>

#include "lanes.h"

extern "C" {  // of ggml-base, which these files are part of
uint16_t ggml_fp32_to_fp16(float);
float ggml_fp16_to_fp32(uint16_t);
void quantize_row_q2_K_ref(const float *x, void *blocks, int64_t values);
void quantize_row_q3_K_ref(const float *x, void *blocks, int64_t values);
void quantize_row_q4_K_ref(const float *x, void *blocks, int64_t values);
void quantize_row_q5_K_ref(const float *x, void *blocks, int64_t values);
void quantize_row_q6_K_ref(const float *x, void *blocks, int64_t values);
}

namespace {

constexpr int BLOCK_VALUES = 256;  // QK_K

struct BlockQ2 {
    uint8_t scales[16], levels[64];
    uint16_t d, dmin;
};
struct BlockQ3 {
    uint8_t high[32], low[64], scales[12];
    uint16_t d;
};
struct BlockQ4 {
    uint16_t d, dmin;
    uint8_t scales[12], levels[128];
};
struct BlockQ5 {
    uint16_t d, dmin;
    uint8_t scales[12], high[32], low[128];
};
struct BlockQ6 {
    uint8_t low[128], high[64];
    int8_t scales[16];
    uint16_t d;
};
static_assert(sizeof(BlockQ2) == 84 && sizeof(BlockQ3) == 110, "ggml's sizes");
static_assert(sizeof(BlockQ4) == 144 && sizeof(BlockQ5) == 176, "ggml's sizes");
static_assert(sizeof(BlockQ6) == 210, "ggml's sizes");

INLINE int clamped(int value, int least, int most) {
    return value < least ? least : value > most ? most : value;
}

INLINE float greatest_of(const float *values, int count) {
    float greatest = 0;
    for (int j = 0; j < count; ++j) greatest = values[j] > greatest ? values[j] : greatest;
    return greatest;
}

// The first of the values that are farthest from 0.
INLINE float farthest_of(const float *values, int count) {
    float farthest = 0, distance = 0;
    for (int j = 0; j < count; ++j) {
        if (__builtin_fabsf(values[j]) > distance) {
            distance = __builtin_fabsf(values[j]);
            farthest = values[j];
        }
    }
    return farthest;
}

// Two bits of a level: four levels a byte, 32 bytes for 128 levels.
INLINE void pack_two_bits(const uint8_t *levels, int shift, uint8_t *to) {
    for (int half = 0; half < 2; ++half, levels += 128, to += 32) {
        for (int l = 0; l < 32; ++l) {
            const int a = levels[l] >> shift & 3, b = levels[l + 32] >> shift & 3;
            const int c = levels[l + 64] >> shift & 3, d = levels[l + 96] >> shift & 3;
            to[l] = (uint8_t)(a | b << 2 | c << 4 | d << 6);
        }
    }
}

// The low four bits of levels that lie `apart`, two a byte.
INLINE void pack_four_bits(const uint8_t *levels, int apart, uint8_t *to) {
    for (int begin = 0; begin < BLOCK_VALUES; begin += 2 * apart, to += apart) {
        for (int l = 0; l < apart; ++l) {
            to[l] = (uint8_t)((levels[begin + l] & 15) | (levels[begin + apart + l] & 15) << 4);
        }
    }
}

// One bit of a level: eight levels a byte, those of 32 apart together.
INLINE void pack_one_bit(const uint8_t *levels, int shift, uint8_t *to) {
    for (int l = 0; l < 32; ++l) {
        int packed = 0;
        for (int bit = 0; bit < 8; ++bit) packed |= (levels[32 * bit + l] >> shift & 1) << bit;
        to[l] = (uint8_t)packed;
    }
}

// Six bits each for the eight scales and minimums of Q4_K and Q5_K.
INLINE void pack_scales(const uint8_t *scales, const uint8_t *mins, uint8_t *to) {
    for (int j = 0; j < 4; ++j) {
        to[j] = (uint8_t)(scales[j] | scales[j + 4] >> 4 << 6);
        to[j + 4] = (uint8_t)(mins[j] | mins[j + 4] >> 4 << 6);
        to[j + 8] = (uint8_t)((scales[j + 4] & 15) | (mins[j + 4] & 15) << 4);
    }
}

INLINE void pack_levels(const uint8_t *levels, BlockQ2 &y) { pack_two_bits(levels, 0, y.levels); }
INLINE void pack_levels(const uint8_t *levels, BlockQ3 &y) {
    pack_two_bits(levels, 0, y.low);
    pack_one_bit(levels, 2, y.high);
}
INLINE void pack_levels(const uint8_t *levels, BlockQ4 &y) { pack_four_bits(levels, 32, y.levels); }
INLINE void pack_levels(const uint8_t *levels, BlockQ5 &y) {
    pack_four_bits(levels, 32, y.low);
    pack_one_bit(levels, 4, y.high);
}
INLINE void pack_levels(const uint8_t *levels, BlockQ6 &y) {
    pack_four_bits(levels, 64, y.low);
    pack_two_bits(levels, 4, y.high);
}

}  // namespace
