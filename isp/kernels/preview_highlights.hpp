// Highlights of the preview: the photo path's own rule (highlights.py), on light that is balanced and behind its lens.
#pragma once

#include "preview_balance.hpp"

namespace nightjar {

// Three rows of light around the one to rebuild, and what a pixel's level at each position of the 2 x 2 makes 1.
struct BlownRow {
    std::array<ConstHalves, 3> light;
    std::array<const float*, 4> to_share;
    int y, own_parity;  // columns where the row measures red or blue
    Lane pedestal;
};

// Lanes first..last - 1 of both half rows. Where nothing near is blown the light stays as it is.
void rebuild_blown(const BlownRow& row, const HighlightShares& shares, int first, int last, const Halves& out);

}  // namespace nightjar
