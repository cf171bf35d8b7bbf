// Luma noise: a local Wiener filter that takes a limited share of the grain, and none where there is more than grain.
#pragma once

#include <array>
#include <vector>

#include "rows.hpp"
#include "uneven_noise.hpp"

namespace nightjar {

struct GrainLimits {
    std::array<float, 3> weights;  // of red, green and blue in luma
    std::array<float, 2> noise;    // variance of luma = noise[0] * level + noise[1]
    float pull;                    // how far a pixel of pure grain moves towards the mean around it, 0..1
    float grain, detail;           // local variance, in variances of the noise, up to which all is grain, from which none
};

// Luma along the row: plane 0 the mean of five pixels, plane 1 the mean of their squares; plane 2 is not used.
class LumaMoments final : public Rows {
public:
    static constexpr int reach = 2;

    LumaMoments(Rows& picture, const GrainLimits& limits);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& picture_;
    GrainLimits limits_;
    std::vector<float> luma_, square_;
};

// The same down the column, and the picture with less grain.
class LumaNoise final : public Rows {
public:
    LumaNoise(Rows& picture, Rows& moments, const GrainLimits& limits, const UnevenNoise& uneven);

protected:
    void make(int y, const MutableRow& out) override;

private:
    template <typename LimitsAt>
    void filter(int y, const MutableRow& out, const LimitsAt& limits_at);

    Rows& picture_;
    Rows& moments_;
    GrainLimits limits_;
    NoiseOfRow noise_;
};

}  // namespace nightjar
