// Display codes: between stages after the tone curve a value is a whole number 0..65535, kept in a float, so that a
// stage called alone gives the same picture as in a chain.
#pragma once

namespace nightjar {

// Weights of ITU-R BT.601 on display-encoded values.
inline float luma_of(float red, float green, float blue) { return 0.299f * red + 0.587f * green + 0.114f * blue; }

}  // namespace nightjar
