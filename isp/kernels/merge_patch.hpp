// A square of a picture as numbers, beyond its edges too, and without the sensor's bad pixels.
#pragma once

#include "merge.hpp"

namespace nightjar {

constexpr int patch_px = tile_px + 2 * (taps - 1);   // what interpolation needs for a tile
constexpr int patch_stride = 48;                     // whole lanes

// Row y of `pixels` is row top + y of the picture, mirrored where that lies outside; columns likewise.
struct Patch {
    int top, left, size;
    float* pixels;
    int stride;   // tile_px or patch_stride
};

// Bad pixels take the mean of the two opposite neighbours of their colour that differ least.
void copy_patch(const BadPixelList& bad, const Counts16& from, const Patch& patch);

}  // namespace nightjar
