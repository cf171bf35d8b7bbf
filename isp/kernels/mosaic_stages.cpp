#include "mosaic_stages.hpp"

#include <cmath>

namespace nightjar {

namespace {

int position(int y, int parity) { return 2 * (y & 1) + parity; }

float smaller(float a, float b) { return a < b ? a : b; }
float larger(float a, float b) { return a > b ? a : b; }

// The two highest and two lowest of a pixel's neighbours.
struct Extremes {
    float highest, second_highest, lowest, second_lowest;

    Extremes(float a, float b)
        : highest(larger(a, b)), second_highest(smaller(a, b)), lowest(smaller(a, b)), second_lowest(larger(a, b)) {}

    void add(float value) {
        second_highest = larger(second_highest, smaller(highest, value));
        highest = larger(highest, value);
        second_lowest = smaller(second_lowest, larger(lowest, value));
        lowest = smaller(lowest, value);
    }
};

// One neighbour may be bad itself; going by the second one is allowed where the case is this much clearer.
constexpr float doubt = 4.0f;
// Below this share of saturation a dead pixel cannot be seen.
constexpr float darkest = 0.001f;
// A dead pixel can differ from its neighbours by no more than their own value, so detail must count for less there.
constexpr float shadow_detail = 0.2f;
// Neighbours differ by noise too: of what is allowed for noise so much is not their contrast. Eight values spread over
// almost three of its deviations, the second largest of four differences is about one and a half.
constexpr float spread_of_noise = 0.5f, change_of_noise = 0.25f;
// Nearer to black than this share of its neighbours nothing in a lens's picture is: that pixel gets no light at all.
constexpr float lightless = 0.05f;

}  // namespace

Levels::Levels(Rows& input, PerPosition black, PerPosition scale)
    : Rows(Kind::bayer, input.tile), input_(input), black_(black), scale_(scale) {}

void Levels::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    for (int parity = 0; parity < 2; ++parity) {
        const float black = black_[position(y, parity)];
        const float scale = scale_[position(y, parity)];
        const float* __restrict from = in.plane[parity];
        float* __restrict to = out.plane[parity];
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < count; ++i) to[i] = (from[i] - black) * scale;
    }
}

BadPixels::BadPixels(Rows& input, BadPixelLimits limits)
    : Rows(Kind::bayer, input.tile), input_(input), limits_(limits) {
    input_.keep(3, true);
}

void BadPixels::make(int y, const MutableRow& out) {
    Row rows[7];
    for (int step = -3; step <= 3; ++step) rows[step + 3] = input_.row(y + step);
    const BadPixelLimits limits = limits_;
    for (int parity = 0; parity < 2; ++parity) {
        const float* north = rows[1].plane[parity];
        const float* centre = rows[3].plane[parity];
        const float* south = rows[5].plane[parity];
        // Of other colours: the pixels one and three away, along the row and along the column.
        const float* beside = rows[3].plane[1 - parity] + (parity == 0 ? -1 : 0);  // [i] west, [i + 1] east
        const float* above3 = rows[0].plane[parity];
        const float* above1 = rows[2].plane[parity];
        const float* below1 = rows[4].plane[parity];
        const float* below3 = rows[6].plane[parity];
        float* to = out.plane[parity];
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < count; ++i) {
            const float nw = north[i - 1], n = north[i], ne = north[i + 1];
            const float w = centre[i - 1], x = centre[i], e = centre[i + 1];
            const float sw = south[i - 1], s = south[i], se = south[i + 1];
            Extremes around(nw, n);
            around.add(ne);
            around.add(w);
            around.add(e);
            around.add(sw);
            around.add(s);
            around.add(se);
            Extremes change(std::fabs(beside[i] - beside[i - 1]), std::fabs(beside[i + 1] - beside[i + 2]));
            change.add(std::fabs(above1[i] - above3[i]));
            change.add(std::fabs(below1[i] - below3[i]));
            // The second largest: one of those pixels may be bad itself.
            const float noise = std::sqrt(limits.noise_shot * larger(around.highest, 0.0f) + limits.noise_read);
            const float detail = limits.detail * larger(change.second_highest - change_of_noise * noise, 0.0f);
            const float above = detail + noise;
            const float below = darkest + shadow_detail * detail + noise;

            const float grain = spread_of_noise * noise;
            const float spread = larger(around.highest - around.lowest - grain, 0.0f);
            const float inner_spread = larger(around.second_highest - around.second_lowest - grain, 0.0f);
            const bool hot =
                (x > around.highest + limits.hot + limits.contrast * spread + above) |
                (x > around.second_highest + doubt * (limits.hot + limits.contrast * inner_spread) + above);
            const bool dead = (x < around.lowest - limits.hot - limits.contrast * spread - above) |
                              (x < limits.dead * around.lowest - below) |
                              ((x < lightless * around.second_lowest) & (around.second_lowest > 2.0f * darkest + noise));

            // The pair of opposite neighbours that differ least lies along the edge, if there is one.
            float best = std::fabs(n - s), mean = 0.5f * (n + s);
            const float across = std::fabs(w - e), down = std::fabs(nw - se), up = std::fabs(ne - sw);
            mean = across < best ? 0.5f * (w + e) : mean;
            best = smaller(across, best);
            mean = down < best ? 0.5f * (nw + se) : mean;
            best = smaller(down, best);
            mean = up < best ? 0.5f * (ne + sw) : mean;
            to[i] = (hot | dead) ? mean : x;
        }
    }
}

WhiteBalance::WhiteBalance(Rows& input, PerPosition gains)
    : Rows(Kind::bayer, input.tile), input_(input), gains_(gains) {}

void WhiteBalance::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    for (int parity = 0; parity < 2; ++parity) {
        const float gain = gains_[position(y, parity)];
        const float* __restrict from = in.plane[parity];
        float* __restrict to = out.plane[parity];
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < count; ++i) to[i] = from[i] * gain;
    }
}

}  // namespace nightjar
