#include "chroma_noise.hpp"

#include <algorithm>

namespace nightjar {

namespace {

// No sensor is so quiet; it only keeps the division finite.
constexpr float least_variance = 1e-12f;

Tile half_of(const Tile& tile) {
    return {(tile.height + 1) / 2, (tile.width + 1) / 2, tile.left / 2, (tile.picture_width + 1) / 2};
}

struct Chroma {
    float first, second;
};

inline Chroma chroma_of(float red, float green, float blue, const ChromaAxes& axes) {
    const float red_green = red - green, blue_green = blue - green;
    return {axes.differences[0] * red_green + axes.differences[1] * blue_green,
            axes.differences[2] * red_green + axes.differences[3] * blue_green};
}

// The five taps of the sigma filter count alike.
constexpr float tap_share = 0.2f, root_of_tap_share = 0.44721360f;

// Adds the way to a tap of the sigma filter, times how much alike it is. One that is of another colour adds nothing,
// which is as if it had the cell's own colour: the number of taps stays the same.
// strictness  one over the tolerated squared distance, times the root of the share
inline void add_if_alike(Chroma neighbour, Chroma own, float strictness, Chroma& sum) {
    const float first = neighbour.first - own.first, second = neighbour.second - own.second;
    const float distance = (first * first + second * second) * strictness;
    const float left = tap_share - distance * distance;
    const float alike = left > 0.0f ? left : 0.0f;
    sum.first += alike * first;
    sum.second += alike * second;
}

// 1 for the same colour, 0 from the tolerated squared distance on.
inline float alike(Chroma one, Chroma other, float strictness) {
    const float first = one.first - other.first, second = one.second - other.second;
    const float distance = (first * first + second * second) * strictness;
    const float left = 1.0f - distance * distance;
    return left > 0.0f ? left : 0.0f;
}

// Of the four cells that a pixel lies between two lie on its diagonal: its own, and the one that it is next to. They
// alone give any even slope of colour exactly, as all four would, with this share for the next.
constexpr float next_share = 0.25f;
// Where the own cell lies on an edge, so much more of a pixel comes from the next cell: that is the side it is on.
constexpr float edge_share = 0.5f;

}  // namespace

HalfChroma::HalfChroma(Rows& picture, const ChromaAxes& axes, const UnevenNoise& uneven)
    : Rows(Kind::rgb, half_of(picture.tile)), picture_(picture), axes_(axes), noise_(uneven, tile, place_pitch / 2) {
    picture_.keep(1, true);
}

void HalfChroma::make(int y, const MutableRow& out) {
    const Row top = picture_.row(2 * y), bottom = picture_.row(2 * y + 1);
    const ChromaAxes axes = axes_;
    float* __restrict precision = out.plane[0];
    float* __restrict first = out.plane[1];
    float* __restrict second = out.plane[2];
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < width; ++i) {
        float mean[3];
        for (int c = 0; c < 3; ++c) {
            const float* __restrict upper = top.plane[c];
            const float* __restrict lower = bottom.plane[c];
            mean[c] = 0.25f * ((upper[2 * i] + upper[2 * i + 1]) + (lower[2 * i] + lower[2 * i + 1]));
        }
        const float level = 0.25f * (mean[0] + mean[2]) + 0.5f * mean[1];
        const float variance = axes.noise[0] * (level > 0.0f ? level : 0.0f) + axes.noise[1];
        precision[i] = 1.0f / (variance + least_variance);
        const Chroma chroma = chroma_of(mean[0], mean[1], mean[2], axes);
        first[i] = chroma.first;
        second[i] = chroma.second;
    }
    if (const float* times = noise_.times(y)) {
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < width; ++i) precision[i] /= times[i];
    }
}

SigmaAcross::SigmaAcross(Rows& input, int step, float tolerance)
    : Rows(Kind::rgb, input.tile), input_(input), step_(step), tolerance_(tolerance) {
    input_.keep(0, true);
}

void SigmaAcross::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    const float* __restrict precision = in.plane[0];
    const float* __restrict first = in.plane[1];
    const float* __restrict second = in.plane[2];
    float* __restrict precision_out = out.plane[0];
    float* __restrict first_out = out.plane[1];
    float* __restrict second_out = out.plane[2];
    const int near = step_, far = 2 * step_;
    const float strictness = root_of_tap_share / tolerance_;
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < width; ++i) {
        const float strict = precision[i] * strictness;
        const Chroma own{first[i], second[i]};
        Chroma sum{0.0f, 0.0f};
        add_if_alike({first[i - far], second[i - far]}, own, strict, sum);
        add_if_alike({first[i - near], second[i - near]}, own, strict, sum);
        add_if_alike({first[i + near], second[i + near]}, own, strict, sum);
        add_if_alike({first[i + far], second[i + far]}, own, strict, sum);
        precision_out[i] = precision[i];
        first_out[i] = own.first + sum.first;
        second_out[i] = own.second + sum.second;
    }
}

