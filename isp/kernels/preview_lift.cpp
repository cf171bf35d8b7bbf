#include "preview_lift.hpp"

#include <algorithm>
#include <cmath>

#include "local_tone_pixel.hpp"

namespace nightjar {

PreviewLift::PreviewLift(const LiftGrid& grid, const Tile& tile, Lane pedestal, int unit_bits)
    : grid_(grid), tile_(tile), pedestal_(pedestal), unit_(static_cast<float>(1 << unit_bits)) {}

void PreviewLift::apply(int y, int first, int lanes, LaneRing& block) {
    if (y != row_) knots_ = bends_at(grid_, y, tile_.height);
    row_ = y;
    for (int parity = 0; parity < 2; ++parity) {
        lift(parity, first, lanes, {block.plane(0, parity), block.plane(0, 2 + parity), block.plane(0, 4 + parity)});
    }
}

void PreviewLift::lift(int parity, int first, int lanes, const std::array<Lane*, 3>& colours) const {
    Lane *red = colours[0], *green = colours[1], *blue = colours[2];
    const float pedestal = pedestal_, to_light = 1.0f / unit_, from_ev = grid_.from_ev, half_up = pedestal_ + 0.5f;
    const auto lifted = [=](Lane light, float gain) {
        // No colour is shown that lies below the pedestal or beyond 16 bits.
        const float shown = (static_cast<float>(light) - pedestal) * gain + half_up;
        return static_cast<Lane>(static_cast<std::int32_t>(std::min(std::max(shown, 0.0f), 32767.0f)));
    };
    // Grid coordinate of lane i of the block: start + i * step.
    const float step = 2.0f * static_cast<float>(grid_.columns) / tile_.picture_width;
    const float column = static_cast<float>(tile_.left + 2 * first + parity) + 0.5f;
    const float start = column / tile_.picture_width * static_cast<float>(grid_.columns) - 0.5f;
    int i = 0;
    for (int k = -1; k < grid_.columns && i < lanes; ++k) {
        const int end = static_cast<int>(std::ceil((k + 1 - start) / step));
        const int until = k + 1 >= grid_.columns ? lanes : std::clamp(end, i, lanes);
        const LiftSpan span(knots_, grid_.columns, k);
        const float offset = start - static_cast<float>(k);
        ROWS_DO_NOT_OVERLAP
        for (; i < until; ++i) {
            const float strongest = static_cast<float>(std::max(std::max(red[i], green[i]), blue[i])) - pedestal;
            const float share = offset + static_cast<float>(i) * step;
            const float gain = exp2_of(lift_of(strongest * to_light, from_ev, span, share));
            red[i] = lifted(red[i], gain);
            green[i] = lifted(green[i], gain);
            blue[i] = lifted(blue[i], gain);
        }
    }
}

}  // namespace nightjar
