// The shape of a point out of focus: the opening of the lens, as large as its blur.
#pragma once

#include <vector>

namespace nightjar {

// One side of a polygon: what lies inside has y * ny + x * nx <= distance, for an opening of radius 1.
struct Side {
    float ny, nx, distance;
};

// How an opening differs from pixel to pixel along its rows: a running sum over a row's taps gives the share of light
// that each pixel gets. Few taps even for large openings, because only rims have any.
struct Tap {
    int row, column;
    float weight;
};

struct Aperture {
    int reach = 0;  // no tap is further away, in rows or columns
    std::vector<Tap> taps;
};

// Exact shares of pixels across, sixteenths of pixels down; all shares together are 1.
//   sides         of a polygon; none is a round opening
//   eye           (y, x) shift, in radii, of the barrel's rim, which cuts the opening; 0, 0 cuts nothing. What is cut
//                 off is lost, as in a lens
//   upside_down   as it looks before the plane of focus
Aperture aperture_of(float radius, const std::vector<Side>& sides, float eye_y, float eye_x, bool upside_down);

}  // namespace nightjar