SigmaDown::SigmaDown(Rows& input, int step, float tolerance)
    : Rows(Kind::rgb, input.tile), input_(input), step_(step), tolerance_(tolerance) {
    input_.keep(2 * step, false);
}

void SigmaDown::make(int y, const MutableRow& out) {
    // In order from above and without gaps, so that the stages before can work in order too.
    const int last = y + 2 * step_;
    for (int row = std::max(y - 2 * step_, asked_ + 1); row <= last; ++row) input_.row(row);
    asked_ = last;
    const Row above2 = input_.row(y - 2 * step_), above1 = input_.row(y - step_), here = input_.row(y);
    const Row below1 = input_.row(y + step_), below2 = input_.row(y + 2 * step_);
    const float* __restrict precision = here.plane[0];
    const float* __restrict first = here.plane[1];
    const float* __restrict second = here.plane[2];
    float* __restrict precision_out = out.plane[0];
    float* __restrict first_out = out.plane[1];
    float* __restrict second_out = out.plane[2];
    const float strictness = root_of_tap_share / tolerance_;
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < width; ++i) {
        const float strict = precision[i] * strictness;
        const Chroma own{first[i], second[i]};
        Chroma sum{0.0f, 0.0f};
        add_if_alike({above2.plane[1][i], above2.plane[2][i]}, own, strict, sum);
        add_if_alike({above1.plane[1][i], above1.plane[2][i]}, own, strict, sum);
        add_if_alike({below1.plane[1][i], below1.plane[2][i]}, own, strict, sum);
        add_if_alike({below2.plane[1][i], below2.plane[2][i]}, own, strict, sum);
        precision_out[i] = precision[i];
        first_out[i] = own.first + sum.first;
        second_out[i] = own.second + sum.second;
    }
}

ChromaJoin::ChromaJoin(Rows& picture, Rows& smooth, const ChromaAxes& axes, const JoinLimits& limits, int cells)
    : Rows(Kind::rgb, picture.tile), picture_(picture), smooth_(smooth), axes_(axes), limits_(limits) {
    // The half-resolution rows run ahead of the row at hand by two rows a cell.
    picture_.keep(cells + 1, true);
    smooth_.keep(1, true);
}

void ChromaJoin::make(int y, const MutableRow& out) {
    const int middle = y / 2, towards = y % 2 == 0 ? -1 : 1;
    const Row above = smooth_.row(middle - 1), here = smooth_.row(middle), below = smooth_.row(middle + 1);
    const Row ahead = towards < 0 ? above : below, back = towards < 0 ? below : above;
    const Row in = picture_.row(y);
    const float* __restrict red = in.plane[0];
    const float* __restrict green = in.plane[1];
    const float* __restrict blue = in.plane[2];
    float* __restrict red_out = out.plane[0];
    float* __restrict green_out = out.plane[1];
    float* __restrict blue_out = out.plane[2];
    const ChromaAxes axes = axes_;
    const float at_edge = 1.0f / limits_.edge, where_calm = 1.0f / limits_.calm;
    const float per_apart = (at_edge - where_calm) / limits_.apart, per_between = edge_share / limits_.between;
    const int cells = smooth_.width;
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < cells; ++i) {
        const float precision = here.plane[0][i];
        const Chroma own{here.plane[1][i], here.plane[2][i]};
        for (int side = 0; side < 2; ++side) {
            const int x = 2 * i + side, beside = side == 0 ? i - 1 : i + 1, other = 2 * i - beside;
            const Chroma next{ahead.plane[1][beside], ahead.plane[2][beside]};
            const Chroma to_next{next.first - own.first, next.second - own.second};
            const Chroma from_back{own.first - back.plane[1][other], own.second - back.plane[2][other]};
            // Where both cells agree, a pixel of another colour is noise.
            const float apart = (to_next.first * to_next.first + to_next.second * to_next.second) * precision;
            const float strict = where_calm + per_apart * apart;
            const float strictness = precision * (strict < at_edge ? strict : at_edge);
            // Large only where the own cell's colour lies between its two neighbours': on an edge.
            const float between = (to_next.first * from_back.first + to_next.second * from_back.second) * precision;
            const float more = per_between * (between > 0.0f ? between : 0.0f);
            const float share = next_share + (more < edge_share ? more : edge_share);
            const Chroma pixel = chroma_of(red[x], green[x], blue[x], axes);
            const float own_alike = (1.0f - share) * alike(own, pixel, strictness);
            const float next_alike = share * alike(next, pixel, strictness);
            const Chroma sum{own_alike * (own.first - pixel.first) + next_alike * (next.first - pixel.first),
                             own_alike * (own.second - pixel.second) + next_alike * (next.second - pixel.second)};
            red_out[x] = red[x] + sum.first;
            green_out[x] = green[x] + (axes.colours[0] * sum.first + axes.colours[1] * sum.second);
            blue_out[x] = blue[x] + (axes.colours[2] * sum.first + axes.colours[3] * sum.second);
        }
    }
}

}  // namespace nightjar
