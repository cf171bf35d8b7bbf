// A tile of the fine picture: what it is, what the frames say of it, and how it is expected to be.
//
// Rows of the fine picture are kept as four parts, columns 0, 4, 8 ..., then 1, 5, 9 ... and so on: samples of one
// colour lie two raw, so four fine pixels apart, and what each of them sees is then contiguous in memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "zoom.hpp"

namespace nightjar {

constexpr int zoom_core = 192;                          // raw pixels of a tile each way that are kept
constexpr int zoom_halo = 12;                           // raw pixels around it that are solved for too
constexpr int zoom_side = zoom_core + 2 * zoom_halo;    // raw pixels
constexpr int zoom_fine = zoom_finer * zoom_side;       // fine pixels
constexpr int zoom_phases = 4;
constexpr int zoom_quads = zoom_fine / zoom_phases;
constexpr int zoom_lanes = zoom_pitch / 2;              // samples of one colour in a row of a cell

using FinePlane = std::vector<float>;                   // zoom_fine rows of zoom_phases parts of zoom_quads

inline std::size_t fine_at(int row, int phase, int quad) {
    return (static_cast<std::size_t>(row) * zoom_phases + phase) * zoom_quads + quad;
}

inline constexpr std::size_t fine_pixels = static_cast<std::size_t>(zoom_fine) * zoom_fine;

inline void part_columns(const float* natural, float* parted) {
    for (int phase = 0; phase < zoom_phases; ++phase) {
        float* out = parted + static_cast<std::size_t>(phase) * zoom_quads;
        for (int i = 0; i < zoom_quads; ++i) out[i] = natural[zoom_phases * i + phase];
    }
}

inline void part_rows(const std::vector<float>& natural, FinePlane& parted) {
    for (int y = 0; y < zoom_fine; ++y) {
        part_columns(natural.data() + static_cast<std::size_t>(y) * zoom_fine, parted.data() + fine_at(y, 0, 0));
    }
}

// Samples of one colour in one row of a cell, and where they lie.
struct ZoomSamples {
    std::int32_t row;                 // middle of the three fine rows they see; -1 if none is of use
    std::int32_t column;              // fine column of the first; the others follow four apart
    std::int32_t colour;
    std::int32_t frame;               // number in the burst; 0 is the reference
    std::int32_t steady;              // 1 where it moved with the whole picture, else 0
    float down, across;               // how far the first lies beyond that pixel, in fine pixels ...
    float down_step, across_step;     // ... and from each to the next
    float value[zoom_lanes];          // balanced
    float certain[zoom_lanes];        // one over the variance; 0 where a pixel is bad or clipped
    float believed[zoom_lanes];       // 0 to 1
    float possible[zoom_lanes];       // 1 where it may be believed if all others agree, else 0
    float foreign[zoom_lanes];        // 1 where something else is there for certain, else 0
};

class ZoomTile {
public:
    ZoomTile();

    // Solves for the tile whose kept part begins at (top, left), raw pixels, both even.
    void solve(const ZoomFacts& facts, const ZoomInput& input, int top, int left);

    // Fine pixel (y, x), counted from the tile's first.
    float at(int colour, int y, int x) const {
        return result_[colour][fine_at(y, x % zoom_phases, x / zoom_phases)];
    }

    // How many frames are behind the 2 x 2 raw pixels (y, x), counted from the tile's first.
    float behind(int y, int x) const { return behind_[static_cast<std::size_t>(y) * (zoom_side / 2) + x]; }

private:
    void begin(const ZoomFacts& facts, const ZoomInput& input);
    void expect(const ZoomFacts& facts);
    void take_frame(const ZoomFacts& facts, const ZoomInput& input, const ZoomFrame& frame);
    void take_samples(const ZoomFacts& facts, const ZoomInput& input, const ZoomFrame& frame, int row, int first, bool odd);
    void weigh(ZoomSamples& samples, const ZoomFacts& facts, const ZoomInput& input, const ZoomFrame& frame, int y, int x);
    void sort_by_row();
    void precondition(const ZoomFacts& facts);
    void count_frames();
    void expect_less_of_few();
    void doubt_what_is_not_explained(const std::array<float, 4>& limits);
    void pull_to_samples();
    void pull_to_expected(const ZoomFacts& facts);
    void step(float kept, float length);
    void search(const ZoomFacts& facts, const std::vector<std::array<float, 2>>& rounds);
    void keep_plain(const ZoomFacts& facts);
    void calm_finest(const ZoomFacts& facts);
    bool blown_at(const ZoomFacts& facts, std::size_t at) const;
    void give_second_chance(const ZoomFacts& facts, const ZoomInput& input);
    bool lacks_samples() const;
    void believe_all();
    std::vector<float> slopes_of_result() const;
    void explain_each_frame(const ZoomFacts& facts, std::size_t frames);
    void keep_explained(const ZoomFacts& facts);

    int top_ = 0, left_ = 0;          // raw pixel of the tile's first
    std::array<FinePlane, 3> plain_, result_, pull_, moved_, inverse_, first_;
    // Weights of differences to the pixel below and to the right, of grey and of differences of colours; slopes.
    FinePlane down_, across_, colours_down_, colours_across_, steep_, seen_;
    FinePlane calm_down_, calm_across_;  // how even it is around each pixel: 1 is flat, 0 all texture
    std::vector<float> natural_[3], work_[3], behind_, explained_;
    std::vector<ZoomSamples> samples_, taken_;
    std::vector<std::int32_t> starts_;
};

}  // namespace nightjar
