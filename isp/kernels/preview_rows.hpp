// Rows of the preview: light and display codes as 16-bit whole numbers, twice as many in a register as single floats.
//
// As in rows.hpp a row is two half rows, even and odd columns. Light counts from a pedestal, so that noise below black
// is not lost: `pedestal` is black, `pedestal + unit` is saturation, nothing lies below 0. Display codes are 64 to one
// step of 8 bits: 255 is 16320. Whole numbers give the same bytes on every machine by themselves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "preview_lanes.hpp"
#include "rows.hpp"

namespace nightjar {

// Even and odd columns of one colour.
using Halves = std::array<Lane*, 2>;
using ConstHalves = std::array<const Lane*, 2>;

constexpr int code_bits = 6;
constexpr Lane white_display = 255 << code_bits;

// Loops run over whole registers: the few lanes past the end of a row hold nothing that is looked at.
inline int whole_registers(int lanes) { return (lanes + register_lanes - 1) / register_lanes * register_lanes; }

// Display codes of two registers of pixels that lie between each other: even columns and odd columns.
struct PairCodes {
    Lanes red[2], green[2], blue[2];

    Lanes& plane(int index) { return index < 2 ? red[index] : index < 4 ? green[index - 2] : blue[index - 4]; }
    const Lanes& plane(int index) const { return const_cast<PairCodes&>(*this).plane(index); }
};

// Columns are taken through the steps in blocks of so many lanes, which stay in the nearest cache.
constexpr int block_lanes = 256;
constexpr int block_columns = 2 * block_lanes;

// A ring of the last few half rows of something, `planes` of them for each row.
class LaneRing {
public:
    LaneRing(int slots, int planes, int lanes)
        : slots_(slots), planes_(planes), stride_((lanes + side - 1) / side * side + 2 * side),
          memory_(new (line) Lane[static_cast<std::size_t>(slots) * planes * stride_]()), held_(slots, -1) {}

    Lane* plane(int row, int plane) {
        return memory_.get() + (static_cast<std::ptrdiff_t>(row % slots_) * planes_ + plane) * stride_ + side;
    }
    Halves halves(int row, int first = 0) { return {plane(row, first), plane(row, first + 1)}; }

    int slots() const { return slots_; }

    // True once for each row: whoever asks makes the row.
    bool lacks(int row) {
        int& held = held_[row % slots_];
        if (held == row) return false;
        held = row;
        return true;
    }

private:
    static constexpr int side = 32;  // lanes free on each side, at least a register
    int slots_, planes_;
    std::ptrdiff_t stride_;
    // A register that begins with a cache line is read at once, others in two pieces.
    static constexpr std::align_val_t line{64};
    struct Free {
        void operator()(Lane* lanes) const { ::operator delete[](lanes, line); }
    };
    std::unique_ptr<Lane[], Free> memory_;
    std::vector<int> held_;
};

// Fills the columns beside a row of half rows as a mirror would; an odd width's missing last column too.
inline void mirror_sides(const Halves& row, int width) {
    constexpr int columns = 6;
    for (int step = 1; step <= columns; ++step) {
        for (const int column : {-step, width - 1 + step}) {
            const int source = mirrored(column, width);
            row[column & 1][column >> 1] = row[source & 1][source >> 1];
        }
    }
}

}  // namespace nightjar
