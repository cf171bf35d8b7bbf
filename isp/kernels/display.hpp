// Display codes: between stages after the tone curve a value is a whole number 0..65535, kept in a float.
#pragma once

#include <cstdint>

namespace nightjar {

constexpr float white_code = 65535.0f;

// Weights of ITU-R BT.601 on display-encoded values.
inline float luma_of(float red, float green, float blue) { return 0.299f * red + 0.587f * green + 0.114f * blue; }

// Whole numbers, so that a stage called alone gives the same picture as in a chain.
inline float code(float value) {
    const float low = value > 0.0f ? value : 0.0f;
    const float inside = low < white_code ? low : white_code;
    return static_cast<float>(static_cast<std::int32_t>(inside + 0.5f));
}

}  // namespace nightjar
