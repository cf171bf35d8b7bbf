// One sample of colour_fringes.py: the light between four samples of a colour.
#pragma once

#include "highlights_pixel.hpp"

namespace nightjar {

// Keys 1981, a = -1/2, between b and c at `share` of the way, held to the range of the four.
inline float cubic(float a, float b, float c, float d, float share) {
    const float slope = 0.5f * (c - a);
    const float bend = a - 2.5f * b + 2.0f * c - 0.5f * d;
    const float twist = 0.5f * (d - a) + 1.5f * (b - c);
    const float value = ((twist * share + bend) * share + slope) * share + b;
    const float highest = larger(larger(a, b), larger(c, d));
    const float lowest = smaller(smaller(a, b), smaller(c, d));
    return larger(smaller(value, highest), lowest);
}

}  // namespace nightjar
