// The robust merge of a burst in the raw mosaic, one frame at a time. `isp/burst/merging.py` says how and why.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "merge_transform.hpp"

namespace nightjar {

constexpr int pitch = 16;          // raw pixels between places
constexpr int tile_px = 2 * pitch;
constexpr int sub_steps = 16;      // steps of a shift between two pixels of one colour
constexpr int taps = 6;
constexpr int bands = 4;           // groups of frequencies each way for which the trust is remembered
constexpr int block_px = 8;        // raw pixels of the blocks in which a mismatch is judged by its place
constexpr int blocks = tile_px / block_px;

// How a tile is judged: each frequency by itself, or the tile as a whole, which is cheap.
enum class Rung { frequencies, places };

// What of a tile's difference is taken for noise. An excess is energy beyond what noise explains, as a share of that.
struct MergeLimits {
    float block_excess;    // above it a block of 8 x 8 loses weight ...
    float block_loss;      // ... by 1 / (1 + loss * what is above)
    float edge;            // but first its edges do, where so many times the range around a pixel is more than noise
    float still, moved;    // a tile whose largest excess is below `still` is taken whole, one from `moved` on is judged
    float slow;            // the excess of slow differences, all together, counts so many times
    float excess, loss;    // strictly: by frequency, like the blocks
    float place_excess;    // on the cheap rung: above it a whole tile loses weight
    float gross, calm;     // a tile that keeps less than `gross` of its frequencies is refused, above `calm` it counts in full
};

// Pixels of the sensor that do not tell the light: sorted into cells of 16 x 16, those of cell i from starts[i] on.
struct BadPixelList {
    std::vector<std::int32_t> rows, columns;
    std::vector<std::int32_t> starts;   // (cell rows * cell columns + 1); empty if no pixel is bad
    int cell_rows = 0, cell_columns = 0;
};

struct MergeFacts {
    std::array<float, 4> black;   // counts, by position in the top-left 2 x 2
    float white;                  // counts
    float noise_shot, noise_read; // variance in counts squared = shot * (count - black) + read
    Rung rung;
    MergeLimits limits;
    std::array<std::array<float, taps>, sub_steps> between;          // weights of neighbours two before to three behind
    std::array<std::array<float, frequencies>, sub_steps> noise_left; // what interpolation leaves of the noise's variance
    std::array<float, sub_steps> noise_mean;   // the same, mean over frequencies
    std::array<float, tile_px> window;   // rises and falls so that neighbouring tiles add up to 1
    BadPixelList bad;
};

struct Counts16 {
    const std::uint16_t* pixels;
    int height, width;
};

// What has been gathered of the frames so far; a place's trust is a sum over frames.
struct Gathered {
    float* difference;   // (height, width) reference minus frame, as far as it is noise, times the tiles' windows
    float* weight;       // (rows, columns) how many frames count
    float* kept;         // (rows, columns, bands, bands) how much of each frame's frequencies was taken
    float* squares;      // (rows, columns) sum of squares of that
    int rows, columns;
};

// What interpolation leaves of the noise's variance for each part of a step, mean over frequencies.
std::array<float, sub_steps> mean_noise_left(const std::array<std::array<float, frequencies>, sub_steps>& noise_left);

// `places`: count pairs of row and column, within the picture.
BadPixelList bad_pixel_list(const std::int32_t* places, int count, int height, int width);

// Adds one frame. `shifts` (rows, columns, 2) in raw pixels; `share` (rows, columns) receives what was taken, 0 to 1.
void merge_frame(const MergeFacts& facts, const Counts16& reference, const Counts16& frame, const float* shifts,
                 const Gathered& gathered, float* share, int threads);

// The merged picture: (reference - difference / (1 + weight)) * factor, rounded. Blown pixels stay blown.
void merged_counts(const MergeFacts& facts, const Counts16& reference, const Gathered& gathered, int factor,
                   std::uint16_t* out, int threads);

}  // namespace nightjar
