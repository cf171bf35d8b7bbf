// Where each tile of one grey picture lies in another, in whole pixels.
#pragma once

#include <cstdint>

#include "align_observe.hpp"

namespace nightjar {

// How a level is searched.
struct Search {
    int power;   // 1: sums of absolute differences; 2: sums of squares
    int radius;  // tried each way around the best of what was expected
    int margin;  // by how much a sum must be smaller to count as better than what was expected
    int far;     // tried each way where nothing fits; 0 not at all
    int fits;    // sum of squares that noise explains
};

// Compares each tile with the frame at all of its candidates, then around the best of them.
void match_tiles(const TwoGreys& greys, const TileGrid& grid, const Expected& expected, const Search& search,
                 const TileField& out, int threads);

// Gives each tile the vector, of its own and its eight neighbours', that is best by its sum of absolute differences and
// `apart` for each pixel that it differs from each neighbour, counted up to `most` pixels. A vector that no neighbour
// shares within two pixels is left out.
void agree_with_neighbours(const TwoGreys& greys, const TileGrid& grid, int apart, int most, const TileField& field,
                           std::int16_t* vectors, int threads);

}  // namespace nightjar
