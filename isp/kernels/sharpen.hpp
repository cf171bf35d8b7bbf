// Unsharp mask on luma.
#pragma once

#include <vector>

#include "rows.hpp"

namespace nightjar {

// Luma blurred along the row; plane 0 blurred, plane 1 as it was.
class LumaBlur final : public Rows {
public:
    LumaBlur(Rows& input, const std::vector<float>& taps);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    const std::vector<float>& taps_;  // centre first, then outward
    std::vector<float> luma_;
};

class Sharpen final : public Rows {
public:
    Sharpen(Rows& picture, Rows& luma, const std::vector<float>& taps, float amount);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& picture_;
    Rows& luma_;
    const std::vector<float>& taps_;
    float amount_;
    std::vector<float> blurred_;
};

}  // namespace nightjar
