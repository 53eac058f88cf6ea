// Sub-blocks side by side: lane k of every variable belongs to sub-block k.
//
// Each lane does the scalar operations of ggml's code in ggml's order, so it ends with ggml's bits;
// what makes it fast is that a group of sub-blocks does them at once. Everything is in unnamed
// namespaces: each instruction set has a copy of its own, and the linker must not merge them.
#pragma once

#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

namespace {

#ifdef __AVX2__
constexpr int REGISTER_BYTES = 32;
#else
constexpr int REGISTER_BYTES = 16;
#endif

typedef float FloatRegister __attribute__((vector_size(REGISTER_BYTES)));
typedef int32_t IntRegister __attribute__((vector_size(REGISTER_BYTES)));

// Two registers, because one chain of dependent additions leaves the adders idle half of the time.
template <typename Register> struct Two {
    Register a, b;
};
typedef Two<FloatRegister> Floats;
typedef Two<IntRegister> Ints;
typedef Ints Mask;  // all bits of a lane, or none

constexpr int LANES = sizeof(Floats) / sizeof(float);

#define LANEWISE(operation)                                                             \
    template <typename R> INLINE auto operator operation(Two<R> x, Two<R> y) {          \
        return Two<decltype(x.a operation y.a)>{x.a operation y.a, x.b operation y.b};  \
    }
LANEWISE(+)
LANEWISE(-)
LANEWISE(*)
LANEWISE(/)
LANEWISE(&)
LANEWISE(|)
LANEWISE(<)
LANEWISE(>)
LANEWISE(==)
LANEWISE(!=)
#undef LANEWISE

template <typename R> INLINE void operator+=(Two<R> &x, Two<R> y) { x = x + y; }

INLINE Floats floats(float value) { return {value - FloatRegister{}, value - FloatRegister{}}; }
INLINE Ints ints(int32_t value) { return {value - IntRegister{}, value - IntRegister{}}; }

template <typename R> INLINE Two<R> choose(Mask where, Two<R> yes, Two<R> no) {
    return {where.a ? yes.a : no.a, where.b ? yes.b : no.b};
}

INLINE Ints bits(Floats x) { return {(IntRegister)x.a, (IntRegister)x.b}; }
INLINE Floats from_bits(Ints x) { return {(FloatRegister)x.a, (FloatRegister)x.b}; }
INLINE Floats absolute(Floats x) { return from_bits(bits(x) & ints(0x7fffffff)); }
INLINE Floats negative(Floats x) { return {-x.a, -x.b}; }

INLINE Floats to_floats(Ints x) {
    return {__builtin_convertvector(x.a, FloatRegister),
            __builtin_convertvector(x.b, FloatRegister)};
}

INLINE Ints to_ints(Floats x) {
    return {__builtin_convertvector(x.a, IntRegister), __builtin_convertvector(x.b, IntRegister)};
}

INLINE bool any(Mask mask) {
    int32_t lanes[LANES], found = 0;
    memcpy(lanes, &mask, sizeof lanes);
    for (int lane = 0; lane < LANES; ++lane) found |= lanes[lane];
    return found != 0;
}

INLINE Floats square_root(Floats x) {
    float lanes[LANES];
    memcpy(lanes, &x, sizeof lanes);
    for (int lane = 0; lane < LANES; ++lane) lanes[lane] = __builtin_sqrtf(lanes[lane]);
    memcpy(&x, lanes, sizeof lanes);
    return x;
}

INLINE Floats load(const float *from) {
    Floats x;
    memcpy(&x, from, sizeof x);
    return x;
}

template <typename R> INLINE void store(Two<R> x, void *to) { memcpy(to, &x, sizeof x); }

// 1.5 * 2^23: a small number added to it is rounded to a whole one, in the lowest bits.
constexpr float ROUNDER = 12582912.f;
constexpr int32_t ROUNDER_BITS = 0x4b400000;

INLINE Ints clamped(Ints x, int32_t least, int32_t most) {
    x = choose(x < ints(most), x, ints(most));
    return choose(x > ints(least), x, ints(least));
}

// nearest_int of ggml-quants.c, wrong beyond 2^22 in the same way, then clamped.
INLINE Ints nearest(Floats x, int32_t least, int32_t most) {
    return clamped((bits(x + floats(ROUNDER)) & ints(0x007fffff)) - ints(0x00400000), least, most);
}

// The same where x is known to be within 2^22.
INLINE Floats nearest_of_small(Floats x, int32_t least, int32_t most) {
    const Ints raw = clamped(bits(x + floats(ROUNDER)), ROUNDER_BITS + least, ROUNDER_BITS + most);
    return from_bits(raw) - floats(ROUNDER);
}

INLINE int32_t nearest(float x) {
    const float shifted = x + ROUNDER;
    int32_t raw;
    memcpy(&raw, &shifted, sizeof raw);
    return (raw & 0x007fffff) - 0x00400000;
}

}  // namespace
