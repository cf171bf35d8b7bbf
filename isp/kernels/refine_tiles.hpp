// What the pixels around each place say of small fractions of a pixel: one step of Lucas and Kanade.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nightjar {

// From place to place, in pixels.
constexpr int fine_pitch = 16;

// Two grey pictures of one size.
struct FinePair {
    const std::uint16_t* reference;
    const std::uint16_t* frame;
    int height, width;
};

// Of each place: where it is thought to lie in the frame, and where the movement of the whole picture would put it.
// (rows, columns, 2) y, x in pixels.
struct FineField {
    const double* vectors;
    const double* model;
    int rows, columns;
};

// Sums over a tile, around its means, of slopes g of the reference and of what the frame differs by.
constexpr int fine_sums = 8;  // gy gy, gy gx, gx gx, gy e, gx e, d d, pixels, n n

// Sums of all places, (rows, columns, fine_sums). Slopes are central differences; n are differences of next neighbours,
// down and across. `e` is the difference from a frame that the model moved: with strays s
// from the model its slopes explain e = -g s. `d` is what is left at the vectors as they are.
//
// The picture is read in cells between four places, each moved by the mean of their vectors; a place's tile is the four
// cells around it. Where the vectors of a cell's places differ by more than `apart` pixels beside the model it shows two
// things, and each of its places moves it by its own vector.
void fine_tiles(const FinePair& pair, const FineField& field, double apart, double* sums, int threads);

}  // namespace nightjar
