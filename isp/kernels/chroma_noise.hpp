// Chroma noise: a separable sigma filter on RGB rows.
#pragma once

#include <vector>

#include "rows.hpp"

namespace nightjar {

// Chroma threshold for each of 64 steps of luma, in display codes 0..65535.
constexpr int chroma_steps = 64;

// First half of the separable sigma filter: along the row. Gives luma, blue minus luma, red minus luma.
class ChromaAcross final : public Rows {
public:
    static constexpr int reach = 4;  // taps at -4, -2, 0, +2, +4: chroma noise after demosaicking is coarse

    ChromaAcross(Rows& input, const std::vector<float>& thresholds);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    const std::vector<float>& thresholds_;
    std::vector<float> luma_, blue_, red_;
};

// Second half: down the column, and back to RGB.
class ChromaDown final : public Rows {
public:
    ChromaDown(Rows& input, const std::vector<float>& thresholds);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    const std::vector<float>& thresholds_;
};

}  // namespace nightjar
