#include "shading.hpp"

#include <algorithm>
#include <cmath>

namespace nightjar {

namespace {

// From this share of the blown level up to that level the three gains become one.
constexpr float nearly_blown = 0.9f;
// Above all light: no pixel counts as blown.
constexpr float never = 1e30f;

// Compared before it is made whole: a window far narrower than the picture gives numbers that fit no integer.
int column_within(float column, int first, int last) {
    if (!(column > static_cast<float>(first))) return first;
    return column < static_cast<float>(last) ? static_cast<int>(column) : last;
}

}  // namespace

Shading::Shading(Rows& input, const ShadingGrid& grid, float blown)
    : Rows(Kind::rgb, input.tile), input_(input), lens_(grid, input.tile),
      nearly_blown_(blown > 0.0f ? nearly_blown * blown : never),
      per_blown_(blown > 0.0f ? 1.0f / (blown - nearly_blown * blown) : 1.0f),
      gains_(3 * static_cast<std::size_t>(input.width)) {}

void Shading::make(int y, const MutableRow& out) {
    float* gain[3];
    for (int colour = 0; colour < 3; ++colour) {
        gain[colour] = gains_.data() + static_cast<std::ptrdiff_t>(colour) * width;
        lens_.of_row(y, colour, gain[colour]);
    }
    const Row in = input_.row(y);
    const float nearly = nearly_blown_, per_blown = per_blown_;
    const float* red = in.plane[0];
    const float* green = in.plane[1];
    const float* blue = in.plane[2];
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const float least = std::min(std::min(red[x], green[x]), blue[x]);
        const float above = (least - nearly) * per_blown;
        const float blown = std::min(std::max(above, 0.0f), 1.0f);
        const float white = std::max(std::max(gain[0][x], gain[1][x]), gain[2][x]);
        out.plane[0][x] = red[x] * (gain[0][x] + blown * (white - gain[0][x]));
        out.plane[1][x] = green[x] * (gain[1][x] + blown * (white - gain[1][x]));
        out.plane[2][x] = blue[x] * (gain[2][x] + blown * (white - gain[2][x]));
    }
}

void LensGains::of_row(int y, int colour, float* gains) {
    const float vertical = (grid_.window[1] + (y + 0.5f) / tile_.height * grid_.window[3]) * grid_.rows - 0.5f;
    const float inside = std::clamp(vertical, 0.0f, static_cast<float>(grid_.rows - 1));
    const int upper = std::min(static_cast<int>(inside), grid_.rows - 2);
    const float share = inside - upper;
    const float* top = grid_.gains.data() + (colour * grid_.rows + upper) * grid_.columns;
    for (int k = 0; k < grid_.columns; ++k) {
        knots_[k] = top[k] + share * (top[k + grid_.columns] - top[k]);
    }
    // Grid coordinate of column x of the picture: start + x * step.
    const float step = 1.0f / tile_.picture_width * grid_.window[2] * grid_.columns;
    const float start = (grid_.window[0] + 0.5f / tile_.picture_width * grid_.window[2]) * grid_.columns - 0.5f;
    int x = 0;
    for (int k = -1; k < grid_.columns && x < tile_.width; ++k) {
        // Columns between knots k and k + 1; outside the first and last knot the gain stays as it is there.
        const float end = std::ceil((k + 1 - start) / step) - static_cast<float>(tile_.left);
        const int until = k + 1 >= grid_.columns ? tile_.width : column_within(end, x, tile_.width);
        const float left = knots_[std::max(k, 0)];
        const float slope = knots_[std::min(k + 1, grid_.columns - 1)] - left;
        const float offset = start - static_cast<float>(k);
        ROWS_DO_NOT_OVERLAP
        for (; x < until; ++x) gains[x] = left + slope * (offset + static_cast<float>(tile_.left + x) * step);
    }
}

}  // namespace nightjar
