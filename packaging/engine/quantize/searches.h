// The searches for a sub-block's scale (and least value), one sub-block a lane.
//
// Each function names the one of ggml-quants.c whose operations it repeats, in their order (ggml is
// under the MIT licence, copyright the ggml authors). `Type` is one of types.h.
#pragma once

#include "lanes.h"

namespace {

constexpr float SMALLEST = 1e-15f;  // GROUP_MAX_EPS: below it a sub-block counts as zeros

// x is about scale * l + least, where l is nearest(inverse * (x - origin)).
struct Affine {
    Floats scale, least, inverse, origin;
    Mask constant;  // lanes whose values are all equal: every l is 0
};

// What all tries of an affine search have in common.
struct Extent {
    Floats least, greatest, w, wx;
};

// Sums over a sub-block for one way of rounding it; w is a value's weight.
struct Sums {
    Floats wl, wll, wlx;
};

template <typename Type> INLINE Ints rounded(const Affine &at, Floats x) {
    return nearest(at.inverse * (x - at.origin), Type::low, Type::high);
}

template <typename Type>
INLINE Floats error_of(const Affine &line, Floats l, Floats x, Floats w) {
    const Floats difference = line.scale * l + line.least - x;
    return w * (Type::absolute_errors ? absolute(difference) : difference * difference);
}

template <typename Type> INLINE Extent extent_of(const Floats *x, const Floats *w) {
    Extent found = {x[0], x[0], w[0], w[0] * x[0]};
    for (int i = 1; i < Type::size; ++i) {
        found.least = choose(x[i] < found.least, x[i], found.least);
        found.greatest = choose(x[i] > found.greatest, x[i], found.greatest);
        found.w += w[i];
        found.wx += w[i] * x[i];
    }
    found.least = choose(found.least > floats(0), floats(0), found.least);
    return found;
}

// The first line: levels from the least value to the greatest.
template <typename Type> INLINE Affine full_range(const Extent &extent) {
    Affine line;
    line.constant = extent.greatest == extent.least;
    line.inverse = floats(Type::high) / (extent.greatest - extent.least);
    line.scale = choose(line.constant, floats(0), floats(1) / line.inverse);
    line.least = line.origin = extent.least;
    return line;
}

template <typename Type>
INLINE Sums round_all(const Affine &at, const Floats *x, const Floats *w, Floats *l) {
    Sums sums = {floats(0), floats(0), floats(0)};
    for (int i = 0; i < Type::size; ++i) {
        l[i] = to_floats(rounded<Type>(at, x[i]));
        const Floats wl = w[i] * l[i];
        sums.wl += wl;
        sums.wll += wl * l[i];
        sums.wlx += wl * x[i];
    }
    return sums;
}

template <typename Type>
INLINE Floats total_error(const Affine &line, const Floats *l, const Floats *x, const Floats *w) {
    Floats error = floats(0);
    for (int i = 0; i < Type::size; ++i) error += error_of<Type>(line, l[i], x[i], w[i]);
    return error;
}

// The weighted least squares line through (l, x), with a least value of at most 0; `determinant`
// says whether there is one.
INLINE void fit(const Extent &extent, const Sums &sums, Affine &line, Floats &determinant) {
    determinant = extent.w * sums.wll - sums.wl * sums.wl;
    line.scale = (extent.w * sums.wlx - extent.wx * sums.wl) / determinant;
    line.least = (sums.wll * extent.wx - sums.wl * sums.wlx) / determinant;
    const Mask above = line.least > floats(0);
    line.scale = choose(above, sums.wlx / sums.wll, line.scale);
    line.least = choose(above, floats(0), line.least);
}

INLINE void replace(Mask better, const Affine &by, Affine &line) {
    line.scale = choose(better, by.scale, line.scale);
    line.least = choose(better, by.least, line.least);
    line.inverse = choose(better, by.inverse, line.inverse);
    line.origin = choose(better, by.origin, line.origin);
}

// make_qkx2_quants: rounds in nstep + 1 ranges, and fits a line through each result.
template <typename Type> INLINE Affine search_affine(const Floats *x, const Floats *w) {
    const Extent extent = extent_of<Type>(x, w);
    Affine best = full_range<Type>(extent);
    Floats l[Type::size];
    round_all<Type>(best, x, w, l);
    Floats best_error = total_error<Type>(best, l, x, w);
    for (int step = 0; step <= Type::nstep; ++step) {
        Affine tried = best;
        tried.origin = best.least;
        const float levels = Type::rmin + Type::rdelta * step + Type::high;
        tried.inverse = floats(levels) / (extent.greatest - best.least);
        const Sums sums = round_all<Type>(tried, x, w, l);
        Floats determinant;
        fit(extent, sums, tried, determinant);
        const Floats error = total_error<Type>(tried, l, x, w);
        const Mask usable = (determinant > floats(0)) & (best.constant == ints(0));
        const Mask better = usable & (error < best_error);
        best_error = choose(better, error, best_error);
        replace(better, tried, best);
    }
    return best;
}

// The value that is farthest from 0, the first of several, and how far that is.
struct Farthest {
    Floats value, distance;
};

template <typename Type> INLINE Farthest farthest_of(const Floats *x) {
    Farthest found = {floats(0), floats(0)};
    for (int i = 0; i < Type::size; ++i) {
        const Mask farther = absolute(x[i]) > found.distance;
        found.distance = choose(farther, absolute(x[i]), found.distance);
        found.value = choose(farther, x[i], found.value);
    }
    return found;
}

// x is about scale * l, where l is nearest(inverse * x).
struct Symmetric {
    Floats scale, inverse;
    Mask zero;  // lanes whose values are all next to nothing: every l is 0
};

// Sums over a sub-block for one way of rounding it; the weight of a value is its square. In lanes
// that are not next to nothing inverse * x is at most 33.
template <typename Type>
INLINE Sums round_symmetric(Floats inverse, const Floats *x, const Floats *xx, const Floats *xxx) {
    Sums sums = {floats(0), floats(0), floats(0)};
    for (int i = 0; i < Type::size; ++i) {
        const Floats l = nearest_of_small(inverse * x[i], Type::low, Type::high);
        sums.wlx += xxx[i] * l;
        sums.wll += xx[i] * l * l;
    }
    return sums;
}

// make_qx_quants with rmse_type 1: rounds in 19 ranges, the full one first.
template <typename Type> INLINE Symmetric search_symmetric(const Floats *x) {
    const Farthest farthest = farthest_of<Type>(x);
    Floats xx[Type::size], xxx[Type::size];
    for (int i = 0; i < Type::size; ++i) {
        xx[i] = x[i] * x[i];
        xxx[i] = xx[i] * x[i];
    }
    Symmetric best;
    best.inverse = floats(Type::low) / farthest.value;
    Sums sums = round_symmetric<Type>(best.inverse, x, xx, xxx);
    best.scale = choose(sums.wll != floats(0), sums.wlx / sums.wll, floats(0));
    Floats best_score = best.scale * sums.wlx;
    for (int step = -9; step <= 9; ++step) {
        if (step == 0) continue;
        const Floats inverse = floats(-(-Type::low + 0.1f * step)) / farthest.value;
        sums = round_symmetric<Type>(inverse, x, xx, xxx);
        const Floats scale = sums.wlx / sums.wll;
        const Mask higher = sums.wlx * sums.wlx > best_score * sums.wll;
        const Mask better = (sums.wll > floats(0)) & higher;
        best.inverse = choose(better, inverse, best.inverse);
        best.scale = choose(better, scale, best.scale);
        best_score = choose(better, scale * sums.wlx, best_score);
    }
    best.zero = farthest.distance < floats(SMALLEST);
    best.scale = choose(best.zero, floats(0), best.scale);
    return best;
}

// One round of make_q3_quants: each l may change where that helps; tells the lanes with a change.
template <typename Type> INLINE Mask improve(const Floats *x, Floats *l, Sums &sums) {
    Mask changed = ints(0);
    for (int i = 0; i < Type::size; ++i) {
        const Floats w = x[i] * x[i];
        Floats wlx = sums.wlx - w * x[i] * l[i], wll = sums.wll - w * l[i] * l[i];
        Mask better = wlx > floats(0);
        const Floats other = to_floats(nearest(x[i] * wll / wlx, Type::low, Type::high));
        wlx += w * x[i] * other;
        wll += w * other * other;
        better = better & (other != l[i]) & (wll > floats(0));
        better = better & (wlx * wlx * sums.wll > sums.wlx * sums.wlx * wll);
        l[i] = choose(better, other, l[i]);
        sums.wlx = choose(better, wlx, sums.wlx);
        sums.wll = choose(better, wll, sums.wll);
        changed = changed | better;
    }
    return changed;
}

// make_q3_quants with do_rmse: the scale, and each l, which is `low` where all is next to nothing.
// A round that changes nothing would only repeat itself, so a lane may go on as long as others do.
template <typename Type> INLINE Floats search_by_change(const Floats *x, Floats *l) {
    const Farthest farthest = farthest_of<Type>(x);
    const Floats inverse = floats(Type::low) / farthest.value;
    Sums sums = {floats(0), floats(0), floats(0)};
    for (int i = 0; i < Type::size; ++i) {
        l[i] = to_floats(nearest(inverse * x[i], Type::low, Type::high));
        const Floats w = x[i] * x[i];
        sums.wlx += w * x[i] * l[i];
        sums.wll += w * l[i] * l[i];
    }
    for (int round = 0; round < 5; ++round) {
        if (!any(improve<Type>(x, l, sums))) break;
    }
    const Mask zero = farthest.distance < floats(SMALLEST);
    for (int i = 0; i < Type::size; ++i) l[i] = choose(zero, floats(Type::low), l[i]);
    const Mask usable = (sums.wll > floats(0)) & (zero == ints(0));
    return choose(usable, sums.wlx / sums.wll, floats(0));
}

}  // namespace
