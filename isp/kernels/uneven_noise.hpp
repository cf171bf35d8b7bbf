// Noise that differs from place to place: how many times the variance that the stages were told is right at a pixel.
#pragma once

#include <memory>
#include <vector>

#include "places.hpp"
#include "rows.hpp"

namespace nightjar {

// Raw pixels from one place to the next; the first stands on the picture's corner. As in isp/burst/places.py.
constexpr int place_pitch = 16;

struct NoisePlaces {
    std::vector<float> times;  // (rows, columns), above 0; the noise's variance there over the one that the stages know
    int rows, columns;
};

// The places as a picture has them; none where noise is the same everywhere.
using UnevenNoise = std::shared_ptr<const NoisePlaces>;

// The noise of whole rows of a tile.
class NoiseOfRow {
public:
    // pitch   columns and rows of the tile from one place to the next: fewer in a picture of half the size
    NoiseOfRow(UnevenNoise noise, const Tile& tile, int pitch = place_pitch);

    // One number for each column of the tile; nullptr where all are 1.
    const float* times(int y);

private:
    UnevenNoise noise_;
    Tile tile_;
    Window window_;
    std::vector<float> knots_, times_;
};

}  // namespace nightjar
