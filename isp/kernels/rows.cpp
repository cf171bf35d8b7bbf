#include "rows.hpp"

#include <algorithm>

namespace nightjar {

namespace {

void mirror_ends(float* plane, int width) {
    if (width > margin) {
        for (int step = 1; step <= margin; ++step) plane[-step] = plane[step];
        for (int step = 1; step <= margin; ++step) plane[width - 1 + step] = plane[width - 1 - step];
        return;
    }
    for (int step = 1; step <= margin; ++step) {
        plane[-step] = plane[mirrored(-step, width)];
        plane[width - 1 + step] = plane[mirrored(width - 1 + step, width)];
    }
}

}  // namespace

Rows::Rows(Kind kind_, const Tile& tile_)
    : kind(kind_), tile(tile_), height(tile_.height), width(tile_.width),
      count(kind_ == Kind::bayer ? (tile_.width + 1) / 2 : tile_.width) {
    constexpr std::ptrdiff_t line = 16;  // floats in a 64-byte cache line
    stride_ = (count + 2 * margin + line - 1) / line * line;
    keep(0, false);
}

void Rows::keep(int rows_around, bool sideways) {
    const std::size_t rows = std::max<std::size_t>(ring_.size(), 2 * rows_around + 1);
    sideways_ = sideways_ || sideways;
    memory_.assign(rows * planes_of(kind) * stride_, 0.0f);
    ring_.clear();
    for (std::size_t i = 0; i < rows; ++i) {
        float* first = memory_.data() + i * planes_of(kind) * stride_ + margin;
        ring_.push_back({{{first, first + stride_, kind == Kind::bayer ? nullptr : first + 2 * stride_}}, -1});
    }
}

Row Rows::row(int y) {
    const int inside = mirrored(y, height);
    Slot& slot = ring_[inside % static_cast<int>(ring_.size())];
    const MutableRow& own = slot.memory;
    if (slot.y != inside) {
        make(inside, own);
        if (sideways_) fill_margins(own);
        slot.y = inside;
    }
    return {{own.plane[0], own.plane[1], own.plane[2]}};
}

void Rows::fill_margins(const MutableRow& row) const {
    if (kind != Kind::bayer) {
        for (float* plane : row.plane) mirror_ends(plane, width);
        return;
    }
    // Mirroring keeps the parity of a column, so each half row is filled from itself.
    constexpr int columns = 14;  // as far as the fine demosaic looks
    if (width <= columns) {
        for (int step = 1; step <= columns; ++step) {
            for (const int column : {-step, width - 1 + step}) {
                const int source = mirrored(column, width);
                row.plane[column & 1][column >> 1] = row.plane[source & 1][source >> 1];
            }
        }
        return;
    }
    for (int parity = 0; parity < 2; ++parity) {
        float* plane = row.plane[parity];
        // The first and last column of all lie in one half row each; there the mirror's end is not repeated.
        const int last = (width - 1 - parity) / 2;
        const int before = parity == 0 ? 0 : 1, after = (width - 1 - parity) % 2 == 0 ? 0 : 1;
        for (int step = 1; step <= columns / 2; ++step) {
            plane[-step] = plane[step - before];
            plane[last + step] = plane[last - step + after];
        }
    }
}

}  // namespace nightjar
