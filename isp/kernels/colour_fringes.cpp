#include "colour_fringes.hpp"

#include <algorithm>
#include <cmath>

#include "colour_fringes_pixel.hpp"

namespace nightjar {

namespace {

// Samples of one colour kept free on each side: 1.75 for the largest shift, 2 for the interpolation.
constexpr int border = 4;

// Shift in samples of one colour, which lie two pixels apart.
inline float shift_in_samples(float from_axis, float excess) {
    const float limit = 0.5f * ColourFringes::largest_shift;
    const float shift = 0.5f * from_axis * excess;
    return std::min(std::max(shift, -limit), limit);
}

}  // namespace

ColourFringes::ColourFringes(Rows& input, PerPosition excess, std::array<float, 2> axis)
    : Rows(Kind::bayer, input.tile), input_(input), excess_(excess), axis_(axis), gathered_(input.count + 2 * border) {
    input_.keep(6, false);
}

void ColourFringes::make(int y, const MutableRow& out) {
    for (int parity = 0; parity < 2; ++parity) {
        const float excess = excess_[2 * (y & 1) + parity];
        if (excess == 0.0f) {
            const float* from = input_.row(y).plane[parity];
            std::copy(from, from + count, out.plane[parity]);
        } else {
            gather_rows(y, parity, excess);
            interpolate_across(parity, excess, out.plane[parity]);
        }
    }
}

// The half row as it would be at the height where the lens drew it.
void ColourFringes::gather_rows(int y, int parity, float excess) {
    const float shift = shift_in_samples(static_cast<float>(y) - axis_[0], excess);
    const int whole = static_cast<int>(std::floor(shift));
    const float share = shift - static_cast<float>(whole);
    const float* rows[4];
    for (int k = 0; k < 4; ++k) rows[k] = input_.row(y + 2 * (whole + k - 1)).plane[parity];
    float* gathered = gathered_.data() + border;
    // An odd width has one value less in the second half row.
    const int last = (width - 1 - parity) / 2;
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i <= last; ++i) gathered[i] = cubic(rows[0][i], rows[1][i], rows[2][i], rows[3][i], share);
    for (int step = 1; step <= border; ++step) {
        gathered[-step] = gathered[mirrored(parity - 2 * step, width) / 2];
        gathered[last + step] = gathered[mirrored(2 * (last + step) + parity, width) / 2];
    }
}

void ColourFringes::interpolate_across(int parity, float excess, float* out) const {
    const float* gathered = gathered_.data() + border;
    const float axis = axis_[1];
    const float first = static_cast<float>(tile.left + parity);
    int i = 0;
    while (i < count) {
        // All samples whose shift has the same whole part make one run; its end is sought by the very sums that the
        // run itself uses, so that it does not depend on where a tile begins.
        const auto whole_at = [&](int at) {
            return static_cast<int>(std::floor(shift_in_samples(first + static_cast<float>(2 * at) - axis, excess)));
        };
        const int whole = whole_at(i);
        int inside = i, outside = count;
        while (outside - inside > 1) {
            const int middle = inside + (outside - inside) / 2;
            (whole_at(middle) == whole ? inside : outside) = middle;
        }
        const float* from = gathered + whole;
        ROWS_DO_NOT_OVERLAP
        for (int x = i; x < outside; ++x) {
            const float shift = shift_in_samples(first + static_cast<float>(2 * x) - axis, excess);
            out[x] = cubic(from[x - 1], from[x], from[x + 1], from[x + 2], shift - static_cast<float>(whole));
        }
        i = outside;
    }
}

}  // namespace nightjar
