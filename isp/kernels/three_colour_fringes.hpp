// Colour fringes where every pixel has three colours: red and blue taken from where the lens drew them. The rule is that
// of colour_fringes.hpp, with samples of a colour one pixel apart.
#pragma once

#include <array>
#include <vector>

#include "rows.hpp"

namespace nightjar {

class ThreeColourFringes final : public Rows {
public:
    // Pixels that a sample may come from further away, in each direction; larger shifts are held to it.
    static constexpr float largest_shift = 3.5f;
    static constexpr int reach = 6;  // columns: the largest shift and two samples

    // excess   scale minus 1 of red, green and blue
    // axis     (y, x) of the point that stays where it is
    ThreeColourFringes(Rows& input, std::array<float, 3> excess, std::array<float, 2> axis);

protected:
    void make(int y, const MutableRow& out) override;

private:
    void gather_rows(int y, int colour);
    void interpolate_across(int colour, float* out) const;

    Rows& input_;
    std::array<float, 3> excess_;
    std::array<float, 2> axis_;
    std::vector<float> gathered_;
};

}  // namespace nightjar
