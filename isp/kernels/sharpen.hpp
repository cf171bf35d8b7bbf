// Sharpening of luma that knows the noise: blur and local extremes along the row, then down the column, then the detail
// goes back where the blurred picture changes by more than noise can explain.
#pragma once

#include <vector>

#include "places.hpp"
#include "rows.hpp"
#include "uneven_noise.hpp"

namespace nightjar {

// Noise for each of 64 steps of luma.
constexpr int grain_steps = 64;

struct Sharpening {
    std::vector<float> taps;         // half of the blur, centre first, then outward
    float amount;                    // how much of the detail is added
    std::vector<float> sensitivity;  // for each step of blurred luma: share of the gate that one display code opens
    float closed;                    // what the gate subtracts: below it, change counts as noise
    float beyond;                    // how far past its neighbours a pixel may go, as a share of their range
    PlaneGrid calm;                  // sensitivity's factor over the frame: below 1 where the lens correction lifts noise
};

// Luma blurred along the row (plane 0), and the highest and lowest of three neighbours (planes 1 and 2).
class LumaAcross final : public Rows {
public:
    LumaAcross(Rows& input, const Sharpening& sharpening);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    const std::vector<float>& taps_;
    std::vector<float> luma_;
};

// The blur down the column (plane 0; the others are not used).
class LumaDown final : public Rows {
public:
    LumaDown(Rows& across, const Sharpening& sharpening);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& across_;
    const std::vector<float>& taps_;
};

class Sharpen final : public Rows {
public:
    Sharpen(Rows& picture, Rows& across, Rows& down, const Sharpening& sharpening, const UnevenNoise& uneven);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& picture_;
    Rows& across_;
    Rows& down_;
    // One over the noise's deviation at the pixels of a row, in units of that in the middle of a single exposure.
    const float* calm_of_row(int y);

    const Sharpening& sharpening_;
    NoiseOfRow noise_;
    std::vector<float> lens_calm_, calm_, knots_;
    int calm_step_ = -1;
};

}  // namespace nightjar
