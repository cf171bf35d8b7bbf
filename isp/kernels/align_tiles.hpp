// Where each tile of one grey picture lies in another, in whole pixels, and what the pixels there say of the rest.
#pragma once

#include <cstdint>

#include "align_grey.hpp"

namespace nightjar {

// Tiles half overlap: place (row, column) stands at pixel (row, column) * tile / 2. The tile that is compared is the
// nearest whole one that lies in both pictures, with a pixel around it for slopes: that is its window.
struct TileGrid {
    int rows, columns;
    int tile;  // 8 or 16

    std::ptrdiff_t places() const { return static_cast<std::ptrdiff_t>(rows) * columns; }
};

struct TwoGreys {
    Grey reference, frame;  // of one size, at least tile + 2 each way
};

// What is known of the tiles: vectors and windows are (rows, columns, 2) y, x.
struct TileField {
    std::int16_t* vectors;
    std::int16_t* windows;  // top left of the window; -1, -1 where none lies in both pictures
};

// Compares each tile with the frame at all of its candidates, then around the best of them.
//   power        1: sums of absolute differences; 2: sums of squares
//   candidates   (rows, columns, count, 2); the first is what a tile without texture keeps
//   radius       searched each way around the best candidate
//   margin       by how much a sum must be smaller to count as better than what was expected
void match_tiles(const TwoGreys& greys, const TileGrid& grid, int power, const std::int16_t* candidates, int count,
                 int radius, int margin, const TileField& out, int threads);

// Gives each tile the vector, of its own and its eight neighbours', that is best by its sum of absolute differences plus
// `apart` for each pixel that it differs from each neighbour, counted up to `most` pixels. A vector that no neighbour
// shares within two pixels is left out.
void agree_with_neighbours(const TwoGreys& greys, const TileGrid& grid, int apart, int most, const TileField& field,
                           std::int16_t* vectors, int threads);

// How many sums `tile_sums` gives for each tile.
constexpr int tile_sum_kinds = 11;

// Sums over each tile, (tile_sum_kinds, rows, columns). With g the slope times four (central differences of both
// pictures added up), d = frame - reference, and r the reference:
//   gy gy, gy gx, gx gx, gy d, gx d, gy, gx, d d, d, r r, r; all 0 where there is no window
void tile_sums(const TwoGreys& greys, const TileGrid& grid, const TileField& field, std::int32_t* sums, int threads);

}  // namespace nightjar
