// A field of vectors over the tiles of one level: what the coarser level makes expected, and how neighbours settle it.
// Numbers are double and each place is worked out alone: the same bytes everywhere.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace nightjar {

// In whole pixels.
struct Vector {
    int y, x;

    bool operator==(const Vector& other) const { return y == other.y && x == other.x; }
};

inline Vector whole(double y, double x) { return {static_cast<int>(std::rint(y)), static_cast<int>(std::rint(x))}; }

inline Vector vector_at(const std::int16_t* pair) { return {pair[0], pair[1]}; }

// A symmetric 2 x 2 matrix, and what solves it.
struct Symmetric {
    double yy, yx, xx;

    void solve(double y, double x, double* out_y, double* out_x) const {
        const double size = yy * xx - yx * yx;
        *out_y = (xx * y - yx * x) / size;
        *out_x = (yy * x - yx * y) / size;
    }
};

// The movement of the whole picture, in pixels of a level, around its middle.
struct Hand {
    double shift_y, shift_x, turn, middle_y, middle_x;

    double y_at(double x) const { return shift_y - turn * (x - middle_x); }
    double x_at(double y) const { return shift_x + turn * (y - middle_y); }
};

constexpr int tile = 16;
constexpr int half_tile = tile / 2;
constexpr int tile_pixels = tile * tile;

// Tiles half overlap: place (row, column) stands at pixel (row, column) * half_tile. The tile that is compared is the
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

// How far vectors may lie from each other, in pixels of the level.
struct Smoothness {
    double roughness;  // between neighbours of one thing
    double stray;      // from what the coarser level expected
    double apart;      // more than that, and they belong to different things
    int rounds;
};

// How each tile strays from the hand's movement after hearing the coarser level and its neighbours, (2, rows, columns).
void settle_tiles(const TileGrid& grid, const double* vectors, const double* trust, const std::int16_t* windows,
                  const Expected& expected, const Hand& hand, const Smoothness& smoothness, double* strays,
                  int threads);

}  // namespace nightjar
