// One pixel of highlights.py: what a blown colour is to become, from itself and the two others beside it.
#pragma once

namespace nightjar {

inline float smaller(float a, float b) { return a < b ? a : b; }
inline float larger(float a, float b) { return a > b ? a : b; }

// 0 up to `from`, 1 from there on by 1 / `steepness`, without a kink at either end.
inline float ramp(float value, float from, float steepness) {
    const float share = smaller(larger((value - from) * steepness, 0.0f), 1.0f);
    return share * share * (3.0f - 2.0f * share);
}

// One colour at one place: its light as it will be behind the lens, and what share of its clipping level that is.
struct Light {
    float light, share;
};

inline Light measured(float value, float gain, float to_share) { return {value * gain, value * to_share}; }

struct Shares {
    float nearly, steep, whitening, whitening_steep;
};

// What is to be added to a pixel's own light.
inline float rebuilt(Light own, Light second, Light third, Shares at) {
    const float own_blown = ramp(own.share, at.nearly, at.steep);
    const float second_blown = ramp(second.share, at.nearly, at.steep);
    const float third_blown = ramp(third.share, at.nearly, at.steep);
    // A colour that clips alone lies between the two others, more often than anywhere else.
    const float a = own.light + own_blown * larger(0.5f * (second.light + third.light) - own.light, 0.0f);
    const float b = second.light + second_blown * larger(0.5f * (own.light + third.light) - second.light, 0.0f);
    const float c = third.light + third_blown * larger(0.5f * (own.light + second.light) - third.light, 0.0f);
    const float white = larger(a, larger(b, c));
    const float middle = larger(smaller(own.share, second.share), smaller(larger(own.share, second.share), third.share));
    const float most_blown = larger(own_blown, larger(second_blown, third_blown));
    // Where nothing is blown this is 0, to the bit.
    return (a - own.light) + ramp(middle, at.whitening, at.whitening_steep) * most_blown * (white - a);
}

}  // namespace nightjar
