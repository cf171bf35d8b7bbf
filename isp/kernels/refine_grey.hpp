// A grey picture of a mosaic at its full size, for alignment to small fractions of a pixel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace nightjar {

// From counts to codes: of `light`, the mean of balanced counts above black, the code is
// scale * sqrt(light * slope + offset) - start, which makes noise equal at every brightness.
struct FineCurve {
    std::array<float, 4> gains;  // of the four colours of a quad, row by row: they balance grey
    float black;                 // mean of the four balanced counts of black
    float slope, offset, scale, start;
};

// Each pixel becomes the mean of the balanced 3 x 3 around it with weights 1 2 1 each way, in which all four colours of
// the quad have one quarter: how they differ is gone. A pixel first is held near its eight neighbours of its own colour,
// no farther beyond their range than that is wide: no bad pixel stands still in it. Mirrored beyond the edges. `out` has
// the mosaic's size.
void fine_grey(const std::uint16_t* counts, int height, int width, const FineCurve& curve, std::uint16_t* out,
               int threads);

}  // namespace nightjar
