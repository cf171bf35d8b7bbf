// Raw counts to balanced light: black level, lens shading and white balance are one gain for each pixel.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "preview_rows.hpp"

namespace nightjar {

// What turns a count into light. Positions are those of the 2 x 2, row by row.
struct BalanceFacts {
    std::uint16_t lowest, white;         // counts are held to these
    int up, down;                        // (count << up) >> down fills 16 bits
    std::array<std::uint16_t, 4> black;  // on the scale of the shifted counts
    std::vector<float> gains;            // (4, rows, columns), 32768 = 1, grid over the whole pixel array
    int rows, columns;
    std::array<float, 4> window;  // left, top, width, height of the frame as shares of the array
    int gain_shift;               // the product is shifted up by this: gains are kept below 32768
    Lane pedestal, brightest;     // light is held to 0..brightest
};

class Balance {
public:
    Balance(const BalanceFacts& facts, const Tile& tile);

    // Row y of the tile; counts points at its first column.
    void make(int y, const std::uint16_t* counts, const Halves& light);

private:
    void find_gains(int y);

    const BalanceFacts& facts_;
    Tile tile_;
    int half_;
    LaneRing gains_;  // rows of the grid above and below, drawn out to all columns
    int upper_ = 0;   // the one above
    Lane share_ = 0;  // of the one below, 32768 = 1
};

}  // namespace nightjar
