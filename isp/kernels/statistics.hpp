// A small picture of a raw frame: sums of each colour in a grid of zones. Integers, so the order does not matter.
#pragma once

#include <cstdint>

namespace nightjar {

// sums, counts   (rows, columns, 4), one entry for each position of the 2 x 2; counts at or above `clip` are left out,
//                together with the rest of their 2 x 2, so that a blown zone does not look coloured
inline void zone_sums(const std::uint16_t* pixels, int height, int width, int rows, int columns, std::uint32_t clip,
                      std::uint64_t* sums, std::uint64_t* counts) {
    for (int y = 0; y + 1 < height; y += 2) {
        const std::uint16_t* top = pixels + static_cast<std::int64_t>(y) * width;
        const std::uint16_t* bottom = top + width;
        const int row = static_cast<int>(static_cast<std::int64_t>(y) * rows / height);
        for (int column = 0; column < columns; ++column) {
            const int left = static_cast<int>(static_cast<std::int64_t>(column) * (width / 2) / columns) * 2;
            const int right = static_cast<int>(static_cast<std::int64_t>(column + 1) * (width / 2) / columns) * 2;
            std::uint32_t sum[4] = {0, 0, 0, 0}, used = 0;
            for (int x = left; x < right; x += 2) {
                const std::uint32_t a = top[x], b = top[x + 1], c = bottom[x], d = bottom[x + 1];
                const std::uint32_t whole = (a < clip) & (b < clip) & (c < clip) & (d < clip);
                sum[0] += whole * a;
                sum[1] += whole * b;
                sum[2] += whole * c;
                sum[3] += whole * d;
                used += whole;
            }
            std::uint64_t* zone_sum = sums + 4 * (row * columns + column);
            std::uint64_t* zone_count = counts + 4 * (row * columns + column);
            for (int i = 0; i < 4; ++i) {
                zone_sum[i] += sum[i];
                zone_count[i] += used;
            }
        }
    }
}

}  // namespace nightjar
