#include "luma_noise.hpp"

namespace nightjar {

namespace {

// Weights 1 2 3 2 1: two box means in a row. Their spectrum is nowhere negative, so that moving towards the mean never
// raises a frequency, nor lowers it by more than the pull.
constexpr float outer = 1.0f / 9.0f, inner = 2.0f / 9.0f, centre = 3.0f / 9.0f;

// No sensor is so quiet; it only keeps the division finite.
constexpr float least_variance = 1e-12f;

}  // namespace

LumaMoments::LumaMoments(Rows& picture, const GrainLimits& limits)
    : Rows(Kind::rgb, picture.tile), picture_(picture), limits_(limits), luma_(picture.width + 2 * margin) {
    picture_.keep(0, true);
}

void LumaMoments::make(int y, const MutableRow& out) {
    const Row in = picture_.row(y);
    float* __restrict luma = luma_.data() + margin;
    const auto [red, green, blue] = limits_.weights;
    ROWS_DO_NOT_OVERLAP
    for (int x = -reach; x < width + reach; ++x) {
        luma[x] = red * in.plane[0][x] + green * in.plane[1][x] + blue * in.plane[2][x];
    }
    float* __restrict mean = out.plane[0];
    float* __restrict mean_square = out.plane[1];
    float* __restrict luma_out = out.plane[2];
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const float a = luma[x - 2], b = luma[x - 1], c = luma[x], d = luma[x + 1], e = luma[x + 2];
        mean[x] = outer * (a + e) + inner * (b + d) + centre * c;
        mean_square[x] = outer * (a * a + e * e) + inner * (b * b + d * d) + centre * (c * c);
        luma_out[x] = c;
    }
}

LumaNoise::LumaNoise(Rows& picture, Rows& moments, const GrainLimits& limits)
    : Rows(Kind::rgb, picture.tile), picture_(picture), moments_(moments), limits_(limits) {
    picture_.keep(LumaMoments::reach, false);
    moments_.keep(LumaMoments::reach, false);
}

void LumaNoise::make(int y, const MutableRow& out) {
    const Row a = moments_.row(y - 2), b = moments_.row(y - 1), c = moments_.row(y);
    const Row d = moments_.row(y + 1), e = moments_.row(y + 2);
    const Row in = picture_.row(y);
    const GrainLimits limits = limits_;
    const float pull_per_step = limits.pull / (limits.detail - limits.grain);
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const float mean =
            outer * (a.plane[0][x] + e.plane[0][x]) + inner * (b.plane[0][x] + d.plane[0][x]) + centre * c.plane[0][x];
        const float mean_square =
            outer * (a.plane[1][x] + e.plane[1][x]) + inner * (b.plane[1][x] + d.plane[1][x]) + centre * c.plane[1][x];
        const float noise = limits.noise[0] * (mean > 0.0f ? mean : 0.0f) + limits.noise[1];
        const float ratio = (mean_square - mean * mean) / (noise + least_variance);
        const float wanted = pull_per_step * (limits.detail - ratio);
        const float some = wanted > 0.0f ? wanted : 0.0f;
        const float pull = some < limits.pull ? some : limits.pull;
        const float step = pull * (mean - c.plane[2][x]);
        out.plane[0][x] = in.plane[0][x] + step;
        out.plane[1][x] = in.plane[1][x] + step;
        out.plane[2][x] = in.plane[2][x] + step;
    }
}

}  // namespace nightjar
