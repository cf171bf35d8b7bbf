// Where the samples of a frame can be what the picture of the burst shows. `isp/zoom/robustness.py` says how and why.
#pragma once

#include <array>
#include <cstdint>

namespace nightjar {

// Trust is told from here on; below, the plain picture does not agree at all, and 1 says that light itself differs, 0 that
// it does so much that something else is there for certain.
constexpr float trust_least = 2.0f;
constexpr int trust_pitch = 16;  // raw pixels between places, as in the merge

struct TrustFacts {
    int red_row, red_column;       // where red lies in the top-left 2 x 2
    std::array<float, 4> black;    // counts, by position in the top-left 2 x 2
    float span;                    // counts from black to saturation
    std::array<float, 3> gains;    // that the plain picture has been balanced with
    float noise_shot, noise_read;  // of one frame's pixel before the gains, 1 = saturation: variance = shot x + read
    // Mean squared difference in units of what is expected: trusted fully up to the first, not at all from the second
    // on; near around a place, and further around it.
    std::array<float, 2> near, wide;
    // The same for the squared mean difference further around a place, in units of its variance, if all differ by chance
    // and the frame's light by `flicker` of itself.
    std::array<float, 2> lean;
    float flicker;
    // What exceeds so many times those limits is something else for certain, and so may be what lies beside it.
    float certain;
    float foreign;      // the same for mean differences of something else ...
    float false_light;  // ... if the light of false coarse waves may stray by so much of itself
};

// The burst's picture as it is known before, of (height, width) pixels, both even.
struct PlainPicture {
    const float* colours;  // (3, height, width) balanced
    const float* slopes;   // (3, height / 2, width / 2) of each colour, see `slopes_of_quads`
    int height, width;
};

// Squared differences to the next pixels, down plus across, of 2 x 2 pixels and softly of those around: a pattern as
// fine as two pixels shows fully.
void slopes_of_quads(const float* colours, int height, int width, float* slopes, int threads);

// One number for each 2 x 2 of the frame's own pixels, 255 = full trust.
//   places  (rows, columns, 2) what lies at a place of the frame lies there plus this in the plain picture
//   slack   (rows, columns) at the places: of the plain picture's squared slopes, what its own error may be
// The bytes do not depend on the number of threads.
void trust_in_frame(const TrustFacts& facts, const PlainPicture& plain, const std::uint16_t* counts, const float* places,
                    const float* slack, std::uint8_t* trust, int threads);

}  // namespace nightjar
