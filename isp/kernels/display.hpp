// Display codes: between stages after the tone curve a value is a whole number 0..65535, kept in a float.
#pragma once

#include <cstdint>

namespace nightjar {

constexpr std::int32_t largest_code = 65535;

// Weights of ITU-R BT.601 on display-encoded values.
inline float luma_of(float red, float green, float blue) { return 0.299f * red + 0.587f * green + 0.114f * blue; }

// Whole numbers, so that a stage called alone gives the same picture as in a chain. Clipped as integers: that is one
// instruction a side on every machine, where comparing floats takes up to ten. Values stay far inside 32 bits.
inline float code(float value) {
    const std::int32_t rounded = static_cast<std::int32_t>(value + 0.5f);
    const std::int32_t low = rounded > 0 ? rounded : 0;
    return static_cast<float>(low < largest_code ? low : largest_code);
}

}  // namespace nightjar
