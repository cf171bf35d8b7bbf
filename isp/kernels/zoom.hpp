// A picture finer than any frame of the burst, solved for from all of them. `isp/zoom/measured.py` says how and why.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace nightjar {

constexpr int zoom_pitch = 16;  // raw pixels between places, as in the merge
constexpr int zoom_finer = 2;   // pixels of the fine picture for one of a frame, each way

// How the fine picture is expected to be where nothing is measured: differences of neighbours are small. Balanced, 1 =
// saturation of green.
struct ZoomPrior {
    float light_least;    // squared difference that is expected everywhere, as a share of the light
    float noise_share;    // share of the plain picture's noise that its differences hold, taken off what they show
    float noise_least;    // how many times it counts as expected difference
    float grey, colours;  // strength for grey, and for differences of colours
};

struct ZoomFacts {
    int red_row, red_column;        // where red lies in the top-left 2 x 2
    std::array<float, 4> black;     // counts, by position in the top-left 2 x 2
    float span;                     // counts from black to saturation
    float clipped;                  // counts from which a sample says only "at least"
    std::array<float, 3> gains;     // that balance the three colours
    float noise_shot, noise_read;   // of one frame's pixel before the gains, 1 = saturation: variance = shot x + read
    float plain_shot, plain_read;   // of the plain picture
    float doubt;                    // deviation of a sample's place in raw pixels, squared
    float blown;                    // share of saturation from which the plain picture stays as it is
    // Misses in variances from which, and at which, the plain picture stays: of all samples, of the reference's.
    std::array<float, 4> unexplained;
    // Misses in variances of any single frame in the second chance, and the error of a place that is allowed for, raw pixels.
    std::array<float, 3> contradicted;
    ZoomPrior prior;
    std::vector<std::array<float, 2>> rounds;  // each: share of the step before that is kept, length of the new step
    std::vector<std::array<float, 2>> patient_rounds;  // the same, of the second chance
};

// A frame of the burst. All have one size.
struct ZoomFrame {
    const std::uint16_t* pixels;   // (height, width)
    const float* places;           // (rows, columns, 2): what lies at a place in the frame lies there plus this in the reference
    const std::uint8_t* trust;     // (height / 2, width / 2), see `trust_least`: 255 = full
    const std::uint8_t* steady;    // (rows, columns), not 0 at places that moved with the whole picture
};

// Weights of fine pixels for the pixels of a line of the result.
struct ZoomTaps {
    const std::int32_t* starts;    // (count), first fine pixel
    const float* weights;          // (count, taps)
    int count, taps;
};

struct ZoomInput {
    int height, width;             // of a frame, even
    const float* plain;            // (3, height, width) balanced
    const std::uint8_t* bad;       // (height, width), 0 = good
    std::vector<ZoomFrame> frames;
};

// What is made of it.
struct ZoomOutput {
    ZoomTaps down, across;
    float black, span;             // counts
    float lowest, highest;         // counts that are written
    std::uint16_t* pixels;         // (down.count, across.count, 3)
    float* behind;                 // (height / 2, width / 2): how many frames are behind each 2 x 2 of the reference
};

// Solves for the whole picture, tile by tile. The bytes do not depend on the number of threads.
void zoom_burst(const ZoomFacts& facts, const ZoomInput& input, const ZoomOutput& output, int threads);

}  // namespace nightjar
