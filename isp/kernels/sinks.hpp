// Where a chain ends: a fresh array of the caller's.
#pragma once

#include <cstdint>

#include "rows.hpp"

namespace nightjar {

inline void store_mosaic(const Row& row, int width, float* __restrict out) {
    const float* __restrict even = row.plane[0];
    const float* __restrict odd = row.plane[1];
    const int pairs = width / 2;
    for (int i = 0; i < pairs; ++i) {
        out[2 * i] = even[i];
        out[2 * i + 1] = odd[i];
    }
    if (width & 1) out[width - 1] = even[pairs];
}

template <typename Value>
void store_colour(const Row& row, int width, Value* __restrict out) {
    const float* __restrict red = row.plane[0];
    const float* __restrict green = row.plane[1];
    const float* __restrict blue = row.plane[2];
    for (int x = 0; x < width; ++x) {
        out[3 * x] = static_cast<Value>(red[x]);
        out[3 * x + 1] = static_cast<Value>(green[x]);
        out[3 * x + 2] = static_cast<Value>(blue[x]);
    }
}

// Display codes 0..65535 to 8 bits, rounded to nearest.
inline void store_eight_bit(const Row& row, int width, std::uint8_t* __restrict out) {
    const float* __restrict red = row.plane[0];
    const float* __restrict green = row.plane[1];
    const float* __restrict blue = row.plane[2];
    constexpr float scale = 1.0f / 257.0f;
    for (int x = 0; x < width; ++x) {
        out[3 * x] = static_cast<std::uint8_t>(static_cast<std::int32_t>(red[x] * scale + 0.5f));
        out[3 * x + 1] = static_cast<std::uint8_t>(static_cast<std::int32_t>(green[x] * scale + 0.5f));
        out[3 * x + 2] = static_cast<std::uint8_t>(static_cast<std::int32_t>(blue[x] * scale + 0.5f));
    }
}

}  // namespace nightjar
