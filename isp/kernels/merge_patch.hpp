// A square of a picture as numbers, beyond its edges too, and without the sensor's bad pixels.
#pragma once

#include "merge.hpp"

namespace nightjar {

// Row y of `pixels` is row top + y of the picture, mirrored where that lies outside; columns likewise.
struct Patch {
    int top, left, size;
    float* pixels;
    int stride;
};

// Bad pixels take the mean of the two opposite neighbours of their colour that differ least.
void copy_patch(const BadPixelList& bad, const Counts16& from, const Patch& patch);

}  // namespace nightjar
