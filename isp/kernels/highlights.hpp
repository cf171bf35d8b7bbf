// Blown colours rebuilt from those that are not, on the mosaic. The meaning is in isp/highlights.py.
#pragma once

#include <array>
#include <vector>

#include "rows.hpp"
#include "shading.hpp"

namespace nightjar {

struct HighlightLimits {
    std::array<float, 3> clip;  // where red, green and blue saturate, on the mosaic's scale
    float nearly, blown;        // shares of that: from the first a colour counts as blown in part, from the second wholly
    float whitening;            // share of the second brightest colour from where a blown light turns white
};

class Highlights final : public Rows {
public:
    static constexpr int reach = 2;  // columns: one value of a half row to each side

    // red_row, red_column   where red lies in the top-left 2 x 2
    // lens                  what shading will multiply the colours by: colours are compared as they will be then
    Highlights(Rows& input, HighlightLimits limits, int red_row, int red_column, const ShadingGrid& lens);

protected:
    void make(int y, const MutableRow& out) override;

private:
    void rebuild_green(const Row* rows, int colour, int parity, int first, int last, float* out) const;
    void rebuild_colour(const Row* rows, int colour, int parity, int first, int last, float* out) const;

    Rows& input_;
    HighlightLimits limits_;
    int red_row_, red_column_;
    std::array<float, 3> to_share_;
    LensGains lens_;
    std::vector<float> gains_;  // of the row at hand: red, green, blue
};

// Every colour clipped where the first one is: white without anything rebuilt.
class CommonWhite final : public Rows {
public:
    CommonWhite(Rows& input, float white);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    float white_;
};

}  // namespace nightjar
