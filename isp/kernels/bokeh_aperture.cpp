#include "bokeh_aperture.hpp"

#include <algorithm>
#include <cmath>

namespace nightjar {

namespace {

constexpr int steps = 16;  // of a pixel row; with 4 the rims of large discs show stairs

struct Span {
    float left, right;
};

// A side that is level is no border to the left or right.
constexpr float level_side = 1e-6f;

Span within_circle(float y, float x, float radius) {
    const float square = radius * radius - y * y;
    if (square <= 0.0f) return {0.0f, 0.0f};
    const float half = std::sqrt(square);
    return {x - half, x + half};
}

Span within_sides(float y, float radius, const std::vector<Side>& sides, float sign) {
    Span span{-2.0f * radius, 2.0f * radius};
    for (const Side& side : sides) {
        const float left_over = side.distance * radius - sign * side.ny * y, nx = sign * side.nx;
        if (nx > level_side) span.right = std::min(span.right, left_over / nx);
        else if (nx < -level_side) span.left = std::max(span.left, left_over / nx);
        else if (left_over < 0.0f) return {0.0f, 0.0f};
    }
    return span;
}

// Adds the beginning (or, with a share below 0, the end) of light at a column that may lie between pixels.
void step_at(std::vector<float>& row, int middle, float column, float share) {
    const float shifted = column + 0.5f, whole = std::floor(shifted), part = shifted - whole;
    row[middle + static_cast<int>(whole)] += share * (1.0f - part);
    row[middle + static_cast<int>(whole) + 1] += share * part;
}

}  // namespace

Aperture aperture_of(float radius, const std::vector<Side>& sides, float eye_y, float eye_x, bool upside_down) {
    Aperture aperture;
    // A polygon of the same area as the disc has corners outside it.
    aperture.reach = static_cast<int>(std::ceil((sides.empty() ? 1.0f : 1.4f) * radius)) + 1;
    const float sign = upside_down ? -1.0f : 1.0f;
    const bool cut = eye_y != 0.0f || eye_x != 0.0f;
    std::vector<float> row(2 * aperture.reach + 3);
    float whole = 0.0f;
    for (int y = -aperture.reach; y <= aperture.reach; ++y) {
        std::fill(row.begin(), row.end(), 0.0f);
        for (int step = 0; step < steps; ++step) {
            const float at = static_cast<float>(y) + (static_cast<float>(step) + 0.5f) / steps - 0.5f;
            Span span = sides.empty() ? within_circle(at, 0.0f, radius) : within_sides(at, radius, sides, sign);
            if (span.right > span.left) whole += span.right - span.left;
            if (cut) {
                const Span rim = within_circle(at - eye_y * radius, eye_x * radius, radius);
                span = {std::max(span.left, rim.left), std::min(span.right, rim.right)};
            }
            if (span.right <= span.left) continue;
            step_at(row, aperture.reach, span.left, 1.0f);
            step_at(row, aperture.reach, span.right, -1.0f);
        }
        for (int i = 0; i < static_cast<int>(row.size()); ++i) {
            if (row[i] != 0.0f) aperture.taps.push_back({y, i - aperture.reach, row[i]});
        }
    }
    for (Tap& tap : aperture.taps) tap.weight /= whole;
    return aperture;
}

}  // namespace nightjar
