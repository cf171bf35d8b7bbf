#include "local_tone.hpp"

#include <algorithm>
#include <cmath>

#include "local_tone_pixel.hpp"

namespace nightjar {

LocalTone::LocalTone(Rows& input, const LiftGrid& grid)
    : Rows(Kind::rgb, input.tile), input_(input), grid_(grid) {}

void LocalTone::make(int y, const MutableRow& out) {
    const std::vector<float> knots = bends_at(grid_, y, height);
    const Row in = input_.row(y);
    const float* red = in.plane[0];
    const float* green = in.plane[1];
    const float* blue = in.plane[2];
    const float from_ev = grid_.from_ev;
    // Grid coordinate of column x of the picture: start + x * step.
    const float step = static_cast<float>(grid_.columns) / tile.picture_width;
    const float start = 0.5f * step - 0.5f;
    int x = 0;
    for (int k = -1; k < grid_.columns && x < width; ++k) {
        // Columns between knots k and k + 1; outside the first and last knot the bends stay as they are there.
        const int end = static_cast<int>(std::ceil((k + 1 - start) / step)) - tile.left;
        const int until = k + 1 >= grid_.columns ? width : std::clamp(end, x, width);
        const LiftSpan span(knots, grid_.columns, k);
        const float offset = start - static_cast<float>(k);
        ROWS_DO_NOT_OVERLAP
        for (; x < until; ++x) {
            const float strongest = std::max(std::max(red[x], green[x]), blue[x]);
            const float share = offset + static_cast<float>(tile.left + x) * step;
            const float gain = exp2_of(lift_of(strongest, from_ev, span, share));
            out.plane[0][x] = red[x] * gain;
            out.plane[1][x] = green[x] * gain;
            out.plane[2][x] = blue[x] * gain;
        }
    }
}

std::vector<float> bends_at(const LiftGrid& grid, int y, int height) {
    std::vector<float> knots(static_cast<std::size_t>(grid.columns) * lift_levels);
    const float inside = std::clamp((y + 0.5f) / height * grid.rows - 0.5f, 0.0f, static_cast<float>(grid.rows - 1));
    const int upper = std::min(static_cast<int>(inside), grid.rows - 2);
    const float share = inside - upper;
    for (int level = 0; level < lift_levels; ++level) {
        const float* top = grid.bends.data() + (static_cast<std::ptrdiff_t>(level) * grid.rows + upper) * grid.columns;
        for (int k = 0; k < grid.columns; ++k) {
            knots[k * lift_levels + level] = top[k] + share * (top[k + grid.columns] - top[k]);
        }
    }
    return knots;
}

}  // namespace nightjar
