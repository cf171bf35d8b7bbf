// The grey pictures that a burst is aligned on: one byte a pixel, on a scale where noise is the same everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nightjar {

// (height, width) bytes, row after row.
struct Grey {
    const std::uint8_t* pixels;
    int height, width;

    const std::uint8_t* row(int y) const { return pixels + static_cast<std::ptrdiff_t>(y) * width; }
};

// From counts to grey: the sum of a quad, shifted right, is the place in the table; sums beyond its end take the last.
struct GreyCurve {
    std::vector<std::uint8_t> codes;
    int shift;
};

// Each 2 x 2 quad of the mosaic becomes one grey pixel, held within the range of its eight neighbours: a single hot or
// dead pixel stands still while the scene moves, and must not hold a tile in place.
//   counts   (2 * height, width_px or more) with `stride` counts a row
//   out      (height, width)
void grey_of_quads(const std::uint16_t* counts, std::ptrdiff_t stride, const GreyCurve& curve, int height, int width,
                   std::uint8_t* out, int threads);

// Means of 3 x 3 pixels weighed 1 2 1 each way, rounded, mirrored at the edge: slopes taken from them are those of the
// picture, without the finest detail that a difference of two pixels misjudges.
void soften_grey(const Grey& grey, std::uint8_t* out, int threads);

// Rounded means of factor x factor pixels; what does not fill a whole one is cut off. `factor` is 2 or 4.
void shrink_grey(const Grey& grey, int factor, std::uint8_t* out, int threads);

// Sum of squared slopes, across and down, without the noise's share: each slope is multiplied by the one beside it,
// which has the same edge but other noise.
std::int64_t slope_energy(const Grey& grey, int threads);

}  // namespace nightjar
