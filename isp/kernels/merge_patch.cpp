#include "merge_patch.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nightjar {

namespace {

// The mean of the two opposite neighbours of the same colour that differ least.
float mended(const Counts16& from, int y, int x) {
    const auto at = [&](int down, int across) {
        const std::int64_t row = mirrored(y + down, from.height);
        return static_cast<float>(from.pixels[row * from.width + mirrored(x + across, from.width)]);
    };
    constexpr int pairs[4][2] = {{0, 2}, {2, 0}, {2, 2}, {2, -2}};
    float least = 1e9f, mean = 0.0f;
    for (const auto& [down, across] : pairs) {
        const float one = at(down, across), other = at(-down, -across);
        const float apart = std::fabs(one - other);
        if (apart < least) mean = 0.5f * (one + other);
        least = std::min(apart, least);
    }
    return mean;
}

// Writes a mended value wherever the patch shows the picture's pixel (y, x): more than once where it is mirrored.
void mend_pixel(const Counts16& from, int y, int x, const Patch& patch) {
    for (int row = 0; row < patch.size; ++row) {
        if (mirrored(patch.top + row, from.height) != y) continue;
        for (int column = 0; column < patch.size; ++column) {
            if (mirrored(patch.left + column, from.width) != x) continue;
            patch.pixels[row * patch.stride + column] = mended(from, y, x);
        }
    }
}

// First and last of what `mirrored` makes of the positions from `start` on.
std::pair<int, int> reached(int start, int size, int length) {
    if (start >= 0 && start + size <= length) return {start, start + size - 1};
    int first = length - 1, last = 0;
    for (int i = 0; i < size; ++i) {
        first = std::min(first, mirrored(start + i, length));
        last = std::max(last, mirrored(start + i, length));
    }
    return {first, last};
}

void mend_patch(const BadPixelList& bad, const Counts16& from, const Patch& patch) {
    if (bad.starts.empty()) return;
    const auto [top, bottom] = reached(patch.top, patch.size, from.height);
    const auto [left, right] = reached(patch.left, patch.size, from.width);
    for (int row = top / pitch; row <= bottom / pitch; ++row) {
        const std::int32_t* starts = bad.starts.data() + row * bad.cell_columns;
        for (int i = starts[left / pitch]; i < starts[right / pitch + 1]; ++i) {
            mend_pixel(from, bad.rows[i], bad.columns[i], patch);
        }
    }
}

template <int columns>
void copy_row(const std::uint16_t* from, float* to) {
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < columns; ++x) to[x] = static_cast<float>(from[x]);
}

}  // namespace

void copy_patch(const BadPixelList& bad, const Counts16& from, const Patch& patch) {
    const int top = patch.top, left = patch.left, size = patch.size;
    // Copied in whole lanes: what lies right of the patch is read too and means nothing.
    const bool inside = left >= 0 && left + patch.stride <= from.width;
    int columns[patch_stride];
    for (int x = 0; !inside && x < patch.stride; ++x) columns[x] = mirrored(left + x, from.width);
    for (int y = 0; y < size; ++y) {
        const std::uint16_t* row = from.pixels + static_cast<std::int64_t>(mirrored(top + y, from.height)) * from.width;
        float* out = patch.pixels + y * patch.stride;
        if (inside && patch.stride == patch_stride) {
            copy_row<patch_stride>(row + left, out);
        } else if (inside && patch.stride == tile_px) {
            copy_row<tile_px>(row + left, out);
        } else {
            for (int x = 0; x < patch.stride; ++x) out[x] = static_cast<float>(row[columns[x]]);
        }
    }
    mend_patch(bad, from, patch);
}

}  // namespace nightjar
