// Colour fringes: each colour of the mosaic taken from where the lens drew it.
#pragma once

#include <array>
#include <vector>

#include "mosaic_stages.hpp"
#include "rows.hpp"

namespace nightjar {

class ColourFringes final : public Rows {
public:
    // Pixels that a sample may come from further away, in each direction; larger shifts are held to it.
    static constexpr float largest_shift = 3.5f;
    static constexpr int reach = 8;  // columns: the largest shift and four samples of one colour

    // excess   scale minus 1 of each position of the 2 x 2
    // axis     (y, x) of the point that stays where it is
    ColourFringes(Rows& input, PerPosition excess, std::array<float, 2> axis);

protected:
    void make(int y, const MutableRow& out) override;

private:
    void gather_rows(int y, int parity, float excess);
    void interpolate_across(int parity, float excess, float* out) const;

    Rows& input_;
    PerPosition excess_;
    std::array<float, 2> axis_;
    std::vector<float> gathered_;
};

}  // namespace nightjar
