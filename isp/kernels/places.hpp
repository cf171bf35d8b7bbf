// Values on a coarse grid over the whole pixel array, looked up at the pixels of a frame that shows a part of it.
#pragma once

#include <array>
#include <vector>

#include "rows.hpp"

namespace nightjar {

// Where a frame lies in the pixel array: left, top, width, height as shares of it.
using Window = std::array<float, 4>;

// One plane of a grid, cell centres at +0.5.
struct PlaneGrid {
    std::vector<float> values;  // (rows, columns)
    int rows, columns;
    Window window;
};

// The plane at row y of the picture, for the columns of the tile: bilinear, held at the outer cell centres.
//   plane   rows x columns values
//   knots   room for `columns` values
void places_of_row(const float* plane, int rows, int columns, const Window& window, const Tile& tile, int y,
                   float* knots, float* out);

}  // namespace nightjar
