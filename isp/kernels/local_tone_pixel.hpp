// One pixel of local_tone.py: by how many stops it is lifted, and the gain of so many stops.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "local_tone.hpp"

namespace nightjar {

// Light darker than this, and below black, counts as this.
constexpr float darkest_lifted = 1.0f / 65536.0f;

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

// Bends of the lift at a knot of the grid, and how they change up to the next.
struct LiftSpan {
    float bend[lift_levels], slope[lift_levels];

    // knots   lift_levels bends at each of the grid's columns; before the first and after the last they stay as there
    LiftSpan(const std::vector<float>& knots, int columns, int k) {
        const float* left = knots.data() + static_cast<std::ptrdiff_t>(std::max(k, 0)) * lift_levels;
        const float* right = knots.data() + static_cast<std::ptrdiff_t>(std::min(k + 1, columns - 1)) * lift_levels;
        for (int level = 0; level < lift_levels; ++level) {
            bend[level] = left[level];
            slope[level] = right[level] - left[level];
        }
    }
};

// strongest   the largest of red, green and blue; 1 = saturation
// share       how far it is through the span
inline float lift_of(float strongest, float from_ev, const LiftSpan& span, float share) {
    const float light = strongest > darkest_lifted ? strongest : darkest_lifted;
    const float below = from_ev - log2_of(light);
    const float depth = below > 0.0f ? below : 0.0f;
    float lift = 0.0f;
    for (int level = 0; level < lift_levels; ++level) {
        const float reached = std::min(depth, static_cast<float>(level + 1));
        lift += (span.bend[level] + share * span.slope[level]) * reached;
    }
    return lift;
}

}  // namespace nightjar
