#include "places.hpp"

#include <algorithm>
#include <cmath>

namespace nightjar {

namespace {

// Compared before it is made whole: a window far narrower than the picture gives numbers that fit no integer.
int column_within(float column, int first, int last) {
    if (!(column > static_cast<float>(first))) return first;
    return column < static_cast<float>(last) ? static_cast<int>(column) : last;
}

}  // namespace

void places_of_row(const float* plane, int rows, int columns, const Window& window, const Tile& tile, int y,
                   float* knots, float* out) {
    const float vertical = (window[1] + (y + 0.5f) / tile.height * window[3]) * rows - 0.5f;
    const float inside = std::clamp(vertical, 0.0f, static_cast<float>(rows - 1));
    const int upper = std::min(static_cast<int>(inside), rows - 2);
    const float share = inside - upper;
    const float* top = plane + upper * columns;
    for (int k = 0; k < columns; ++k) knots[k] = top[k] + share * (top[k + columns] - top[k]);
    // Grid coordinate of column x of the picture: start + x * step.
    const float step = 1.0f / tile.picture_width * window[2] * columns;
    const float start = (window[0] + 0.5f / tile.picture_width * window[2]) * columns - 0.5f;
    int x = 0;
    for (int k = -1; k < columns && x < tile.width; ++k) {
        // Columns between knots k and k + 1; outside the first and last knot the value stays as it is there.
        const float end = std::ceil((k + 1 - start) / step) - static_cast<float>(tile.left);
        const int until = k + 1 >= columns ? tile.width : column_within(end, x, tile.width);
        const float left = knots[std::max(k, 0)];
        const float slope = knots[std::min(k + 1, columns - 1)] - left;
        const float offset = start - static_cast<float>(k);
        ROWS_DO_NOT_OVERLAP
        for (; x < until; ++x) out[x] = left + slope * (offset + static_cast<float>(tile.left + x) * step);
    }
}

}  // namespace nightjar
