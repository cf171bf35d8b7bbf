// What a raw frame says as a whole: sums of each colour in a grid of zones, and small places picked out of it. Integers,
// so the order does not matter.
#pragma once

#include <cstdint>
#include <vector>

#include "rows.hpp"

namespace nightjar {

// Sums down the columns of one row of zones, two rows at a time.
class ColumnSums {
public:
    explicit ColumnSums(int quads)
        : quads_(quads), upper_(2 * static_cast<std::size_t>(quads)), lower_(upper_.size()), left_out_(quads) {}

    // Counts at or above `clip` are left out, together with the rest of their 2 x 2.
    void add(const std::uint16_t* upper, const std::uint16_t* lower, std::uint32_t clip) {
        for (int first = 0; first < quads_; first += chunk) {
            const int last = first + chunk < quads_ ? first + chunk : quads_;
            std::uint16_t largest = 0;
            for (int x = 2 * first; x < 2 * last; ++x) {
                const std::uint16_t larger = upper[x] > lower[x] ? upper[x] : lower[x];
                largest = largest > larger ? largest : larger;
            }
            if (largest < clip) {
                add_all(upper, lower, 2 * first, 2 * last);
            } else {
                add_unclipped(upper, lower, clip, first, last);
            }
        }
        ++rows_;
    }

    // One more row of the largest counts would not fit.
    bool is_full() const { return rows_ == 65536; }

    // Adds the columns to their zones, (columns, 4) each, and begins anew.
    void move_to(int columns, std::uint64_t* zone_sums, std::uint64_t* zone_counts) {
        int left = 0;
        for (int column = 0; column < columns; ++column) {
            const int right = static_cast<int>(static_cast<std::int64_t>(column + 1) * quads_ / columns);
            std::uint64_t sums[4] = {0, 0, 0, 0}, left_out = 0;
            for (int i = left; i < right; ++i) {
                sums[0] += upper_[2 * i];
                sums[1] += upper_[2 * i + 1];
                sums[2] += lower_[2 * i];
                sums[3] += lower_[2 * i + 1];
                left_out += left_out_[i];
            }
            for (int position = 0; position < 4; ++position) {
                zone_sums[4 * column + position] += sums[position];
                zone_counts[4 * column + position] += static_cast<std::uint64_t>(rows_) * (right - left) - left_out;
            }
            left = right;
        }
        for (auto* sums : {&upper_, &lower_, &left_out_}) sums->assign(sums->size(), 0);
        rows_ = 0;
    }

private:
    // Quads looked over at once: where none is clipped, and that is nearly everywhere, there is nothing to sort out.
    static constexpr int chunk = 64;

    void add_all(const std::uint16_t* upper, const std::uint16_t* lower, int first, int last) {
        std::uint32_t *upper_sums = upper_.data(), *lower_sums = lower_.data();
        ROWS_DO_NOT_OVERLAP
        for (int x = first; x < last; ++x) {
            upper_sums[x] += upper[x];
            lower_sums[x] += lower[x];
        }
    }

    void add_unclipped(const std::uint16_t* upper, const std::uint16_t* lower, std::uint32_t clip, int first, int last) {
        for (int i = first; i < last; ++i) {
            const std::uint32_t a = upper[2 * i], b = upper[2 * i + 1], c = lower[2 * i], d = lower[2 * i + 1];
            const std::uint32_t whole = (a < clip) & (b < clip) & (c < clip) & (d < clip);
            upper_[2 * i] += whole * a;
            upper_[2 * i + 1] += whole * b;
            lower_[2 * i] += whole * c;
            lower_[2 * i + 1] += whole * d;
            left_out_[i] += 1 - whole;
        }
    }

    int quads_;
    int rows_ = 0;
    std::vector<std::uint32_t> upper_, lower_, left_out_;
};

// sums, counts   (rows, columns, 4), one entry for each position of the 2 x 2; counts at or above `clip` are left out,
//                together with the rest of their 2 x 2, so that a blown zone does not look coloured
inline void zone_sums(const std::uint16_t* pixels, int height, int width, int rows, int columns, std::uint32_t clip,
                      std::uint64_t* sums, std::uint64_t* counts) {
    ColumnSums columns_of_zones(width / 2);
    const auto zone_row = [&](int y) { return static_cast<std::int64_t>(y) * rows / height; };
    for (int y = 0; y + 1 < height; y += 2) {
        const std::uint16_t* top = pixels + static_cast<std::int64_t>(y) * width;
        columns_of_zones.add(top, top + width, clip);
        const bool is_last = y + 3 >= height;
        if (is_last || columns_of_zones.is_full() || zone_row(y + 2) != zone_row(y)) {
            columns_of_zones.move_to(columns, sums + 4 * zone_row(y) * columns, counts + 4 * zone_row(y) * columns);
        }
    }
}

// Two blocks of 2 x 2 quads at every `step`-th quad both ways, one up and left of the other: sums of the four pixels of
// each Bayer position, weighed 9, 3, 3 and 1 such that all positions have the block's centre.
//   sums   (2, 4, rows, columns); the last block must lie inside the frame
inline void block_sums(const std::uint16_t* pixels, std::int64_t width, int step, int rows, int columns,
                       std::uint32_t* sums) {
    for (int block = 0; block < 2; ++block) {
        for (int position = 0; position < 4; ++position) {
            const int down = position / 2, across = position % 2;
            // The nearer to the block's centre, the more it weighs.
            const std::uint32_t upper = down ? 3 : 1, left = across ? 3 : 1;
            for (int row = 0; row < rows; ++row) {
                const std::int64_t y = 2 * (static_cast<std::int64_t>(row) * step + 2 * block) + down;
                const std::uint16_t* above = pixels + y * width + 4 * block + across;
                const std::uint16_t* below = above + 2 * width;
                for (int column = 0; column < columns; ++column) {
                    const std::int64_t x = 2 * static_cast<std::int64_t>(column) * step;
                    const std::uint32_t top = left * above[x] + (4 - left) * above[x + 2];
                    const std::uint32_t bottom = left * below[x] + (4 - left) * below[x + 2];
                    *sums++ = upper * top + (4 - upper) * bottom;
                }
            }
        }
    }
}

}  // namespace nightjar
