#include "three_colour_fringes.hpp"

#include <algorithm>
#include <cmath>

#include "colour_fringes_pixel.hpp"

namespace nightjar {

namespace {

// Samples kept free on each side: 4 for the largest shift, 2 for the interpolation.
constexpr int border = 6;

inline float shift_of(float from_axis, float excess) {
    const float shift = from_axis * excess;
    return std::min(std::max(shift, -ThreeColourFringes::largest_shift), ThreeColourFringes::largest_shift);
}

}  // namespace

ThreeColourFringes::ThreeColourFringes(Rows& input, std::array<float, 3> excess, std::array<float, 2> axis)
    : Rows(Kind::rgb, input.tile), input_(input), excess_(excess), axis_(axis), gathered_(input.count + 2 * border) {
    input_.keep(6, false);
}

void ThreeColourFringes::make(int y, const MutableRow& out) {
    for (int colour = 0; colour < 3; ++colour) {
        if (excess_[colour] == 0.0f) {
            const float* from = input_.row(y).plane[colour];
            std::copy(from, from + count, out.plane[colour]);
        } else {
            gather_rows(y, colour);
            interpolate_across(colour, out.plane[colour]);
        }
    }
}

// The row of this colour as it would be at the height where the lens drew it.
void ThreeColourFringes::gather_rows(int y, int colour) {
    const float shift = shift_of(static_cast<float>(y) - axis_[0], excess_[colour]);
    const int whole = static_cast<int>(std::floor(shift));
    const float share = shift - static_cast<float>(whole);
    const float* rows[4];
    for (int k = 0; k < 4; ++k) rows[k] = input_.row(y + whole + k - 1).plane[colour];
    float* gathered = gathered_.data() + border;
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < count; ++x) gathered[x] = cubic(rows[0][x], rows[1][x], rows[2][x], rows[3][x], share);
    for (int step = 1; step <= border; ++step) {
        gathered[-step] = gathered[mirrored(-step, count)];
        gathered[count - 1 + step] = gathered[mirrored(count - 1 + step, count)];
    }
}

void ThreeColourFringes::interpolate_across(int colour, float* out) const {
    const float* gathered = gathered_.data() + border;
    const float excess = excess_[colour], axis = axis_[1];
    const float first = static_cast<float>(tile.left);
    int at = 0;
    while (at < count) {
        // Runs of one whole shift, as in ColourFringes: their ends do not depend on where a tile begins.
        const auto whole_at = [&](int x) {
            return static_cast<int>(std::floor(shift_of(first + static_cast<float>(x) - axis, excess)));
        };
        const int whole = whole_at(at);
        int inside = at, outside = count;
        while (outside - inside > 1) {
            const int middle = inside + (outside - inside) / 2;
            (whole_at(middle) == whole ? inside : outside) = middle;
        }
        const float* from = gathered + whole;
        ROWS_DO_NOT_OVERLAP
        for (int x = at; x < outside; ++x) {
            const float shift = shift_of(first + static_cast<float>(x) - axis, excess);
            out[x] = cubic(from[x - 1], from[x], from[x + 1], from[x + 2], shift - static_cast<float>(whole));
        }
        at = outside;
    }
}

}  // namespace nightjar
