// How a chain is put together: one function for where it begins, for each stage and for where it ends. Plain C++ types
// only: Python's binding and programs without Python build the same chains with these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "chain.hpp"
#include "local_tone.hpp"
#include "mosaic_stages.hpp"
#include "shading.hpp"
#include "sharpen.hpp"
#include "three_colours.hpp"

namespace nightjar {

// Where a chain begins. The pixels must outlive it. The smallest picture is 2 x 2.
Chain chain_over_raw(const std::uint16_t* pixels, std::size_t height, std::size_t width);
Chain chain_over_mosaic(const float* pixels, std::size_t height, std::size_t width);
Chain chain_over_linear(const float* pixels, std::size_t height, std::size_t width);
Chain chain_over_colour_counts(const std::uint16_t* pixels, std::size_t height, std::size_t width);
Chain chain_over_photo(const std::uint16_t* pixels, std::size_t height, std::size_t width);

// What the stages added from here on are told of noise is right at the median place; at others it is so many times that.
void add_uneven_noise(Chain& chain, NoisePlaces noise);

// Throws std::invalid_argument unless the chain's last rows are of this kind.
void expect(const Chain& chain, Kind kind, const char* stage);

// Appends one stage whose constructor takes the stage before it and these arguments.
template <typename Stage, typename... Arguments>
void add(Chain& chain, Kind takes, Kind makes, int reach, const char* name, Arguments... arguments) {
    expect(chain, takes, name);
    chain.add([=](Stages& stages) { stages.push_back(std::make_unique<Stage>(*stages.back(), arguments...)); }, makes,
              reach);
}

void add_levels(Chain& chain, PerPosition black, PerPosition scale);
void add_bad_pixels(Chain& chain, float hot, float contrast, float dead, float detail, float noise_shot,
                    float noise_read);
void add_shading(Chain& chain, ShadingGrid grid, float blown);
void add_white_balance(Chain& chain, PerPosition gains);
void add_highlights(Chain& chain, std::array<float, 3> clip, std::array<float, 3> shares, int red_row, int red_column,
                    ShadingGrid lens);
void add_common_white(Chain& chain, float white);
// The same where every pixel has three colours.
void add_colour_levels(Chain& chain, PerColour black, PerColour scale);
void add_colour_balance(Chain& chain, PerColour gains);
void add_colour_highlights(Chain& chain, std::array<float, 3> clip, std::array<float, 3> shares, ShadingGrid lens);
void add_colour_common_white(Chain& chain, float white);
// excess   of red, green and blue, as in add_colour_fringes
void add_three_colour_fringes(Chain& chain, std::array<float, 3> excess, std::array<float, 2> axis);
// excess   size minus 1 of the colour at each position of the 2 x 2; axis   (y, x) of the point that stays
void add_colour_fringes(Chain& chain, PerPosition excess, std::array<float, 2> axis);
void add_demosaic(Chain& chain, int red_row, int red_column);
void add_fine_demosaic(Chain& chain, int red_row, int red_column, float noise_shot, float noise_read);
void add_colour(Chain& chain, std::array<float, 9> matrix);
void add_local_tone(Chain& chain, LiftGrid grid);
void add_tone(Chain& chain, const std::vector<float>& film, const std::vector<std::uint16_t>& codes);
// steps   how far apart the five cells lie that each filter looks at, across and down, one filter after the other
void add_chroma_noise(Chain& chain, std::array<float, 4> differences, std::array<float, 4> colours,
                      std::array<float, 2> noise, float alike, std::array<float, 4> joining, std::vector<int> steps);
void add_luma_noise(Chain& chain, std::array<float, 3> weights, std::array<float, 2> noise, float pull, float grain,
                    float detail);
void add_sharpen(Chain& chain, Sharpening sharpening);

// Where it ends: all rows into an array as large as the picture, (height, width) or (height, width, 3).
void run_mosaic(const Chain& chain, float* out, int threads);
void run_linear(const Chain& chain, float* out, int threads);
void run_sixteen_bit(const Chain& chain, std::uint16_t* out, int threads);
void run_eight_bit(const Chain& chain, std::uint8_t* out, int threads);

}  // namespace nightjar
