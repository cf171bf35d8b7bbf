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

// Shares of its clipping level from which a colour is blown in part and wholly, and from which light turns white.
struct HighlightShares {
    float nearly, blown, whitening;
};

// Columns are looked over in chunks of so many lanes for whether anything is nearly blown.
constexpr int chunk_lanes = 64;

class Balance {
public:
    // nearly   share of its clipping level from which a pixel is told of as bright
    Balance(const BalanceFacts& facts, float nearly, const Tile& tile);

    // Row y of the tile; counts points at its first column. Tells for each chunk whether it holds a bright pixel.
    void make(int y, const std::uint16_t* counts, const Halves& light, std::uint8_t* bright);

    // 1 / level for lanes of a position of the 2 x 2, as if it lay in row y. What is held to `brightest` is blown too.
    void find_shares(int y, int position, int first, int last, float* to_share);

private:
    void find_gains(int y);

    const BalanceFacts& facts_;
    float nearly_;
    Tile tile_;
    int half_;
    LaneRing gains_;  // rows of the grid above and below, drawn out to all columns
    int upper_ = 0;   // the one above
    Lane share_ = 0;  // of the one below, 32768 = 1
};

}  // namespace nightjar
