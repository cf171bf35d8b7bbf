// A raw frame at half size: each pixel is the rounded mean of four neighbours of its own colour.
#pragma once

#include <cstdint>

#include "rows.hpp"

namespace nightjar {

// pixels         `width` columns a row, at least 2 * out_height rows and 2 * out_width columns
// out            (out_height, out_width), both even
inline void bin_quads(const std::uint16_t* pixels, std::int64_t width, int out_height, int out_width,
                      std::uint16_t* out) {
    for (int y = 0; y < out_height; ++y) {
        const std::uint16_t* __restrict above = pixels + (4 * (y / 2) + (y & 1)) * width;
        const std::uint16_t* __restrict below = above + 2 * width;
        std::uint16_t* __restrict to = out + static_cast<std::int64_t>(y) * out_width;
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < out_width / 2; ++i) {
            const std::uint32_t even = above[4 * i] + above[4 * i + 2] + below[4 * i] + below[4 * i + 2];
            const std::uint32_t odd = above[4 * i + 1] + above[4 * i + 3] + below[4 * i + 1] + below[4 * i + 3];
            to[2 * i] = static_cast<std::uint16_t>((even + 2) >> 2);
            to[2 * i + 1] = static_cast<std::uint16_t>((odd + 2) >> 2);
        }
    }
}

}  // namespace nightjar
