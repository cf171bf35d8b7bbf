#include "luma_noise.hpp"

#include <cmath>

namespace nightjar {

namespace {

// Weights 1 2 3 2 1: two box means in a row. Their spectrum is nowhere negative, so that moving towards the mean never
// raises a frequency, nor lowers it by more than the pull.
constexpr float outer = 1.0f / 9.0f, inner = 2.0f / 9.0f, centre = 3.0f / 9.0f;

// No sensor is so quiet; it only keeps the division finite.
constexpr float least_variance = 1e-12f;

inline float mean_of(float a, float b, float c, float d, float e) {
    return outer * (a + e) + inner * (b + d) + centre * c;
}

inline float luma_of(float red, float green, float blue, const GrainLimits& limits) {
    return limits.weights[0] * red + limits.weights[1] * green + limits.weights[2] * blue;
}

// What holds at a pixel: times the noise that the stage was told, and how far pure grain moves.
struct PlaceLimits {
    float times, pull;
};

}  // namespace

LumaMoments::LumaMoments(Rows& picture, const GrainLimits& limits)
    : Rows(Kind::rgb, picture.tile), picture_(picture), limits_(limits), luma_(picture.width + 2 * margin),
      square_(picture.width + 2 * margin) {
    picture_.keep(0, true);
}

void LumaMoments::make(int y, const MutableRow& out) {
    const Row in = picture_.row(y);
    float* __restrict luma = luma_.data() + margin;
    float* __restrict square = square_.data() + margin;
    const GrainLimits limits = limits_;
    ROWS_DO_NOT_OVERLAP
    for (int x = -reach; x < width + reach; ++x) {
        luma[x] = luma_of(in.plane[0][x], in.plane[1][x], in.plane[2][x], limits);
        square[x] = luma[x] * luma[x];
    }
    float* __restrict mean = out.plane[0];
    float* __restrict mean_square = out.plane[1];
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        mean[x] = mean_of(luma[x - 2], luma[x - 1], luma[x], luma[x + 1], luma[x + 2]);
        mean_square[x] = mean_of(square[x - 2], square[x - 1], square[x], square[x + 1], square[x + 2]);
    }
}

LumaNoise::LumaNoise(Rows& picture, Rows& moments, const GrainLimits& limits, const UnevenNoise& uneven)
    : Rows(Kind::rgb, picture.tile), picture_(picture), moments_(moments), limits_(limits), noise_(uneven, tile) {
    picture_.keep(LumaMoments::reach, false);
    moments_.keep(LumaMoments::reach, false);
}

void LumaNoise::make(int y, const MutableRow& out) {
    const float even = limits_.pull;
    const float* times = noise_.times(y);
    if (times == nullptr) return filter(y, out, [=](int) { return PlaceLimits{1.0f, even}; });
    // Pure grain keeps the same deviation everywhere, as far as moving to the mean can take it.
    filter(y, out, [=](int x) {
        const float pull = 1.0f - (1.0f - even) / std::sqrt(times[x]);
        return PlaceLimits{times[x], pull > 0.0f ? pull : 0.0f};
    });
}

template <typename LimitsAt>
void LumaNoise::filter(int y, const MutableRow& out, const LimitsAt& limits_at) {
    const Row a = moments_.row(y - 2), b = moments_.row(y - 1), c = moments_.row(y);
    const Row d = moments_.row(y + 1), e = moments_.row(y + 2);
    const Row in = picture_.row(y);
    const GrainLimits limits = limits_;
    const float per_step = 1.0f / (limits.detail - limits.grain);
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const float mean =
            mean_of(a.plane[0][x], b.plane[0][x], c.plane[0][x], d.plane[0][x], e.plane[0][x]);
        const float mean_square =
            mean_of(a.plane[1][x], b.plane[1][x], c.plane[1][x], d.plane[1][x], e.plane[1][x]);
        const PlaceLimits here = limits_at(x);
        const float noise = (limits.noise[0] * (mean > 0.0f ? mean : 0.0f) + limits.noise[1]) * here.times;
        const float ratio = (mean_square - mean * mean) / (noise + least_variance);
        const float wanted = here.pull * per_step * (limits.detail - ratio);
        const float some = wanted > 0.0f ? wanted : 0.0f;
        const float pull = some < here.pull ? some : here.pull;
        const float red = in.plane[0][x], green = in.plane[1][x], blue = in.plane[2][x];
        const float step = pull * (mean - luma_of(red, green, blue, limits));
        out.plane[0][x] = red + step;
        out.plane[1][x] = green + step;
        out.plane[2][x] = blue + step;
    }
}

}  // namespace nightjar
