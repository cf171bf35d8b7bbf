#include "mosaic_stages.hpp"

#include <algorithm>
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

    void add(const Extremes& others) {
        second_highest = larger(smaller(highest, others.highest), larger(second_highest, others.second_highest));
        highest = larger(highest, others.highest);
        second_lowest = smaller(larger(lowest, others.lowest), smaller(second_lowest, others.second_lowest));
        lowest = smaller(lowest, others.lowest);
    }
};

// Half rows of a pixel's own colour.
struct OwnColour {
    const float *north, *centre, *south;

    Extremes around(int i) const {
        Extremes all(north[i], south[i]);
        all.add({north[i - 1], south[i - 1]});
        all.add({north[i + 1], south[i + 1]});
        all.add({centre[i - 1], centre[i + 1]});
        return all;
    }
};

// Of other colours: the pixels one and three away, along the row and along the column.
struct OtherColours {
    const float *beside;  // [i] west, [i + 1] east
    const float *above3, *above1, *below1, *below3;

    // The second largest: one of those pixels may be bad itself.
    float change(int i) const {
        Extremes all(std::fabs(beside[i] - beside[i - 1]), std::fabs(beside[i + 1] - beside[i + 2]));
        all.add({std::fabs(above1[i] - above3[i]), std::fabs(below1[i] - below3[i])});
        return all.second_highest;
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
// Values of a half row looked over at once: where none can be bad, and that is nearly everywhere, they are copied.
constexpr int chunk = 32;

// The mean of the two opposite neighbours that differ least: they lie along the edge, if there is one.
inline float along_the_edge(const OwnColour& own, int i) {
    const float nw = own.north[i - 1], n = own.north[i], ne = own.north[i + 1];
    const float w = own.centre[i - 1], e = own.centre[i + 1];
    const float sw = own.south[i - 1], s = own.south[i], se = own.south[i + 1];
    float best = std::fabs(n - s), mean = 0.5f * (n + s);
    const float across = std::fabs(w - e), down = std::fabs(nw - se), up = std::fabs(ne - sw);
    mean = across < best ? 0.5f * (w + e) : mean;
    best = smaller(across, best);
    mean = down < best ? 0.5f * (nw + se) : mean;
    best = smaller(down, best);
    return up < best ? 0.5f * (ne + sw) : mean;
}

// What is bad by the rules of `mend` is so by these too: they allow no more than `mend` allows where there is neither
// light nor detail, and bound the second highest and lowest from inside: the lower one of any two is no higher than the
// second highest of all. With neighbours in pairs around the pixel, edges and corners have one pair on its own side.
bool any_suspect(const OwnColour& own, const BadPixelLimits& limits, int first, int last) {
    const float least = std::sqrt(limits.noise_read);
    const float hot = limits.hot, very_hot = doubt * limits.hot, dead = limits.dead;
    int suspect = 0;
    ROWS_DO_NOT_OVERLAP
    for (int i = first; i < last; ++i) {
        const Extremes a(own.north[i], own.north[i + 1]), b(own.centre[i + 1], own.south[i + 1]);
        const Extremes c(own.south[i], own.south[i - 1]), d(own.centre[i - 1], own.north[i - 1]);
        const float highest = larger(larger(a.highest, b.highest), larger(c.highest, d.highest));
        const float lowest = smaller(smaller(a.lowest, b.lowest), smaller(c.lowest, d.lowest));
        const float high = larger(larger(a.lowest, b.lowest), larger(c.lowest, d.lowest));
        const float low = smaller(smaller(a.highest, b.highest), smaller(c.highest, d.highest));
        const float x = own.centre[i];
        suspect |= (x > highest + hot + least) | (x > high + very_hot + least) | (x < lowest - hot - least) |
                   (x < dead * lowest - (darkest + least)) |
                   ((x < lightless * low) & (low > 2.0f * darkest + least));
    }
    return suspect != 0;
}

void mend(const OwnColour& own, const OtherColours& others, BadPixelLimits limits, int first, int last, float* out) {
    ROWS_DO_NOT_OVERLAP
    for (int i = first; i < last; ++i) {
        const float x = own.centre[i];
        const Extremes around = own.around(i);
        const float noise = std::sqrt(limits.noise_shot * larger(around.highest, 0.0f) + limits.noise_read);
        const float detail = limits.detail * larger(others.change(i) - change_of_noise * noise, 0.0f);
        const float above = detail + noise;
        const float below = darkest + shadow_detail * detail + noise;

        const float grain = spread_of_noise * noise;
        const float spread = larger(around.highest - around.lowest - grain, 0.0f);
        const float inner_spread = larger(around.second_highest - around.second_lowest - grain, 0.0f);
        const bool hot = (x > around.highest + limits.hot + limits.contrast * spread + above) |
                         (x > around.second_highest + doubt * (limits.hot + limits.contrast * inner_spread) + above);
        const bool dead = (x < around.lowest - limits.hot - limits.contrast * spread - above) |
                          (x < limits.dead * around.lowest - below) |
                          ((x < lightless * around.second_lowest) & (around.second_lowest > 2.0f * darkest + noise));
        const float mended = along_the_edge(own, i);  // for every pixel: a loop with a branch is no vector code
        out[i] = (hot | dead) ? mended : x;
    }
}

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
    for (int parity = 0; parity < 2; ++parity) {
        const OwnColour own{rows[1].plane[parity], rows[3].plane[parity], rows[5].plane[parity]};
        const OtherColours others{rows[3].plane[1 - parity] + (parity == 0 ? -1 : 0), rows[0].plane[parity],
                                  rows[2].plane[parity], rows[4].plane[parity], rows[6].plane[parity]};
        for (int first = 0; first < count; first += chunk) {
            const int last = first + chunk < count ? first + chunk : count;
            if (any_suspect(own, limits_, first, last)) {
                mend(own, others, limits_, first, last, out.plane[parity]);
            } else {
                std::copy(own.centre + first, own.centre + last, out.plane[parity] + first);
            }
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
