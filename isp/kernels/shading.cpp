#include "shading.hpp"

#include <algorithm>

namespace nightjar {

namespace {

// From this share of the blown level up to that level the three gains become one.
constexpr float nearly_blown = 0.9f;
// Above all light: no pixel counts as blown.
constexpr float never = 1e30f;

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
    places_of_row(grid_.gains.data() + colour * grid_.rows * grid_.columns, grid_.rows, grid_.columns, grid_.window,
                  tile_, y, knots_.data(), gains);
}

}  // namespace nightjar
