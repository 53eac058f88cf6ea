// Rows of float32 into blocks, sixteen sub-blocks at a time.
#pragma once

#include "scales.h"
#include "types.h"

namespace {

constexpr int AT_ONCE = 16;  // sub-blocks: one block of Q2_K, Q3_K, Q6_K; two of Q4_K, Q5_K
constexpr int GROUPS = AT_ONCE / LANES;

INLINE void reference(const float *x, BlockQ2 *y, int64_t n) { quantize_row_q2_K_ref(x, y, n); }
INLINE void reference(const float *x, BlockQ3 *y, int64_t n) { quantize_row_q3_K_ref(x, y, n); }
INLINE void reference(const float *x, BlockQ4 *y, int64_t n) { quantize_row_q4_K_ref(x, y, n); }
INLINE void reference(const float *x, BlockQ5 *y, int64_t n) { quantize_row_q5_K_ref(x, y, n); }
INLINE void reference(const float *x, BlockQ6 *y, int64_t n) { quantize_row_q6_K_ref(x, y, n); }

// Element i of the sub-blocks of a group, side by side, and back.
template <int SIZE> INLINE void turn(const float *x, Floats *turned) {
    for (int i = 0; i < SIZE; ++i) {
        float lanes[LANES];
        for (int lane = 0; lane < LANES; ++lane) lanes[lane] = x[lane * SIZE + i];
        turned[i] = load(lanes);
    }
}

template <int SIZE> INLINE void turn_back(const Ints *turned, uint8_t *levels) {
    for (int i = 0; i < SIZE; ++i) {
        int32_t lanes[LANES];
        store(turned[i], lanes);
        for (int lane = 0; lane < LANES; ++lane) levels[lane * SIZE + i] = (uint8_t)lanes[lane];
    }
}

// The levels for the steps that were kept; where a step is 0, those of the search stay.
template <typename Type>
INLINE void final_levels(const Floats *x, const float *d, const float *dmin, Ints *levels) {
    const Floats step = load(d), least = load(dmin);
    const Mask kept = step == floats(0);
    for (int i = 0; i < Type::size; ++i) {
        const Ints l = nearest((x[i] + least) / step, Type::low, Type::high) - ints(Type::low);
        levels[i] = choose(kept, levels[i], l);
    }
}

// Sixteen sub-blocks: quantize_row_*_ref of ggml-quants.c, but all sub-blocks at once.
template <typename Type> INLINE void quantize_blocks(const float *x, typename Type::Block *y) {
    constexpr int size = Type::size, blocks = AT_ONCE * size / BLOCK_VALUES;
    constexpr int each = AT_ONCE / blocks;
    Floats turned[GROUPS][size];
    Ints turned_levels[GROUPS][size];
    float scales[AT_ONCE], mins[AT_ONCE], d[AT_ONCE], dmin[AT_ONCE];
    for (int group = 0; group < GROUPS; ++group) {
        turn<size>(x + group * LANES * size, turned[group]);
        const Found found = search(Type(), turned[group], turned_levels[group]);
        store(found.scale, scales + group * LANES);
        store(negative(found.least), mins + group * LANES);
    }
    uint8_t levels[AT_ONCE * size];
    bool used[blocks];
    for (int b = 0; b < blocks; ++b) {
        const int first = b * each;
        used[b] = pack_steps(scales + first, mins + first, y[b], d + first, dmin + first);
    }
    for (int group = 0; group < GROUPS; ++group) {
        const int first = group * LANES;
        final_levels<Type>(turned[group], d + first, dmin + first, turned_levels[group]);
        turn_back<size>(turned_levels[group], levels + first * size);
    }
    for (int b = 0; b < blocks; ++b) {
        if (!used[b]) memset(levels + b * BLOCK_VALUES, 0, BLOCK_VALUES);
        pack_levels(levels + b * BLOCK_VALUES, y[b]);
    }
}

// NaN and Inf are left to ggml: which NaN comes of two is up to its compiler.
INLINE bool all_finite(const float *x, int count) {
    int32_t odd = 0;
    for (int i = 0; i < count; ++i) {
        int32_t raw;
        memcpy(&raw, x + i, sizeof raw);
        odd |= (raw & 0x7f800000) == 0x7f800000;
    }
    return !odd;
}

template <typename Type> void quantize(const float *x, void *to, int64_t values) {
    constexpr int batch = AT_ONCE * Type::size;
    auto *y = (typename Type::Block *)to;
    for (; values >= batch; values -= batch, x += batch, y += batch / BLOCK_VALUES) {
        if (all_finite(x, batch)) {
            quantize_blocks<Type>(x, y);
        } else {
            reference(x, y, batch);
        }
    }
    if (values > 0) reference(x, y, values);
}

}  // namespace
