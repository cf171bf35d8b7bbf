#include "local_tone.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace nightjar {

namespace {

// Light darker than this, and below black, counts as this.
constexpr float darkest = 1.0f / 65536.0f;

// Both polynomials are exact at whole stops, so that octaves join, and rise everywhere. The first is right within 0.0009
// stops, the second within 0.015 % of the gain: fitted over one octave for the smallest largest error.
inline float log2_of(float light) {
    std::uint32_t bits;
    std::memcpy(&bits, &light, sizeof bits);
    const float octave = static_cast<float>(static_cast<std::int32_t>(bits >> 23) - 127);
    bits = (bits & 0x7fffffu) | 0x3f800000u;
    float mantissa;
    std::memcpy(&mantissa, &bits, sizeof mantissa);
    const float m = mantissa - 1.0f;
    return octave + m * (1.42286532f + m * (-0.58208542f + m * 0.15922010f));
}

inline float exp2_of(float stops) {
    const std::int32_t whole = static_cast<std::int32_t>(stops);
    const float part = stops - static_cast<float>(whole);
    const float mantissa = 1.0f + part * (0.69589012f + part * (0.22486495f + part * 0.07924493f));
    std::uint32_t bits;
    std::memcpy(&bits, &mantissa, sizeof bits);
    bits += static_cast<std::uint32_t>(whole) << 23;
    float gain;
    std::memcpy(&gain, &bits, sizeof gain);
    return gain;
}

}  // namespace

LocalTone::LocalTone(Rows& input, const LiftGrid& grid)
    : Rows(Kind::rgb, input.tile), input_(input), grid_(grid),
      knots_(static_cast<std::size_t>(grid.columns) * lift_levels) {}

void LocalTone::make(int y, const MutableRow& out) {
    bends_of_row(y);
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
        const float* left = knots_.data() + static_cast<std::ptrdiff_t>(std::max(k, 0)) * lift_levels;
        const float* right = knots_.data() + static_cast<std::ptrdiff_t>(std::min(k + 1, grid_.columns - 1)) * lift_levels;
        float bend[lift_levels], slope[lift_levels];
        for (int level = 0; level < lift_levels; ++level) {
            bend[level] = left[level];
            slope[level] = right[level] - left[level];
        }
        const float offset = start - static_cast<float>(k);
        ROWS_DO_NOT_OVERLAP
        for (; x < until; ++x) {
            const float strongest = std::max(std::max(red[x], green[x]), blue[x]);
            const float light = strongest > darkest ? strongest : darkest;
            const float below = from_ev - log2_of(light);
            const float depth = below > 0.0f ? below : 0.0f;
            const float share = offset + static_cast<float>(tile.left + x) * step;
            float lift = 0.0f;
            for (int level = 0; level < lift_levels; ++level) {
                const float reached = std::min(depth, static_cast<float>(level + 1));
                lift += (bend[level] + share * slope[level]) * reached;
            }
            const float gain = exp2_of(lift);
            out.plane[0][x] = red[x] * gain;
            out.plane[1][x] = green[x] * gain;
            out.plane[2][x] = blue[x] * gain;
        }
    }
}

void LocalTone::bends_of_row(int y) {
    const float inside = std::clamp((y + 0.5f) / height * grid_.rows - 0.5f, 0.0f, static_cast<float>(grid_.rows - 1));
    const int upper = std::min(static_cast<int>(inside), grid_.rows - 2);
    const float share = inside - upper;
    for (int level = 0; level < lift_levels; ++level) {
        const float* top = grid_.bends.data() + (static_cast<std::ptrdiff_t>(level) * grid_.rows + upper) * grid_.columns;
        for (int k = 0; k < grid_.columns; ++k) {
            knots_[k * lift_levels + level] = top[k] + share * (top[k + grid_.columns] - top[k]);
        }
    }
}

}  // namespace nightjar
