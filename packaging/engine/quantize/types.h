// The types: their sub-blocks, and the search that ggml's quantize_row_*_ref makes in each.
#pragma once

#include "blocks.h"
#include "searches.h"

namespace {

// `low` and `high` are the levels' bounds before the lowest is moved to 0.
struct Q2 {
    typedef BlockQ2 Block;
    static constexpr int size = 16, low = 0, high = 3, nstep = 15;
    static constexpr float rmin = -0.5f, rdelta = 0.1f;
    static constexpr bool absolute_errors = true;
};
struct Q3 {
    typedef BlockQ3 Block;
    static constexpr int size = 16, low = -4, high = 3;
};
struct Q4 {
    typedef BlockQ4 Block;
    static constexpr int size = 32, low = 0, high = 15, nstep = 20;
    static constexpr float rmin = -1.f, rdelta = 0.1f;
    static constexpr bool absolute_errors = false;
};
struct Q5 {
    typedef BlockQ5 Block;
    static constexpr int size = 32, low = 0, high = 31, nstep = 15;
    static constexpr float rmin = -0.5f, rdelta = 0.1f;
    static constexpr bool absolute_errors = false;
};
struct Q6 {
    typedef BlockQ6 Block;
    static constexpr int size = 16, low = -32, high = 31;
};

INLINE void weigh(Q2, const Floats *x, Floats *w) {
    for (int i = 0; i < Q2::size; ++i) w[i] = absolute(x[i]);
}

template <typename Type> INLINE void weigh(Type, const Floats *x, Floats *w) {
    Floats squares = floats(0);
    for (int i = 0; i < Type::size; ++i) squares += x[i] * x[i];
    const Floats mean = square_root(squares / floats(Type::size));
    for (int i = 0; i < Type::size; ++i) w[i] = mean + absolute(x[i]);
}

struct Found {
    Floats scale, least;
};

template <typename Type> INLINE Found search(Type type, const Floats *x, Ints *levels) {
    Floats w[Type::size];
    weigh(type, x, w);
    const Affine best = search_affine<Type>(x, w);
    for (int i = 0; i < Type::size; ++i) {
        levels[i] = choose(best.constant, ints(0), rounded<Type>(best, x[i]));
    }
    return {best.scale, best.least};
}

INLINE Found search(Q3, const Floats *x, Ints *levels) {
    Floats l[Q3::size];
    const Floats scale = search_by_change<Q3>(x, l);
    for (int i = 0; i < Q3::size; ++i) levels[i] = to_ints(l[i]) - ints(Q3::low);
    return {scale, floats(0)};
}

INLINE Found search(Q6, const Floats *x, Ints *levels) {
    const Symmetric best = search_symmetric<Q6>(x);
    for (int i = 0; i < Q6::size; ++i) {
        const Ints l = nearest(best.inverse * x[i], Q6::low, Q6::high) - ints(Q6::low);
        levels[i] = choose(best.zero, ints(0), l);
    }
    return {best.scale, floats(0)};
}

}  // namespace
