// The cosine transform of 16 values, for many columns at once: what tells slow differences from fine ones in a tile.
//
// Source: Lee 1984, "A new algorithm to compute the discrete cosine transform", IEEE ASSP 32(6). Unscaled: forwards
// gives X[k] = sum of x[i] cos(pi (2 i + 1) k / 32), backwards its transpose. So backwards(s X) with s[0] = 1/16 and
// s[k] = 1/8 is x again, and s[k] X[k]^2 is the energy at frequency k.
#pragma once

#include "rows.hpp"

namespace nightjar {

constexpr int frequencies = 16;

// 1 / (2 cos(pi (2 i + 1) / (2 n))).
template <int n>
struct HalfSecants;
template <>
struct HalfSecants<16> {
    static constexpr float of[8] = {0.502419286f, 0.522498615f, 0.566944035f, 0.646821783f,
                                    0.788154623f, 1.06067769f,  1.7224471f,   5.10114862f};
};
template <>
struct HalfSecants<8> {
    static constexpr float of[4] = {0.509795579f, 0.601344887f, 0.899976223f, 2.56291545f};
};
template <>
struct HalfSecants<4> {
    static constexpr float of[2] = {0.5411961f, 1.30656296f};
};
template <>
struct HalfSecants<2> {
    static constexpr float of[1] = {0.707106781f};
};

template <int n>
[[gnu::always_inline]] inline void to_frequencies(float* x) {
    if constexpr (n > 1) {
        float sum[n / 2], rest[n / 2];
#pragma GCC unroll 16
        for (int i = 0; i < n / 2; ++i) {
            sum[i] = x[i] + x[n - 1 - i];
            rest[i] = (x[i] - x[n - 1 - i]) * HalfSecants<n>::of[i];
        }
        to_frequencies<n / 2>(sum);
        to_frequencies<n / 2>(rest);
#pragma GCC unroll 16
        for (int i = 0; i < n / 2; ++i) {
            x[2 * i] = sum[i];
            x[2 * i + 1] = i + 1 < n / 2 ? rest[i] + rest[i + 1] : rest[i];
        }
    }
}

template <int n>
[[gnu::always_inline]] inline void from_frequencies(float* x) {
    if constexpr (n > 1) {
        float sum[n / 2], rest[n / 2];
#pragma GCC unroll 16
        for (int i = 0; i < n / 2; ++i) {
            sum[i] = x[2 * i];
            rest[i] = i > 0 ? x[2 * i + 1] + x[2 * i - 1] : x[1];
        }
        from_frequencies<n / 2>(sum);
        from_frequencies<n / 2>(rest);
#pragma GCC unroll 16
        for (int i = 0; i < n / 2; ++i) {
            const float odd = rest[i] * HalfSecants<n>::of[i];
            x[i] = sum[i] + odd;
            x[n - 1 - i] = sum[i] - odd;
        }
    }
}

// Transforms `columns` columns of 16 values each: value k of a column lies k * from_step (k * to_step) further on.
template <int columns, void (*transform)(float*)>
inline void transform_columns(const float* from, int from_step, float* to, int to_step) {
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < columns; ++i) {
        float x[frequencies];
#pragma GCC unroll 16
        for (int k = 0; k < frequencies; ++k) x[k] = from[k * from_step + i];
        transform(x);
#pragma GCC unroll 16
        for (int k = 0; k < frequencies; ++k) to[k * to_step + i] = x[k];
    }
}

}  // namespace nightjar
