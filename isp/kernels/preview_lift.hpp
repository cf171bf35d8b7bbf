// Local tone of the preview: the photo path's own lift (local_tone.py), where a recipe has one.
#pragma once

#include <vector>

#include "local_tone.hpp"
#include "preview_rows.hpp"

namespace nightjar {

class PreviewLift {
public:
    PreviewLift(const LiftGrid& grid, const Tile& tile, Lane pedestal, int unit_bits);

    // Light of row y, lanes `first` on: planes of `block` are even and odd columns of red, green and blue.
    void apply(int y, int first, int lanes, LaneRing& block);

private:
    void lift(int parity, int first, int lanes, const std::array<Lane*, 3>& colours) const;

    const LiftGrid& grid_;
    Tile tile_;
    float pedestal_, unit_;
    std::vector<float> knots_;  // (columns, lift_levels): the bends in the row at hand
    int row_ = -1;
};

}  // namespace nightjar
