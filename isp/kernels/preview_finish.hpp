// Display codes to the finished preview: luma sharpened, colour cleaned at half the resolution.
#pragma once

#include "preview_chroma.hpp"
#include "preview_codes.hpp"
#include "preview_luma.hpp"
#include "preview_sharpen.hpp"

namespace nightjar {

// Pulls rows through all steps and keeps the last few of each. Ask for rows in rising order.
class FinishedRows {
public:
    static constexpr int reach = 16;  // columns looked at to each side, and some to spare

    FinishedRows(const PreviewFacts& facts, const std::uint16_t* counts, const Tile& tile);

    // Luma of row y, sharpened.
    ConstHalves luma(int y);
    // Colour differences of the 2 x 2 pixels of rows 2 * pair and 2 * pair + 1.
    Chroma chroma(int pair);
    // Colour differences of row y, for every second pixel, with one value on each side.
    Chroma chroma_of_row(int y);

    int lanes() const { return lanes_; }

private:
    void make_pair(int pair);
    void make_row(int y, const PairMeans& means);
    Halves plain_luma(int y);
    Chroma across(int pair);
    Chroma in(LaneRing& ring, int row) { return {ring.plane(row, 0), ring.plane(row, 1), ring.plane(row, 2)}; }
    void repeat_sides(Lane* plane) const;

    const FinishFacts& finish_;
    LimitAt chroma_limit_;
    Tile tile_;
    int half_, lanes_, pairs_;
    CodeRows codes_;
    LaneRing means_, luma_, raw_, across_, chroma_, blended_, view_, sharp_;
    int made_ = -1;  // the last pair
};

}  // namespace nightjar
