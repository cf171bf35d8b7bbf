// What the pixels of tiles say of fractions of a pixel, and how far that can be trusted.
#pragma once

#include "align_field.hpp"
#include "align_grey.hpp"

namespace nightjar {

struct TwoGreys {
    Grey reference, frame;  // of one size, at least tile + 2 each way
};

// Vectors and windows are (rows, columns, 2) y, x.
struct TileField {
    std::int16_t* vectors;
    std::int16_t* windows;  // top left of the window; -1, -1 where none lies in both pictures
};

// Slopes look one pixel around the tile.
constexpr int around_tile = 1;

// Whether a window, moved by this vector, lies in the frame with the pixels around it.
inline bool reaches(const TwoGreys& greys, const Vector& window, const Vector& vector) {
    const int y = window.y + vector.y, x = window.x + vector.x, end = tile + around_tile;
    return y >= around_tile && x >= around_tile && y + end <= greys.frame.height && x + end <= greys.frame.width;
}

// What noise alone makes of a tile's sums, in codes squared; `isp/burst/tile_field.py` works it out.
struct TileNoise {
    double slopes;          // energy of slopes (four times the true ones)
    double slopes_scatter;  // by how much that may be exceeded by chance
    double of_vector;       // variance that a vector has for each unit of slopes' energy, in pixels squared
    double difference;      // mean energy of the difference of two tiles
    double most;            // energy of a difference that noise explains
    double level;           // sum of a difference that noise explains
    double grain;           // energy of one tile around its mean
    double black;           // sum of a black tile
};

// What tiles say. Planes of (rows, columns).
struct Observed {
    double* vectors;          // (2, ...) y, x in pixels of the level
    double* trust;            // (3, ...) information of the vector: yy, yx, xx in 1 / pixels squared
    std::uint8_t* textured;   // 1 where the tile has texture above the noise
    std::uint8_t* explained;  // 1 where the frame has there what the reference has, but for noise
};

// Refines vectors to fractions of a pixel. A tile that moves by itself is also looked at where the hand moved it: in a
// fence both may fit, and then it is the hand's.
void observe_tiles(const TwoGreys& greys, const TileGrid& grid, const TileField& field, const Hand& hand,
                   const TileNoise& noise, const Observed& out, int threads);

}  // namespace nightjar
