#include "bokeh_picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "rows.hpp"

namespace nightjar {

namespace {

// Where a pixel lies between the middles of two cells.
struct Between {
    int first, second;
    float part;
};

Between between_cells(int pixel, int pixels, int cells) {
    const double at = (pixel + 0.5) * cells / pixels - 0.5;
    const double inside = std::clamp(at, 0.0, static_cast<double>(cells - 1));
    const int first = static_cast<int>(inside);
    return {first, std::min(first + 1, cells - 1), static_cast<float>(inside - first)};
}

}  // namespace

PictureMap::PictureMap(const float* cells, int rows, int columns, int height, int width)
    : values_(cells), rows_(rows), columns_(columns), height_(height), width_(width) {
    for (int x = 0; x < width; ++x) {
        const Between columns_at = between_cells(x, width, columns);
        left_.push_back(columns_at.first);
        part_.push_back(columns_at.part);
    }
}

void PictureMap::row(int y, float* out) const {
    const Between at = between_cells(y, height_, rows_);
    const float* upper = values_ + static_cast<std::int64_t>(at.first) * columns_;
    const float* lower = values_ + static_cast<std::int64_t>(at.second) * columns_;
    if (columns_ == width_ && rows_ == height_) {
        std::memcpy(out, upper, sizeof(float) * static_cast<std::size_t>(width_));
        return;
    }
    std::vector<float> mixed(static_cast<std::size_t>(columns_) + 1);
    for (int x = 0; x < columns_; ++x) mixed[x] = upper[x] + at.part * (lower[x] - upper[x]);
    mixed[columns_] = mixed[columns_ - 1];
    const int* left = left_.data();
    const float* part = part_.data();
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width_; ++x) out[x] = mixed[left[x]] + part[x] * (mixed[left[x] + 1] - mixed[left[x]]);
}

}  // namespace nightjar
