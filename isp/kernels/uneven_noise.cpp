#include "uneven_noise.hpp"

#include <utility>

namespace nightjar {

NoiseOfRow::NoiseOfRow(UnevenNoise noise, const Tile& tile, int pitch) : noise_(std::move(noise)), tile_(tile), window_{} {
    if (!noise_) return;
    // A place is the centre of a cell of the grid, so that the picture begins half a cell inside it.
    const float rows = static_cast<float>(noise_->rows), columns = static_cast<float>(noise_->columns);
    const float cell = static_cast<float>(pitch);
    window_ = {0.5f / columns, 0.5f / rows, static_cast<float>(tile.picture_width) / (cell * columns),
               static_cast<float>(tile.height) / (cell * rows)};
    knots_.resize(noise_->columns);
    times_.resize(tile.width);
}

const float* NoiseOfRow::times(int y) {
    if (!noise_) return nullptr;
    places_of_row(noise_->times.data(), noise_->rows, noise_->columns, window_, tile_, y, knots_.data(), times_.data());
    return times_.data();
}

}  // namespace nightjar
