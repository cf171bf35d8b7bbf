// A field of vectors over the tiles of one level: what the hand makes expected, what tiles say of fractions of a pixel,
// and how neighbours settle it. Numbers are double and each place is worked out alone: the same bytes everywhere.
#pragma once

#include <cstdint>

#include "align_grey.hpp"

namespace nightjar {

struct Vector {
    int y, x;

    bool operator==(const Vector& other) const { return y == other.y && x == other.x; }
};

// The movement of the whole picture, in pixels of a level, around its middle.
struct Hand {
    double shift_y, shift_x, turn, middle_y, middle_x;

    double y_at(double x) const { return shift_y - turn * (x - middle_x); }
    double x_at(double y) const { return shift_x + turn * (y - middle_y); }
};

constexpr int tile = 16;
constexpr int pitch = tile / 2;
constexpr int tile_pixels = tile * tile;

// Tiles half overlap: place (row, column) stands at pixel (row, column) * pitch. The tile that is compared is the
// nearest whole one that lies in both pictures, with a pixel around it for slopes: that is its window.
struct TileGrid {
    int rows, columns;

    std::ptrdiff_t places() const { return static_cast<std::ptrdiff_t>(rows) * columns; }
    std::ptrdiff_t place(int row, int column) const { return static_cast<std::ptrdiff_t>(row) * columns + column; }
};

// What the coarser level found: how its tiles stray from the hand's movement, (2, rows, columns), in its own pixels.
// `hand` is in pixels of the finer level.
struct Expected {
    const double* strays;
    int rows, columns;
    int factor;
    Hand hand;
};

// The vectors that a tile begins from: those of the nearest coarser tile and of the four around, each with the hand's
// movement at this place, then the hand's alone. The first is the likeliest; several may be the same.
struct Candidates {
    static constexpr int count = 6;
    Vector vectors[count];

    Candidates(const Expected& expected, int row, int column);
};

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

// How far vectors may lie from each other, in pixels of the level.
struct Smoothness {
    double roughness;  // between neighbours of one thing
    double stray;      // from what the coarser level expected
    double apart;      // more than that, and they belong to different things
    int rounds;
};

// How each tile strays from the hand's movement after hearing the coarser level and its neighbours, (2, rows, columns).
void settle_tiles(const TileGrid& grid, const double* vectors, const double* trust, const std::int16_t* windows,
                  const Expected& expected, const Hand& hand, const Smoothness& smoothness, double* strays, int threads);

}  // namespace nightjar
